package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

// doctored runs doctor on a machine whose worker is a script, "" for none.
func doctored(t *testing.T, script string) (map[string]finding, error) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("MMIBX_WEIGHTS", filepath.Join(dir, "weights"))
	t.Setenv("MMIBX_WORKER", "")
	t.Setenv("OMP_NUM_THREADS", "")
	if script != "" {
		path := filepath.Join(dir, workerName)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
		t.Setenv("MMIBX_WORKER", path)
	}
	out, err := mmibxIn(t, filepath.Join(dir, "runs"), "doctor", "--json", "--data", filepath.Join(dir, "data"))
	var list []finding
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	parts := map[string]finding{}
	for _, f := range list {
		parts[f.Part] = f
		if f.State != good && f.Cure == "" {
			t.Errorf("%s is %s and nobody says what to do about it", f.Part, f.State)
		}
	}
	return parts, err
}

func TestDoctor(t *testing.T) {
	parts, err := doctored(t, `echo '{"Version":"2.11.0","ISA":"AVX2","Threads":4096,"BFloat16":false,"CUDA":true,"Device":"cuda","GPU":"NVIDIA H100"}'`)
	if err != nil {
		t.Errorf("a machine that can train: %v", err)
	}
	for part, want := range map[string]finding{
		"Go":             {State: lacking, Value: "go is not on PATH"},
		"C++ compiler":   {State: lacking, Value: "cannot be run"},
		"worker":         {Value: "PyTorch 2.11.0"},
		"threads":        {State: good, Value: "4096"},
		"bfloat16":       {State: lacking, Cure: "float32"},
		"CUDA":           {State: good, Value: "NVIDIA H100, for --device cuda"},
		"weights minilm": {State: lacking, Cure: "mmibx weights get minilm"},
		"data mnre":      {State: lacking, Cure: "--data"},
		"store":          {State: good, Value: "the first sweep makes it"},
		"LaTeX":          {State: lacking, Cure: "apt-get"},
	} {
		got, ok := parts[part]
		if !ok || !strings.Contains(got.Value, want.Value) || !strings.Contains(got.Cure, want.Cure) || want.State != "" && got.State != want.State {
			t.Errorf("%s: %+v, want %+v", part, got, want)
		}
	}
}

// A worker that looks for a GPU and comes to grief, as with a driver that does not
// answer, trains on the processor all the same.
func TestDoctorWithAFailingDriver(t *testing.T) {
	parts, err := doctored(t, `[ "$2" != cuda ] || { echo driver is stuck >&2; exit 1; }
echo '{"Version":"2.11.0","ISA":"AVX2","Threads":4096,"Device":"cpu"}'`)
	if f := parts["CUDA"]; err != nil || parts["worker"].State != good || f.State != lacking || !strings.Contains(f.Value, "driver is stuck") {
		t.Errorf("%v, worker %+v, CUDA %+v", err, parts["worker"], f)
	}
}

// What a program leaves behind does not hold up who asked it.
func TestAskDoesNotWaitForChildren(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error, 1)
	go func() {
		_, err := ask(ctx, "sh", "-c", `cat "$0" & wait`, fifo)
		asked <- err
	}()
	child, err := os.OpenFile(fifo, os.O_WRONLY, 0) // when cat has opened it; cat ends when it is closed
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	cancel()
	select {
	case err := <-asked:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted, it says %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("it waits for the child")
	}
}

func TestDoctorFindsNoWorker(t *testing.T) {
	for _, c := range []struct{ script, value string }{
		{"", "not beside mmibx"},
		{"echo libtorch_cpu.so: cannot open shared object file >&2; exit 127", "libtorch_cpu.so: cannot open"},
		{"echo no JSON", "does not work"},
	} {
		parts, err := doctored(t, c.script)
		if w := parts["worker"]; w.State != bad || !strings.Contains(w.Value, c.value) || !strings.Contains(w.Cure, "make build") {
			t.Errorf("worker %q: %+v", c.script, w)
		}
		if exitCode(err) != 1 || !strings.Contains(fmt.Sprint(err), "worker") {
			t.Errorf("worker %q: exit code %d, %v", c.script, exitCode(err), err)
		}
	}
}

