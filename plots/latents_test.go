package plots

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// testdata/pca.py has scikit-learn's answers; a component may point either way.
func TestPrincipalAgreesWithScikitLearn(t *testing.T) {
	blob, err := os.ReadFile("testdata/pca.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Points [][]float64
		At     [][2]float64
		Share  [2]float64
	}
	if err := json.Unmarshal(blob, &cases); err != nil || len(cases) != 3 {
		t.Fatal(err, len(cases))
	}
	worst := 0.0
	for n, c := range cases {
		at, share, err := principal(c.Points)
		if err != nil {
			t.Fatal(err)
		}
		for k := range 2 {
			worst = max(worst, math.Abs(share[k]-c.Share[k]))
			sign := 1.0
			if at[0][k]*c.At[0][k] < 0 {
				sign = -1
			}
			for i := range at {
				worst = max(worst, math.Abs(sign*at[i][k]-c.At[i][k]))
			}
		}
		// Turned round, the points give the same picture.
		again, _, err := principal(c.Points)
		if err != nil || again[0] != at[0] {
			t.Errorf("case %d: %v, then %v (%v)", n, at[0], again[0], err)
		}
	}
	t.Logf("largest difference from scikit-learn: %.1g", worst)
	if worst > 1e-9 {
		t.Errorf("differs from scikit-learn by %g", worst)
	}
	for _, points := range [][][]float64{nil, {{1, 2}}, {{1}, {2}}} {
		if _, _, err := principal(points); err == nil {
			t.Errorf("%v has components", points)
		}
	}
	if at, share, err := principal([][]float64{{1, 2}, {1, 2}, {1, 2}}); err != nil || at[2] != [2]float64{} || share != [2]float64{} {
		t.Errorf("of one point thrice: %v, %v, %v", at, share, err)
	}
}

// madeUpCodes are pairs whose modalities lie apart, then beside each other.
func madeUpCodes(n int) *Codes {
	rng := rand.New(rand.NewPCG(15, 0))
	pairs := func(apart float64) Pairs {
		var p Pairs
		for range n {
			text, image := make([]float64, 6), make([]float64, 6)
			for d := range text {
				text[d] = rng.NormFloat64()
				image[d] = text[d]*(1-apart) + 0.3*rng.NormFloat64()
			}
			text[0], image[0] = text[0]+4*apart, image[0]-4*apart
			p.Text, p.Image = append(p.Text, text), append(p.Image, image)
		}
		return p
	}
	return &Codes{Start: pairs(1), Best: pairs(0)}
}

func TestLatents(t *testing.T) {
	var l lab
	for _, b := range []string{"mini-mnre", "mini-twitter2015"} {
		for seed := range 2 {
			for _, s := range []map[string]any{{"model": "text"}, {"model": "mmib", "align.tau": 2}, {"model": "mmib"}} {
				s["benchmark"], s["seed"] = b, seed
				l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 1}, s)
			}
		}
	}
	asked := 0
	o := Options{Title: title, Codes: func(string) (*Codes, error) { asked++; return madeUpCodes(100), nil }}
	drawing, err := kind(t, "latents").Draw(l.runs, o)
	if err != nil {
		t.Fatal(err)
	}
	f := drawing.(*Latents)
	if len(f.Rows) != 2 || asked != 2 || len(f.Runs) != 2 {
		t.Fatalf("%d rows of runs %v, and the codes of %d were read", len(f.Rows), f.Runs, asked)
	}
	for _, want := range []string{"of 100 pairs, of which the first 64 are drawn", "MMIB, seed 0, on mini MNRE"} {
		if got := f.Caption(); !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	before, after := f.Rows[0].Clouds[0], f.Rows[0].Clouds[1]
	if before.Gap < 1.5 || after.Gap > 0.2 || before.Gap > 2 {
		t.Errorf("gaps %.3f and %.3f", before.Gap, after.Gap)
	}
	for _, format := range []Format{PDF, SVG, PNG} {
		var b bytes.Buffer
		if err := f.Render(&b, format, 3.03); err != nil || b.Len() > 100_000 {
			t.Errorf("%s: %d bytes, %v", format, b.Len(), err)
		}
	}
	o.Codes = func(string) (*Codes, error) { return nil, nil }
	if _, err := kind(t, "latents").Draw(l.runs, o); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("of runs that kept none: %v", err)
	}
	o.Codes = func(string) (*Codes, error) { return &Codes{Start: madeUpCodes(3).Start}, nil }
	if _, err := kind(t, "latents").Draw(l.runs, o); err == nil {
		t.Error("codes of one moment were drawn")
	}
}
