package widget

import (
	"fmt"
	"image/color"
	"math"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain text", "plain text"},
		{"β ± 文字 é", "β ± 文字 é"},
		{"\x1b[31mred\x1b[0m", "␛[31mred␛[0m"},
		{"\x1b]52;c;ZXZpbA==\a", "␛]52;c;ZXZpbA==␇"},
		{"\u009b2J", `\x9b2J`},
		{"a\nb\tc\x7f", "a␊b␉c␡"},
		{"bad \xff\xfe", `bad \xff\xfe`},
		{"\u202eevil\u202c", `\u202eevil\u202c`},
		{"a\u200bb\ufeff", `a\u200bb\ufeff`},
		{"שלום", "שלום"},
		{"👩‍👩‍👧 family", "👩 family"},
		{"❤️", "❤"},
		{"👍🏽", "👍"},
		{"e\u0301", "e\u0301"},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// FuzzClean: whatever comes in, nothing goes out that a terminal obeys or on
// whose width terminals disagree, and cleaning twice changes nothing.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "abc", "\x1b[2J", "\x1b]0;x\x07", "\u009b31m", "👩‍👩‍👧", "🇩🇪🇫", "e\u0301\u0301", "\u202e", "\xf0\x9f", "文字", "ｶﾞ", "क्षि", "a\u200d\x1b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean := Clean(text)
		for _, r := range clean {
			if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Fatalf("Clean(%q) = %q lets %U through", text, clean, r)
			}
		}
		if n, wc := ansi.StringWidth(clean), ansi.StringWidthWc(clean); n != wc {
			t.Fatalf("Clean(%q) = %q is %d or %d cells wide", text, clean, n, wc)
		}
		if again := Clean(clean); again != clean {
			t.Fatalf("Clean(%q) = %q, again %q", text, clean, again)
		}
		c := NewCanvas(9, 3)
		c.Print(0, 0, Span{text, Plain})
		c.Print(5, 1, Span{text, Bad})
		c.In(Rect{3, 2, 3, 1}).Print(-1, 0, Span{text, Good})
		exactly(t, c)
	})
}

func exactly(t *testing.T, c Canvas) {
	t.Helper()
	view := ansi.Strip(c.String(Dark()))
	lines := strings.Split(view, "\n")
	if len(lines) != c.H() {
		t.Fatalf("%d lines, want %d", len(lines), c.H())
	}
	for _, l := range lines {
		if ansi.StringWidth(l) != c.W() || ansi.StringWidthWc(l) != c.W() {
			t.Fatalf("%q is %d or %d cells wide, want %d", l, ansi.StringWidth(l), ansi.StringWidthWc(l), c.W())
		}
	}
}

// TestCut: a wide character is never cut in two.
func TestCut(t *testing.T) {
	c := NewCanvas(6, 1)
	c.Print(0, 0, Span{"文字列", Plain})
	c.Print(1, 0, Span{"x", Plain})
	c.Print(4, 0, Span{"y", Plain})
	if got := ansi.Strip(c.String(Dark())); got != " x字y " {
		t.Errorf("%q", got)
	}
	exactly(t, c)
}

func TestPrintCuts(t *testing.T) {
	c := NewCanvas(5, 1)
	c.Print(0, 0, Span{"abcdefgh", Plain})
	if got := ansi.Strip(c.String(Dark())); got != "abcd…" {
		t.Errorf("%q", got)
	}
}

