package reports

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestPickCases(t *testing.T) {
	tags := func(list ...string) []string { return list }
	var examples []mmibx.Example
	var a, b []mmibx.Prediction
	add := func(id string, gold, saysA, saysB []string) {
		examples = append(examples, mmibx.Example{ID: id, Tokens: make([]string, len(gold)), Tags: gold})
		a, b = append(a, mmibx.Prediction{ID: id, Tags: saysA}), append(b, mmibx.Prediction{ID: id, Tags: saysB})
	}
	add("both", tags("B-PER", "O"), tags("B-PER", "O"), tags("B-PER", "O"))
	add("b", tags("B-PER", "O"), tags("B-LOC", "O"), tags("B-PER", "O"))
	add("a", tags("O", "O"), tags("O", "O"), tags("O", "B-ORG"))
	add("b too", tags("B-PER", "I-PER"), tags("B-PER", "O"), tags("B-PER", "I-PER"))
	add("neither", tags("B-PER", "O"), tags("O", "O"), tags("O", "O"))
	c, err := PickCases(mmibx.MNER, examples, a, b, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.OnlyA, c.OnlyB, c.Both, c.Neither, c.Total); got != "1 2 1 1 5" {
		t.Errorf("only A, only B, both, neither, all = %s", got)
	}
	if len(c.List) != 2 || c.List[0].Example.ID != "b" || c.List[1].Example.ID != "a" {
		t.Errorf("picked %+v", c.List)
	}
	if got := fmt.Sprint(c.List[0].Gold, c.List[0].A, c.List[0].B); got != "[{{0 1} PER true}] [{{0 1} LOC false}] [{{0 1} PER true}]" {
		t.Errorf("%s", got)
	}
	if _, err := PickCases(mmibx.MNER, examples[:1], a[:1], b[:1], 1); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("nothing to show: %v", err)
	}
	if _, err := PickCases(mmibx.MNER, examples, a[1:], b, 1); err == nil {
		t.Error("an example without an answer was passed over")
	}
}
