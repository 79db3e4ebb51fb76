package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
)

// scriptedWorker makes a shell script the worker.
func scriptedWorker(t *testing.T, script string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), workerName)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MMIBX_WORKER", path)
}

// What a worker says is its lines, and its exit code and last words become an
// error of this program.
func TestAskWorker(t *testing.T) {
	for _, c := range []struct {
		script string
		want   error
		says   string // all of the error, or the end of it where want is nil
	}{
		{"echo 'a warning' >&2", nil, ""},
		{"echo 'a warning' >&2; echo 'mmibx-worker: no picture' >&2; exit 3", mmibx.ErrNotFound, "no picture"},
		{"echo 'mmibx-worker: slow' >&2; echo 'mmibx-worker: no picture' >&2; exit 2", mmibx.ErrUsage, "no picture"},
		{"echo 'mmibx-worker: stopped' >&2; exit 130", mmibx.ErrInterrupted, "stopped"},
		{"echo 'mmibx-worker: broken' >&2; exit 1", nil, "broken"},
		{"echo 'segmentation' >&2; kill -9 $$", nil, "segmentation"},
	} {
		scriptedWorker(t, `read job; echo "$1 $job"; echo last; `+c.script)
		var lines []string
		err := askWorker(t.Context(), "parity", map[string]int{"a": 1}, nil, func(l []byte) { lines = append(lines, string(l)) })
		if got := strings.Join(lines, "|"); got != `parity {"a":1}|last` {
			t.Errorf("%s: the lines are %s", c.script, got)
		}
		switch {
		case c.says == "" && err == nil, c.want != nil && errors.Is(err, c.want) && err.Error() == c.says:
		case c.want == nil && c.says != "" && err != nil && strings.HasSuffix(err.Error(), c.says) && exitCode(err) == 1:
		default:
			t.Errorf("%s: %v", c.script, err)
		}
	}
}

func TestAskWorkerIsInterrupted(t *testing.T) {
	scriptedWorker(t, `trap 'exit 0' INT; echo ready; while :; do sleep 0.01; done`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := askWorker(ctx, "work", nil, nil, func([]byte) { cancel() }); !errors.Is(err, mmibx.ErrInterrupted) {
		t.Errorf("%v", err)
	}
}