// TestEverySize draws each widget from tiny to large, with values that are
// not finite.
func TestEverySize(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	values := []float64{1, 2, nan, 3, inf, -inf, 2}
	x := []float64{1, 2, 3, 4, 5, 6, 7}
	series := []Series{
		{X: x, Y: values, Best: 3, HasBest: true, Ink: Series0, Sign: "1"},
		{X: x, Y: []float64{-1, 0, 1, 2, 3, 2, 1}, Low: values, High: x, Ink: Series0 + 1, Sign: "2"},
	}
	table := Table{
		Name: "t", Columns: []Column{{Title: "a", Width: 3}, {Title: "字", Width: 4, Grow: true}, {Width: 5, Right: true}}, Len: 50, Cursor: 20, Focused: true,
		Row: func(i int) [][]Span {
			return [][]Span{{{fmt.Sprint(i), Plain}}, {{"文字列\x1b[2J", Bad}}, {{"12", Good}}}
		},
	}
	heat := HeatMap{
		Name: "h", RowTitle: "β ↓", ColumnTitle: "γ →", Rows: []string{"0", ".1"}, Columns: []string{"0", ".01", "1"}, High: 3, Focused: true,
		Cell: func(x, y int) HeatCell { return HeatCell{Value: values[x*2+y], Text: "8", Mark: "✗", Best: x == y} },
	}
	for w := 0; w < 60; w += 1 + w/10 {
		for h := 1; h < 12; h++ {
			c := NewCanvas(w, h)
			table.Draw(Panel(c, []Span{{"title", Strong}}, []Span{{"note", Faint}}, true))
			exactly(t, c)
			c = NewCanvas(w, h)
			heat.Draw(c)
			exactly(t, c)
			c = NewCanvas(w, h)
			Chart{Series: series, Cursor: 3, HasCursor: true}.Draw(c)
			exactly(t, c)
			c = NewCanvas(w, h)
			Chart{Series: series, From: 2, To: 4, Log: true}.Draw(c)
			exactly(t, c)
			c = NewCanvas(w, h)
			Log(c, []string{"a", "文字列 b", "c\x1b[H"}, 1, "")
			c.Print(0, 1, Bar(0.99, w/2, Good)...)
			exactly(t, c)
		}
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		share float64
		full  int
	}{{0, 0}, {0.5, 5}, {0.999, 9}, {1, 10}, {2, 10}, {-1, 0}} {
		if got := strings.Count(Bar(c.share, 10, Good)[0].Text, "▰"); got != c.full {
			t.Errorf("Bar(%g) has %d full cells, want %d", c.share, got, c.full)
		}
	}
}

func TestSpark(t *testing.T) {
	if got := Spark([]float64{9, 1, 2, math.NaN(), 3}, 6); got != "█▁▂×▃  " && got != "█▁▂×▃ " {
		t.Errorf("%q", got)
	}
	if got := Spark([]float64{5, 1, 2, 3}, 3); got != "▁▅█" {
		t.Errorf("%q", got)
	}
}

// TestAt: what was painted last lies on top.
func TestAt(t *testing.T) {
	c := NewCanvas(20, 5)
	c.Spot(Rect{0, 1, 20, 4}, "below", 10)
	c.In(Rect{5, 2, 5, 2}).Spot(Rect{0, 0, 9, 9}, "above", 0)
	for _, q := range []struct {
		x, y int
		want Hit
		ok   bool
	}{
		{0, 0, Hit{}, false},
		{0, 3, Hit{"below", 12}, true},
		{5, 3, Hit{"above", 1}, true},
		{10, 3, Hit{"below", 12}, true},
	} {
		if got, ok := c.At(q.x, q.y); got != q.want || ok != q.ok {
			t.Errorf("At(%d, %d) = %v %v", q.x, q.y, got, ok)
		}
	}
}

