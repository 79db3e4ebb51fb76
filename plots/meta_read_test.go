package plots

import (
	"bytes"
	"image/png"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// What a figure says of itself is read back from every format, with brackets,
// backslashes and a β in the command.
func TestReadMeta(t *testing.T) {
	f := betaFigure()
	f.Drawn = map[string]Drawn{}
	for i, id := range f.Runs {
		f.Drawn[id] = Drawn{i + 1, "0123abcd"}
	}
	f.Command, f.Commits, f.Data = `mmibx plot beta --filter "note='(β \ ) <&>'"`, []string{"bbb", "aaa"}, []string{"mini-mnre 0123"}
	for _, format := range []Format{PDF, SVG, PNG} {
		var b bytes.Buffer
		if err := f.Render(&b, format, 3.03); err != nil {
			t.Fatal(err)
		}
		m, ok := ReadMeta(b.Bytes())
		if !ok || m.Command != f.Command || !slices.Equal(m.Runs, slices.Sorted(slices.Values(f.Runs))) || !slices.Equal(m.Commits, []string{"aaa", "bbb"}) || m.Data[0] != f.Data[0] {
			t.Errorf("%s: %+v, %v", format, m, ok)
		}
		if !maps.Equal(m.Drawn, f.Drawn) || m.Revision != Revision {
			t.Errorf("%s: drawn %v of revision %d, want %v", format, m.Drawn, m.Revision, f.Drawn)
		}
		file := b.Bytes()
		if !m.Sealed(file) {
			t.Errorf("%s: the file is not as it was written", format)
		}
		if format == PNG {
			if _, err := png.Decode(bytes.NewReader(file)); err != nil {
				t.Errorf("the seal broke a checksum: %v", err)
			}
		}
		for _, at := range []int{len(file) / 3, len(file) / 2, len(file) - 12} {
			other := slices.Clone(file)
			other[at] ^= 1
			if m, ok := ReadMeta(other); ok && m.Sealed(other) {
				t.Errorf("%s: byte %d was changed, unseen", format, at)
			}
		}
	}
	for _, other := range []string{"", "%PDF-1.4 /Subject (x", "\x89PNG\r\n\x1a\n\x00\x00\xff\xff", "<svg><desc>a curve</desc></svg>", "%PDF-1.4 /Subject (\xfe\xff\x00"} {
		if m, ok := ReadMeta([]byte(other)); ok {
			t.Errorf("%q: %+v", other, m)
		}
	}
}

func TestStaleFigures(t *testing.T) {
	points := []mmibx.Point{{Step: 1, Value: 0.5}, {Step: 2, Value: math.NaN()}}
	run := func(change func(*Run)) Drawn {
		r := Run{ID: "a", State: mmibx.Done, Values: map[string]float64{mmibx.DevF1: 80, "test.f1": 70}, Curves: map[string][]mmibx.Point{mmibx.Loss: slices.Clone(points)}}
		change(&r)
		return Drawn{1, r.Digest("predictions")}
	}
	same := run(func(*Run) {})
	was := Meta{Revision: Revision, Runs: []string{"a"}, Drawn: map[string]Drawn{"a": same}}
	stale := func(m Meta, now map[string]Drawn) string {
		return strings.Join(m.Stale(&Meta{Drawn: now}, func(string) string { return "is gone" }), "; ")
	}
	for name, c := range map[string]struct {
		now  map[string]Drawn
		want string
	}{
		"the same":         {map[string]Drawn{"a": same}, ""},
		"a score of test":  {map[string]Drawn{"a": run(func(r *Run) { r.Values["test.f1"] = 1 })}, ""},
		"a last bit":       {map[string]Drawn{"a": run(func(r *Run) { r.Values[mmibx.DevF1] = math.Nextafter(80, 81) })}, "run a says something else"},
		"a point":          {map[string]Drawn{"a": run(func(r *Run) { r.Curves[mmibx.Loss][1].Value = math.Inf(1) })}, "run a says something else"},
		"a state":          {map[string]Drawn{"a": run(func(r *Run) { r.State = mmibx.Failed })}, "run a says something else"},
		"done again":       {map[string]Drawn{"a": {2, same.Digest}}, "run a was done again: attempt 2, then 1"},
		"another, and one": {map[string]Drawn{"b": same}, "run a is gone; run b has come since"},
	} {
		if got := stale(was, c.now); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	old := Meta{Runs: []string{"a"}}
	if got := stale(old, map[string]Drawn{"a": same}); !strings.Contains(got, "revision 0") {
		t.Errorf("of an older program: %q", got)
	}
}
