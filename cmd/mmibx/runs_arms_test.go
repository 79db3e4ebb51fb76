package main

import (
	"math"
	"reflect"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
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
