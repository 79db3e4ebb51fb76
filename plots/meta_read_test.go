package plots

import (
	"bytes"
	"slices"
	"testing"
)

// What a figure says of itself is read back from every format, with brackets,
// backslashes and a β in the command.
func TestReadMeta(t *testing.T) {
	f := betaFigure()
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
	}
	for _, other := range []string{"", "%PDF-1.4 /Subject (x", "\x89PNG\r\n\x1a\n\x00\x00\xff\xff", "<svg><desc>a curve</desc></svg>", "%PDF-1.4 /Subject (\xfe\xff\x00"} {
		if m, ok := ReadMeta([]byte(other)); ok {
			t.Errorf("%q: %+v", other, m)
		}
	}
}
