package plots

import (
	"bytes"
	"flag"
	"fmt"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

var update = flag.Bool("update", false, "rewrite the golden figures")

func render(t *testing.T, f Drawing, format Format, w Width) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Render(&b, format, w); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Goldens are SVG, which a person can read; `go test ./plots -update` rewrites
// them, and `-artifacts` keeps the PDF and PNG of every venue to look at.
func TestGoldenFigures(t *testing.T) {
	for _, f := range madeUp() {
		for _, w := range []string{"acl", "acl-wide"} {
			width, err := ParseWidth(w)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", f.About().Title+"-"+w+".svg")
			got := render(t, f, SVG, width)
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what is drawn now; -update takes it over, and plots.Revision is raised where figures look otherwise", golden)
			}
		}
	}
}

// Each kind of figure is among the made-up ones, and so has its goldens.
func TestEveryKindIsMadeUp(t *testing.T) {
	found := map[string]bool{}
	for _, f := range madeUp() {
		found[f.About().Title] = true
	}
	for _, k := range Kinds {
		if !found[k.Name] {
			t.Errorf("no made-up figure, and so no golden, of %s", k.Name)
		}
	}
}

// Where a mean less or plus its deviation would pass the ends of the scale, the band
// ends there, and the caption says so; a scale without ends cuts nothing.
func TestBandsEndWhereScalesDo(t *testing.T) {
	f := robustnessFigure()
	if _, _, hi, _ := spread(Deviation, []float64{92, 99.5, 99.5}, percent); hi != 100 {
		t.Errorf("the band reaches %v", hi)
	}
	if got := f.Caption(); !strings.Contains(got, "Bands and bars end at 100, which no value passes.") {
		t.Error(got)
	}
	if got := gapFigure().Caption(); !strings.Contains(got, "end at 0, which") {
		t.Error(got)
	}
	f.Rows[0].Limits = Limits{}
	if got := f.Caption(); strings.Contains(got, "end at") {
		t.Error(got)
	}
	if got := costFigure().Caption(); !strings.Contains(got, "A bar that reaches 0 ends at the left edge") || strings.Contains(got, "no value passes") {
		t.Error(got)
	}
	b := &Bars{Panels: []BarPanel{{Groups: []BarGroup{{Bars: []Bar{{Values: []float64{92, 99.5, 99.5}}}}}}}}
	if got := b.Caption(); !strings.Contains(got, "Whiskers end at 100") {
		t.Error(got)
	}
	for metric, want := range map[string]Limits{"dev.f1.PER": percent, "test.f1": percent, mmibx.RecallAt1: {0, 1}, mmibx.RateText: {0, math.Inf(1)}, mmibx.Loss: {}} {
		if got := limitsOf(metric); got != want {
			t.Errorf("%s: %v, want %v", metric, got, want)
		}
	}
}

// Names beside points lie on no marker and no other name, and on bars and lines only
// where there is no place without.
func TestNamesKeepClear(t *testing.T) {
	at := vg.Point{X: 50, Y: 50}
	cross := [][2]vg.Point{{{X: 20, Y: 50}, {X: 80, Y: 50}}, {{X: 50, Y: 20}, {X: 50, Y: 80}}, {{X: 50, Y: 50}, {X: 90, Y: 90}}}
	f := &names{b: box{0, 0, 100, 100}, marks: []vg.Point{at}, taken: []box{{48, 48, 52, 52}}, lines: cross}
	var places []box
	for range 4 {
		p, _, ok := f.beside(at, "0.01")
		if !ok {
			t.Fatal("no place")
		}
		b := box{p.X, p.Y, p.X + textWidth("0.01", tickSize, false), p.Y + 0.72*tickSize}
		for _, other := range places {
			if b.hits(other) {
				t.Errorf("%v lies on %v", b, other)
			}
		}
		if places = append(places, b); len(places) < 4 && slices.ContainsFunc(cross, func(l [2]vg.Point) bool { return b.cuts(l[0], l[1]) }) {
			t.Errorf("%v lies on a bar", b)
		}
	}
	// A place that is nearer to another marker would be read as the other's.
	f = &names{b: box{0, 0, 100, 100}, marks: []vg.Point{at, {X: 44, Y: 50}}, taken: []box{{48, 48, 52, 52}, {42, 48, 46, 52}}, lines: [][2]vg.Point{{{X: 50, Y: 50}, {X: 90, Y: 90}}, {{X: 50, Y: 50}, {X: 90, Y: 10}}}}
	if p, _, ok := f.beside(at, "0.01"); !ok || p.X < 48 {
		t.Errorf("the name is at %v, beside the other marker", p)
	}
}

