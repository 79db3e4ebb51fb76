package main

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

func TestDiffRuns(t *testing.T) {
	side := func(id, pytorch, digest string, pid int, spec map[string]any, metrics ...tracker.Summary) *tracker.RunDetail {
		return &tracker.RunDetail{
			RunRow: tracker.RunRow{ID: id, State: mmibx.Done}, Spec: spec, Metrics: metrics, Inputs: mmibx.Inputs{Data: map[string]string{"train.txt": digest, "same": "x"}},
			Tries: []tracker.Attempt{{}, {Env: journal.Environment{PyTorch: pytorch, Host: "here", PID: pid}}},
		}
	}
	left := side("a", "2.11", "d1", 1, map[string]any{"seed": 1, "ib.size": 8, "model.name": "mmib"},
		tracker.Summary{Metric: mmibx.DevF1, Max: 70, Last: 60}, tracker.Summary{Metric: "train.loss", Last: math.NaN()}, tracker.Summary{Metric: "only", Last: 1})
	right := side("b", "2.12", "d2", 2, map[string]any{"seed": 1, "model.name": "text"},
		tracker.Summary{Metric: mmibx.DevF1, Max: 72.5, Last: 72}, tracker.Summary{Metric: "train.loss", Last: 3})
	d, err := diffRuns(left, right)
	if err != nil {
		t.Fatal(err)
	}
	want := &runDiff{
		Runs: [2]string{"a", "b"}, State: [2]mmibx.State{mmibx.Done, mmibx.Done},
		Spec:        map[string][2]any{"ib.size": {8, nil}, "model.name": {"mmib", "text"}},
		Inputs:      map[string][2]any{"data train.txt": {"d1", "d2"}},
		Environment: map[string][2]any{"pytorch": {"2.11", "2.12"}},
		Metrics: map[string]metricOfTwo{
			mmibx.DevF1:  {[2]any{70.0, 72.5}, 2.5},
			"train.loss": {[2]any{"NaN", 3.0}, nil},
			"only":       {[2]any{1.0, nil}, nil},
		},
	}
	if !reflect.DeepEqual(d, want) {
		t.Errorf("%+v\nwant %+v", d, want)
	}
	var text strings.Builder
	if err := d.print(&text); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"ib.size 8 -", "dev.f1 70 72.5 +2.5", "train.loss NaN 3", "only 1 -", "pytorch 2.11 2.12", "state done done"} {
		if !strings.Contains(strings.Join(strings.Fields(text.String()), " "), line) {
			t.Errorf("no %q in\n%s", line, text.String())
		}
	}
	if blob, err := json.Marshal(d); err != nil || !strings.Contains(string(blob), `"train.loss":{"values":["NaN",3]}`) {
		t.Errorf("%s, %v", blob, err)
	}
}