func TestDoctorLooksAtTheStore(t *testing.T) {
	a := &app{storeDir: filepath.Join(t.TempDir(), "not", "yet")}
	findings := a.examineStore()
	if findings[0].State != good || !strings.Contains(findings[0].Value, a.storeDir) {
		t.Errorf("a store that is to be made: %+v", findings[0])
	}
	if _, err := os.Stat(filepath.Dir(a.storeDir)); !errors.Is(err, os.ErrNotExist) {
		t.Error("doctor made a folder")
	}
	for bytes, want := range map[uint64]health{1 << 20: bad, 1 << 30: lacking, 1 << 40: good} {
		if f := freeDisk(bytes, "elsewhere"); f.State != want {
			t.Errorf("%d bytes free: %+v, want %s", bytes, f, want)
		}
	}
}

// The database is read to its end: whole, damaged, or of a newer mmibx.
func TestDoctorLooksAtTheDatabase(t *testing.T) {
	store := mmibx.Store(t.TempDir())
	a := &app{storeDir: string(store)}
	if f := a.examineDatabase(t.Context()); f != nil {
		t.Errorf("where there is none: %+v", f)
	}
	writeRun(t, store, map[string]any{"benchmark": "mini-mnre", "model": "text"}, mmibx.Done, 3, 2, 1)
	sees := func(what string, state health, value, cure string) {
		t.Helper()
		f := a.examineDatabase(t.Context())
		if len(f) != 1 || f[0].State != state || !strings.Contains(f[0].Value, value) || !strings.Contains(f[0].Cure, cure) {
			t.Errorf("%s: %+v", what, f)
		}
	}
	list := func(want int) {
		t.Helper()
		if _, code := mmibxRun(t, "--store", string(store), "runs", "list"); code != want {
			t.Errorf("runs list exits with %d, want %d", code, want)
		}
	}
	list(0)
	sees("a whole one", good, fmt.Sprintf("schema %d", tracker.SchemaVersion), "")
	if _, code := mmibxRun(t, "--store", string(store), "sql", "--write", "PRAGMA user_version = 99"); code != 0 {
		t.Fatal(code)
	}
	sees("a newer one", bad, "schema 99", "mv "+store.Database())
	blob, err := os.ReadFile(store.Database())
	if err != nil {
		t.Fatal(err)
	}
	for at := 4096; at < len(blob); at += 8192 {
		copy(blob[at:], strings.Repeat("damage", 20))
	}
	if err := os.WriteFile(store.Database(), blob, 0o600); err != nil {
		t.Fatal(err)
	}
	sees("a damaged one", bad, "is damaged", "mv "+store.Database())
	if err := os.Rename(store.Database(), store.Database()+".old"); err != nil { // the cure
		t.Fatal(err)
	}
	list(0)
	sees("one made again", good, "whole", "")
}

// A database that cannot be read may be whole: doctor says why, and not to remove it.
// Nothing is said of one whose reading was interrupted.
func TestDoctorCannotReadTheDatabase(t *testing.T) {
	store := mmibx.Store(t.TempDir())
	a := &app{storeDir: string(store)}
	if err := os.Mkdir(store.Database(), 0o777); err != nil { // SQLite is unable to open it, whoever runs this test
		t.Fatal(err)
	}
	f := a.examineDatabase(t.Context())
	if len(f) != 1 || f[0].State != bad || f[0].Cure != "" || !strings.Contains(f[0].Value, store.Database()+" cannot be read: ") {
		t.Errorf("%+v", f)
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if f := a.examineDatabase(interrupted); f != nil {
		t.Errorf("interrupted: %+v", f)
	}
	cmd := newDoctorCmd(a)
	cmd.SetArgs([]string{})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	if err := cmd.ExecuteContext(interrupted); exitCode(err) != 130 {
		t.Errorf("interrupted, doctor exits with %d: %v", exitCode(err), err)
	}
}
