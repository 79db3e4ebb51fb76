package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Runs are stopped by a filter where they have begun, by their ids where they wait;
// the rest of the sweep is done. By either command.
func TestStopRuns(t *testing.T) {
	playWorker(t)
	store := filepath.Join(t.TempDir(), "store")
	ran := make(chan error, 1)
	go func() {
		_, err := mmibxIn(t, store, "sweep", "baselines", "--benchmarks", "mini-mnre", "--seeds", "99,9", "-q")
		ran <- err
	}()
	var ids []string
	for held := false; !held; {
		select {
		case err := <-ran:
			t.Fatalf("the sweep ended before it was stopped: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
		if plan, err := experiments.ReadPlan(mmibx.Store(store), "baselines"); err == nil {
			ids = plan.IDs() // three of seed 99, then three of seed 9
			_, err := journal.Read(mmibx.Store(store).Journal(ids[0], 1), 0, func(journal.Record) error { held = true; return nil })
			if err != nil && held {
				t.Fatal(err)
			}
		}
	}
	if out, err := mmibxIn(t, store, "sweep", "stop", "baselines", "--runs", ids[2][:8]); err != nil || out != ids[2]+"  stopped, sweep baselines\n" {
		t.Errorf("sweep stop --runs: %v\n%s", err, out)
	}
	out, err := mmibxIn(t, store, "runs", "stop", "state=running", ids[1][:8], ids[2], "--json")
	var got stoppedJSON
	if err := errors.Join(err, json.Unmarshal([]byte(out), &got)); err != nil || len(got.Told) != 2 || len(got.NotRunning) != 1 || got.NotRunning[0] != (standingJSON{ids[2], mmibx.Queued}) {
		t.Errorf("runs stop: %v\n%s", err, out)
	}
	for _, h := range got.Told {
		if h.State != mmibx.Stopped || h.Run != ids[0] && h.Run != ids[1] {
			t.Errorf("stopped %+v", h)
		}
	}
	if err := <-ran; err == nil || !strings.Contains(err.Error(), "not all runs are done: 3 done, 3 stopped") {
		t.Errorf("the sweep: %v", err)
	}
	out, err = mmibxIn(t, store, "runs", "stop", "seed=9")
	if exitCode(err) != 3 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "not stopped: ") || !strings.Contains(out, "  done\n") {
		t.Errorf("runs stop without a runner: %v\n%s", err, out)
	}
	if _, err = mmibxIn(t, store, "runs", "stop", "ffffffffffff"); exitCode(err) != 3 || !strings.Contains(err.Error(), "give the id of an arm or run, or a filter such as model=concat (") {
		t.Errorf("runs stop of no run: %v", err)
	}
	if _, err = mmibxIn(t, store, "runs", "stop", "modl=text"); exitCode(err) != 2 {
		t.Errorf("runs stop of a wrong filter: %v", err)
	}
}
