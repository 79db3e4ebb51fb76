package experiments

import (
	"encoding/json"
	"os"
	"testing"
)

// Verdicts are those of Optuna's pruners on runs that report in turn
// (testdata/pruners.py).
func TestPrunersAgreeWithOptuna(t *testing.T) {
	blob, err := os.ReadFile("testdata/pruners.json")
	if err != nil {
		t.Fatal(err)
	}
	var fixture struct {
		Stories []struct {
			Pruner  Pruner
			Epochs  int
			Reports []struct {
				Run    int
				Value  float64
				Pruned bool
			}
		}
	}
	if err := json.Unmarshal(blob, &fixture); err != nil {
		t.Fatal(err)
	}
	if len(fixture.Stories) == 0 {
		t.Fatal("no stories")
	}
	for _, s := range fixture.Stories {
		runs, ended := map[int]*peer{}, 0
		for i, r := range s.Reports {
			own := runs[r.Run]
			if own == nil {
				own = &peer{}
				runs[r.Run] = own
			}
			own.values = append(own.values, r.Value)
			var peers []peer
			for n, o := range runs {
				if n != r.Run {
					peers = append(peers, *o)
				}
			}
			why := s.Pruner.verdict(own.values, peers)
			if (why != "") != r.Pruned {
				t.Errorf("%+v, report %d: %q, Optuna prunes: %v", s.Pruner, i, why, r.Pruned)
			}
			if r.Pruned {
				ended++
			}
			own.done = len(own.values) == s.Epochs && !r.Pruned
		}
		if ended == 0 {
			t.Errorf("%+v: a story without a pruned run", s.Pruner)
		}
	}
}
