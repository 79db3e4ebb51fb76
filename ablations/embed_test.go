package ablations

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestRead(t *testing.T) {
	if !slices.Contains(Names(), "demo") {
		t.Errorf("Names() = %v", Names())
	}
	for _, name := range Names() {
		text, err := Read(name)
		if err != nil || !strings.Contains(string(text), "question = ") {
			t.Errorf("%s: %v; a study says what question it answers", name, err)
		}
	}
	if _, err := Read("bottelneck"); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "did you mean bottleneck?") {
		t.Errorf("Read of no study: %v", err)
	}
}