// TestSafe: to eyes without red or without green cones (Machado, Oliveira and
// Fernandes 2009, severity 1), the inks of states stay apart in the safe themes, by 15
// of CIELAB's units at least; so do the steps of its ramp from end to end.
func TestSafe(t *testing.T) {
	protan := [3][3]float64{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}
	deutan := [3][3]float64{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}
	for name, eye := range map[string][3][3]float64{"protan": protan, "deutan": deutan} {
		for shade, looks := range map[string][Heat]look{"dark": safeDarkLooks, "light": safeLightLooks} {
			for i, a := range []Ink{Good, Warn, Bad, Busy} {
				for _, b := range []Ink{Good, Warn, Bad, Busy}[i+1:] {
					if d := apart(seenBy(eye, looks[a].fg), seenBy(eye, looks[b].fg)); d < 15 {
						t.Errorf("%s, %s: inks %d and %d are %.1f apart", name, shade, a, b, d)
					}
				}
			}
			for i := Series0; i < Heat; i++ {
				for j := i + 1; j < Heat; j++ {
					if d := apart(seenBy(eye, looks[i].fg), seenBy(eye, looks[j].fg)); d < 12 {
						t.Errorf("%s, %s: curves %d and %d are %.1f apart", name, shade, i-Series0, j-Series0, d)
					}
				}
			}
		}
		for _, ramp := range [][HeatLevels]int{safeDarkRamp, safeLightRamp} {
			if d := apart(seenBy(eye, rgb(ramp[0])), seenBy(eye, rgb(ramp[HeatLevels-1]))); d < 35 {
				t.Errorf("%s: the ends of the ramp are %.1f apart", name, d)
			}
		}
	}
}

// seenBy is a colour in CIELAB (D65) as an eye sees it.
func seenBy(eye [3][3]float64, c color.Color) [3]float64 {
	r, g, b, _ := c.RGBA()
	var linear, seen, xyz, f [3]float64
	for i, v := range []uint32{r, g, b} {
		s := float64(v) / 0xffff
		if linear[i] = s / 12.92; s > 0.04045 {
			linear[i] = math.Pow((s+0.055)/1.055, 2.4)
		}
	}
	toXYZ := [3][3]float64{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}
	for i := range 3 {
		for j := range 3 {
			seen[i] += eye[i][j] * linear[j]
		}
		seen[i] = max(0, min(seen[i], 1))
	}
	for i, white := range []float64{0.9505, 1, 1.089} {
		for j := range 3 {
			xyz[i] += toXYZ[i][j] * seen[j]
		}
		if v := xyz[i] / white; v > 216.0/24389 {
			f[i] = math.Cbrt(v)
		} else {
			f[i] = (24389.0/27*v + 16) / 116
		}
	}
	return [3]float64{116*f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])}
}

func apart(a, b [3]float64) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
}

// TestRamps: the higher the level, the lighter is a ramp on a dark ground, the darker
// on a light one.
func TestRamps(t *testing.T) {
	eye := [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	for name, c := range map[string]struct {
		ramp [HeatLevels]int
		up   float64
	}{"dark": {darkRamp, 1}, "light": {lightRamp, -1}, "safe": {safeDarkRamp, 1}, "safe on light": {safeLightRamp, -1}} {
		for i := 1; i < HeatLevels; i++ {
			if d := c.up * (seenBy(eye, rgb(c.ramp[i]))[0] - seenBy(eye, rgb(c.ramp[i-1]))[0]); d < 0.5 {
				t.Errorf("%s: level %d is %.1f lighter or darker than the one below", name, i, d)
			}
		}
	}
}

// TestThemes: every ink has a look in every theme, and the two differ.
func TestThemes(t *testing.T) {
	dark, light := Dark(), Light()
	for i := range numInks {
		if i != Plain && i != Strong && dark.sequence(i, false) == light.sequence(i, false) {
			t.Errorf("ink %d looks the same in the dark and in the light", i)
		}
		for name, theme := range map[string]*Theme{"dark": dark, "light": light, "safe": Safe(true), "safe on light": Safe(false), "mono": Mono()} {
			if theme.sequence(i, true) == theme.sequence(i, false) {
				t.Errorf("%s: ink %d hides the cursor", name, i)
			}
		}
		if s := Mono().sequence(i, true) + Mono().sequence(i, false); strings.Contains(s, "38;") || strings.Contains(s, "48;") {
			t.Errorf("ink %d has a colour in the theme without", i)
		}
	}
}
