package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

func newRunsDiffCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "diff A B", Short: "Show in what two runs differ: spec, inputs, provenance, and what came of it",
		Long: `Show in what two runs differ: the keys of the spec, the files that they read, commit, device, PyTorch and the rest of what
their last attempts say of where they ran; then their states and metrics. Of dev.f1 and dev.f1_strict the best stands for a
run, of others the last.`,
		Example: "  mmibx runs diff 4f1c9a 77ab02\n  mmibx runs diff 4f1c9a 77ab02 --json",
		Args:    usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				ids, err := resolve(ctx, db, args)
				if err != nil {
					return err
				}
				left, err := db.Run(ctx, ids[0])
				if err != nil {
					return err
				}
				right, err := db.Run(ctx, ids[1])
				if err != nil {
					return err
				}
				d, err := diffRuns(left, right)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), d)
				}
				return d.print(cmd.OutOrStdout())
			})
		},
	}
}

// runDiff is what two runs do not share, by key, and their metrics. null stands
// where one of them has none.
type runDiff struct {
	Runs        [2]string              `json:"runs"`
	Spec        map[string][2]any      `json:"spec"`
	Inputs      map[string][2]any      `json:"inputs"`      // SHA-256 by file
	Environment map[string][2]any      `json:"environment"` // of the last attempts
	State       [2]mmibx.State         `json:"state"`
	Metrics     map[string]metricOfTwo `json:"metrics"`
}

type metricOfTwo struct {
	Values     [2]any `json:"values"`
	Difference any    `json:"difference,omitempty"` // the second minus the first, where both are finite
}

func diffRuns(left, right *tracker.RunDetail) (*runDiff, error) {
	d := &runDiff{Runs: [2]string{left.ID, right.ID}, State: [2]mmibx.State{left.State, right.State}, Metrics: map[string]metricOfTwo{}}
	d.Spec = differences(left.Spec, right.Spec)
	d.Inputs = differences(inputsOf(left), inputsOf(right))
	var environments [2]map[string]any
	for i, r := range []*tracker.RunDetail{left, right} {
		env := r.Tries[len(r.Tries)-1].Env
		env.PID = 0 // differs always and says nothing
		blob, err := json.Marshal(env)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(blob, &environments[i]); err != nil {
			return nil, err
		}
	}
	d.Environment = differences(environments[0], environments[1])
	for i, r := range []*tracker.RunDetail{left, right} {
		for _, m := range r.Metrics {
			both := d.Metrics[m.Metric]
			both.Values[i] = jsonNumber(standsFor(m))
			d.Metrics[m.Metric] = both
		}
	}
	for name, both := range d.Metrics {
		x, ok := both.Values[0].(float64)
		if y, alsoOK := both.Values[1].(float64); ok && alsoOK {
			both.Difference = y - x
			d.Metrics[name] = both
		}
	}
	return d, nil
}

// standsFor is the value of a metric that stands for a run, as in filters.
func standsFor(m tracker.Summary) float64 {
	if (m.Metric == mmibx.DevF1 || m.Metric == mmibx.DevF1Strict) && mmibx.Finite(m.Max) {
		return m.Max
	}
	return m.Last
}

func inputsOf(r *tracker.RunDetail) map[string]any {
	digests := map[string]any{}
	for name, sum := range r.Inputs.Data {
		digests["data "+name] = sum
	}
	for name, sum := range r.Inputs.Weights {
		digests["weights "+name] = sum
	}
	return digests
}

// differences are the keys whose values are not the same in both; nil stands for
// a key that is not there.
func differences(left, right map[string]any) map[string][2]any {
	found := map[string][2]any{}
	for _, values := range []map[string]any{left, right} {
		for key := range values {
			if l, r := left[key], right[key]; !reflect.DeepEqual(l, r) {
				found[key] = [2]any{l, r}
			}
		}
	}
	return found
}

func (d *runDiff) print(w io.Writer) error {
	t := newTable(w, "", d.Runs[0], d.Runs[1])
	for _, part := range []map[string][2]any{d.Spec, d.Inputs, d.Environment} {
		for _, key := range slices.Sorted(maps.Keys(part)) {
			t.row(key, orMissing(part[key][0]), orMissing(part[key][1]))
		}
	}
	t.row("state", d.State[0], d.State[1])
	for _, name := range slices.Sorted(maps.Keys(d.Metrics)) {
		m := d.Metrics[name]
		cells := []any{name, shortOr(m.Values[0]), shortOr(m.Values[1])}
		if v, ok := m.Difference.(float64); ok {
			cells = append(cells, fmt.Sprintf("%+.4g", v))
		}
		t.row(cells...)
	}
	return t.Flush()
}

// shortOr is a number, or the word for one that is not finite or not there.
func shortOr(v any) any {
	if x, ok := v.(float64); ok {
		return short(x)
	}
	return orMissing(v)
}

func orMissing(v any) any {
	switch x := v.(type) {
	case nil:
		return "-" // its model does not read the key, or it was not logged
	case string:
		if len(x) == 64 { // a digest
			return x[:12]
		}
	}
	return v
}
