package main

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

func TestColumnOfAnArm(t *testing.T) {
	runs := []tracker.RunRow{
		{State: mmibx.Done, Values: map[string]any{"loss": 1.0, "model": "text", "n": 2}},
		{State: mmibx.Done, Values: map[string]any{"loss": 4.0, "model": "text", "n": 4}},
		{State: mmibx.Done, Values: map[string]any{"loss": math.NaN(), "model": "mmib"}},
		{State: mmibx.Failed, Values: map[string]any{"loss": 100.0, "n": 9}},
		{State: mmibx.Done, Values: map[string]any{}},
	}
	for key, want := range map[string]columnJSON{
		"loss":    {N: 2, Mean: 2.5, SD: math.Sqrt(4.5)}, // of the failed run no metric counts
		"n":       {N: 3, Mean: 5.0, SD: math.Sqrt(13)},
		"model":   {Values: []any{"text", "mmib"}},
		"missing": {},
	} {
		if got := jsonColumn(runs, key, key == "loss"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", key, got, want)
		}
	}
}

// An arm of which not all done runs have a score says of how many its mean is.
func TestArmOfFewerScores(t *testing.T) {
	dir := t.TempDir()
	for seed, metric := range []string{mmibx.Loss, mmibx.DevF1, mmibx.DevF1} {
		s, err := mmibx.Resolve(map[string]any{"benchmark": "mini-mnre", "model": "text", "seed": seed})
		if err != nil {
			t.Fatal(err)
		}
		id := s.ID(mmibx.Inputs{})
		w, err := journal.Create(mmibx.Store(dir).Journal(id, 1), journal.Header{Run: id, Arm: s.Arm(mmibx.Inputs{}), Attempt: 1, Spec: s.Values(), Started: time.Now()})
		if err == nil {
			err = errors.Join(w.Log(1, mmibx.Metric{Name: metric, Value: 70 + 10*float64(seed)}), w.Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()}))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if out, code := mmibxRun(t, "--store", dir, "runs", "list", "--by-arm"); code != 0 || !strings.Contains(out, "  3/3   85.00 ± 7.07 (n=2)  ") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
