package weights

import (
	"testing"

	"github.com/mmibx/mmibx/internal/needs"
)

// The real encoder: its architecture, its tensors, its digests.
func TestMiniLM(t *testing.T) {
	dir := needs.Weights(t, "minilm", Find)
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if c := f.Config; c.Width != 384 || c.Layers != 6 || c.Heads != 12 || c.Intermediate != 1536 || c.Vocab != 30522 || c.Positions != 512 {
		t.Errorf("config %+v", c)
	}
	parameters := 0
	for name := range f.Config.shapes() {
		_, values, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		parameters += len(values)
	}
	if parameters != 22_565_376 { // 22.7 million with the pooler's 147,840
		t.Errorf("%d parameters", parameters)
	}
	k, _ := LookupKnown("minilm")
	if err := k.verify(dir); err != nil {
		t.Error(err)
	}
}

func BenchmarkDigestsOfMiniLM(b *testing.B) {
	dir, err := Find("minilm")
	if err != nil {
		b.Skip(err)
	}
	for b.Loop() {
		if _, err := Digests(dir); err != nil {
			b.Fatal(err)
		}
	}
}