func TestFilesAreSmallAndTheSameEachTime(t *testing.T) {
	const limit = 100_000
	dir := t.ArtifactDir()
	for _, f := range madeUp() {
		for _, v := range Venues {
			for _, format := range []Format{PDF, SVG, PNG} {
				if full := f.About().Title == "temperature" || f.About().Title == "cases"; format == PNG && (!full || v.Name != "ieee-wide") {
					continue // the slowest to write; the fullest at the widest will do
				}
				got := render(t, f, format, v.Width)
				name := f.About().Title + "-" + v.Name + "." + string(format)
				if len(got) > limit {
					t.Errorf("%s has %d bytes", name, len(got))
				}
				if v.Name == "ieee-wide" && !bytes.Equal(got, render(t, f, format, v.Width)) {
					t.Errorf("%s: two renderings differ", name)
				}
				if err := os.WriteFile(filepath.Join(dir, name), got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestSizeOnPaper(t *testing.T) {
	f := betaFigure()
	if blob := render(t, f, PDF, 3.03); !bytes.Contains(blob, []byte("/MediaBox [0 0 218.16 ")) {
		t.Error("an ACL column is not 218.16 points wide")
	}
	img, err := png.Decode(bytes.NewReader(render(t, f, PNG, 3.03)))
	if err != nil {
		t.Fatal(err)
	}
	if w := img.Bounds().Dx(); w != 909 {
		t.Errorf("3.03 inches at 300 dots per inch are %d dots", w)
	}
}

// Each format says of itself what was run, on what, and how to draw it again.
func TestProvenanceInFiles(t *testing.T) {
	for _, f := range madeUp() {
		for _, want := range []string{"Runs: 00ff00ff00ff 0123456789ab", "Command: mmibx plot " + f.About().Title + " --sweep made-up", "Commit: 1f2e3d4c", "Data: mini-mnre 5a5a5a5a"} {
			for _, format := range []Format{SVG, PNG} {
				if blob := render(t, f, format, 3.03); !bytes.Contains(blob, []byte(want)) {
					t.Errorf("%s of %s lacks %q", format, f.About().Title, want)
				}
			}
			var utf16 []byte // as PDF keeps text beyond ASCII
			for _, c := range []byte(want) {
				utf16 = append(utf16, 0, c)
			}
			if blob := render(t, f, PDF, 3.03); !bytes.Contains(blob, utf16) && !bytes.Contains(blob, []byte(want)) {
				t.Errorf("pdf of %s lacks %q", f.About().Title, want)
			}
		}
	}
}

// A reader without Liberation Sans sees another font: every string of an SVG says
// how wide it is, so that words do not run into each other.
func TestStringsOfSVGKeepTheirWidth(t *testing.T) {
	for _, f := range madeUp() {
		svg := render(t, f, SVG, 3.03)
		texts, wide := bytes.Count(svg, []byte("<text ")), bytes.Count(svg, []byte("<text textLength="))
		if texts == 0 || texts != wide {
			t.Errorf("%s: %d of %d strings say how wide they are", f.About().Title, wide, texts)
		}
	}
	// Helvetica's own metrics: 1/1000 em of M, I and B are 833, 278 and 667.
	f := one(Point{X: 1, Values: []float64{1}})
	f.Rows[0].Panels[0].Title = ""
	f.X.Label = "MMIB & co"
	svg := string(render(t, f, SVG, 3.03))
	start := strings.LastIndex(svg[:strings.Index(svg, "MMIB &amp; co")], "<text")
	var got float64
	if _, err := fmt.Sscanf(svg[start:], `<text textLength="%f"`, &got); err != nil || math.Abs(got-(833+833+278+667+278+667+278+500+556)*8.0/1000) > 0.01 {
		t.Errorf("a string is said to be %v wide (%v)", got, err)
	}
}

// Camera-ready means: every font is embedded, as a subset, and maps to Unicode.
func TestPDFFonts(t *testing.T) {
	pdffonts, pdftotext := needs.Program(t, "pdffonts"), needs.Program(t, "pdftotext")
	file := filepath.Join(t.TempDir(), "beta.pdf")
	if err := os.WriteFile(file, render(t, betaFigure(), PDF, 6.3), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), pdffonts, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	fonts := strings.Split(strings.TrimSpace(string(out)), "\n")[2:]
	if len(fonts) == 0 {
		t.Errorf("no fonts:\n%s", out)
	}
	for _, line := range fonts {
		if fields := strings.Fields(line); fields[len(fields)-5] != "yes" || fields[len(fields)-4] != "yes" || fields[len(fields)-3] != "yes" {
			t.Errorf("a font is not embedded, no subset or not Unicode: %s", line)
		}
	}
	out, err = exec.CommandContext(t.Context(), pdftotext, file, "-").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "β (image)") {
		t.Errorf("the text of the PDF lacks its label (%v):\n%s", err, out)
	}
}

func one(points ...Point) *Figure {
	return &Figure{Meta: Meta{Title: "t"}, X: Axis{Label: "x", Log: true}, Rows: []Row{{Label: "y", Panels: []Panel{{Title: "p", Series: []Series{{Name: "s", Points: points}}}}}}}
}

func TestHardInputsAreDrawn(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	empty := &Figure{Meta: Meta{Title: "empty"}, X: Axis{Label: "x"}, Rows: []Row{{Label: "y", Panels: []Panel{{}, {Title: "p", Series: []Series{{Name: "s"}}}}}}}
	for name, f := range map[string]*Figure{
		"no series":       empty,
		"one point":       one(Point{X: 1, Values: []float64{70}}),
		"one seed":        one(Point{X: 1, Values: []float64{70}}, Point{X: 10, Values: []float64{71}}),
		"not finite":      one(Point{X: 1, Values: []float64{nan, inf, -inf}}, Point{X: 10, Values: []float64{nan, 3}}),
		"nothing finite":  one(Point{X: 1, Values: []float64{nan}}, Point{X: 0, Values: []float64{nan}}),
		"no values":       one(Point{X: 1}, Point{X: 2}),
		"only zero":       one(Point{X: 0, Values: []float64{70, 71}}),
		"only a name":     one(Point{Label: "official", Values: []float64{70, 71}}),
		"equal values":    one(Point{X: 1, Values: []float64{0, 0}}, Point{X: 2, Values: []float64{0, 0}}),
		"huge and tiny":   one(Point{X: 1e-300, Values: []float64{1e300}}, Point{X: 1e300, Values: []float64{-1e300}}),
		"almost equal":    one(Point{X: 1, Values: []float64{1e9}}, Point{X: 1 + 1e-15, Values: []float64{1e9 + 1e-6}}),
		"negative scores": one(Point{X: 1, Values: []float64{-5, -6}}, Point{X: 2, Values: []float64{-1}}),
		"hostile names":   {Meta: Meta{Title: "<script>"}, X: Axis{Label: "_%&#~^\\{} 🙂 שלום"}, Rows: []Row{{Label: "</text>", Panels: []Panel{{Title: "\x00", Series: []Series{{Name: "a&b", Points: []Point{{X: 1, Values: []float64{1}}}}}}}}}},
	} {
		for _, format := range []Format{PDF, SVG, PNG} {
			blob := render(t, f, format, 3.03)
			if format == SVG && (bytes.Contains(blob, []byte("NaN")) || bytes.Contains(blob, []byte("Inf")) || bytes.Contains(blob, []byte("<script>"))) {
				t.Errorf("%s: the SVG is broken:\n%s", name, blob)
			}
		}
		if f.Caption() == "" {
			t.Errorf("%s: no caption", name)
		}
	}
}

func TestLongNamesStayOnThePage(t *testing.T) {
	long := strings.Repeat("very long name, ", 20)
	got := shorten(long, tickSize, false, 100)
	if w := textWidth(got, tickSize, false); w > 100 || w < 80 || !strings.HasSuffix(got, "…") {
		t.Errorf("%q is %v wide", got, w)
	}
	if got := shorten("short", tickSize, false, 100); got != "short" {
		t.Errorf("%q", got)
	}
	f := one(Point{X: 1, Values: []float64{1}})
	f.Rows[0].Panels[0].Series[0].Name, f.Rows[0].Panels[0].Title, f.X.Label = long, long, long
	if svg := render(t, f, SVG, 3.03); bytes.Count(svg, []byte("…</text>")) != 4 {
		t.Error("a name runs off the page")
	}
}

func TestRenderRefuses(t *testing.T) {
	many := &Figure{Rows: []Row{{Panels: make([]Panel, 40)}, {Panels: make([]Panel, 40)}}}
	for name, f := range map[string]*Figure{
		"no rows":        {},
		"no panels":      {Rows: []Row{{}}},
		"ragged rows":    {Rows: []Row{{Panels: make([]Panel, 2)}, {Panels: make([]Panel, 1)}}},
		"x is NaN":       one(Point{X: math.NaN(), Values: []float64{1}}),
		"x is infinite":  one(Point{X: math.Inf(1), Values: []float64{1}}),
		"log of minus 1": one(Point{X: -1, Values: []float64{1}}),
	} {
		if err := f.Render(&bytes.Buffer{}, PDF, 3.03); err == nil {
			t.Errorf("%s was drawn", name)
		}
	}
	if err := many.Render(&bytes.Buffer{}, PDF, 3.03); err != nil {
		t.Errorf("40 benchmarks below each other: %v", err)
	}
	many.Rows = append(many.Rows, make([]Row, 38)...)
	for i := range many.Rows {
		many.Rows[i].Panels = make([]Panel, 40)
	}
	if err := many.Render(&bytes.Buffer{}, PDF, 3.03); err == nil {
		t.Error("40 columns were drawn in 3.03 inches")
	}
	if err := betaFigure().Render(&bytes.Buffer{}, "eps", 3.03); err == nil {
		t.Error("a format that does not exist was written")
	}
	if err := betaFigure().Render(&bytes.Buffer{}, PDF, 0.1); err == nil {
		t.Error("a tenth of an inch was accepted")
	}
}

func TestCaptionTellsWhatWasLeftOut(t *testing.T) {
	got := temperatureFigure().Caption()
	for _, want := range []string{"2 to 3 seeds", "3 of 156 values are missing or not finite", "a cross at the bottom"} {
		if !strings.Contains(got, want) {
			t.Errorf("caption lacks %q: %s", want, got)
		}
	}
	if got := one(Point{X: 1, Values: []float64{70}}).Caption(); strings.Contains(got, "deviation") {
		t.Errorf("one seed has no deviation: %s", got)
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]Width{"acl": 3.03, "ieee-wide": 7.16, "4.5in": 4.5} {
		if got, err := ParseWidth(in); err != nil || got != want {
			t.Errorf("ParseWidth(%q) = %v, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "acm", "4.5", "4.5inch", "-3in", "NaNin", "1e9in"} {
		if got, err := ParseWidth(bad); err == nil {
			t.Errorf("ParseWidth(%q) = %v", bad, got)
		}
	}
	if f, err := FormatOf("a/b.PDF"); err != nil || f != PDF {
		t.Errorf("FormatOf(b.PDF) = %q, %v", f, err)
	}
	if _, err := FormatOf("a.eps"); err == nil {
		t.Error("eps was accepted")
	}
}
