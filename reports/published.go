package reports

import (
	"cmp"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/tomlfile"
)

//go:embed published.toml
var publishedTOML []byte

// Published holds scores on test that others published, as they printed them.
type Published struct {
	Sources []Source         `toml:"source" json:"sources"`
	Gold    []GoldCount      `toml:"gold" json:"gold"`
	Scores  []PublishedScore `toml:"score" json:"scores"` // in the order in which methods came
}

// Source is where a published score stands.
type Source struct {
	Key   string `toml:"key" json:"key"`
	Title string `toml:"title" json:"title"`
	// Hearsay says that nobody here has seen the source itself.
	Hearsay bool `toml:"hearsay" json:"hearsay,omitempty"`
}

// GoldCount is the number of entities or relations in a version of test.
type GoldCount struct {
	Benchmark string `toml:"benchmark" json:"benchmark"`
	Count     int    `toml:"count" json:"count"`
	Title     string `toml:"title" json:"title"`
}

// PublishedScore is one row of somebody's table, in percent with two decimals.
type PublishedScore struct {
	Method    string   `toml:"method" json:"method"`
	Variant   string   `toml:"variant" json:"variant,omitempty"`
	Benchmark string   `toml:"benchmark" json:"benchmark"`
	Precision *float64 `toml:"precision" json:"precision,omitempty"` // nil where only F1 is known, as Recall
	Recall    *float64 `toml:"recall" json:"recall,omitempty"`
	F1        float64  `toml:"f1" json:"f1"`
	Sources   []string `toml:"sources" json:"sources"` // keys
}

// PublishedScores reads what ships with mmibx.
func PublishedScores() (*Published, error) { return ParsePublished("published.toml", publishedTOML) }

// ParsePublished reads a list of published scores. The name of the file is for
// errors, which are *mmibx.InputError.
func ParsePublished(file string, text []byte) (*Published, error) {
	var p Published
	meta, err := tomlfile.Decode(file, string(text), &p, "a list of published scores, as reports/published.toml")
	if err != nil {
		return nil, err
	}
	lines := tomlfile.LinesOf(string(text))
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, &mmibx.InputError{File: file, Line: lines.Of(unknown[0]...), Key: unknown[0].String(), Found: "an unknown key", Expected: "keys as in reports/published.toml"}
	}
	for i := range p.Gold {
		if g := &p.Gold[i]; g.Count < 1 || !knownBenchmark(g.Benchmark) {
			return nil, &mmibx.InputError{File: file, Line: lines.Of("gold", strconv.Itoa(i)), Key: fmt.Sprintf("gold[%d]", i+1), Found: fmt.Sprintf("%d of %q", g.Count, g.Benchmark), Expected: "a count of a benchmark"}
		}
	}
	seen := map[string]bool{}
	for i := range p.Scores {
		if fault := p.check(&p.Scores[i]); fault != nil {
			fault.File, fault.Line, fault.Key = file, lines.Of("score", strconv.Itoa(i)), fmt.Sprintf("score[%d] (%s)", i+1, p.Scores[i].Name())
			return nil, fault
		}
		for _, source := range p.Scores[i].Sources {
			key := p.Scores[i].Name() + " " + p.Scores[i].Benchmark + " " + source
			if seen[key] {
				return nil, &mmibx.InputError{File: file, Line: lines.Of("score", strconv.Itoa(i)), Key: key, Found: "two scores", Expected: "one per method, benchmark and source"}
			}
			seen[key] = true
		}
	}
	return &p, nil
}

func knownBenchmark(name string) bool { _, ok := mmibx.LookupBenchmark(name); return ok }

func (p *Published) check(s *PublishedScore) *mmibx.InputError {
	percent := func(v float64) bool { return v > 0 && v <= 100 }
	switch {
	case s.Method == "":
		return &mmibx.InputError{Found: "no method", Expected: "a name"}
	case !knownBenchmark(s.Benchmark):
		return &mmibx.InputError{Found: fmt.Sprintf("benchmark %q", s.Benchmark), Expected: "one that mmibx knows"}
	case (s.Precision == nil) != (s.Recall == nil):
		return &mmibx.InputError{Found: "precision or recall without the other", Expected: "both or neither"}
	case !percent(s.F1), s.Precision != nil && !(percent(*s.Precision) && percent(*s.Recall)):
		return &mmibx.InputError{Found: "a score outside of (0, 100]", Expected: "percent"}
	case len(s.Sources) == 0:
		return &mmibx.InputError{Found: "no source", Expected: "the key of one"}
	}
	for _, key := range s.Sources {
		if _, ok := p.Source(key); !ok {
			return &mmibx.InputError{Found: fmt.Sprintf("source %q", key), Expected: "the key of a [[source]]"}
		}
	}
	return nil
}

// Source finds a source by its key.
func (p *Published) Source(key string) (Source, bool) {
	i := slices.IndexFunc(p.Sources, func(s Source) bool { return s.Key == key })
	if i < 0 {
		return Source{}, false
	}
	return p.Sources[i], true
}

// Hearsay says that a score is known from no source that was seen.
func (p *Published) Hearsay(s *PublishedScore) bool {
	return !slices.ContainsFunc(s.Sources, func(key string) bool { src, ok := p.Source(key); return ok && !src.Hearsay })
}

// Name is the method and what is special about the row.
func (s *PublishedScore) Name() string {
	if s.Variant != "" {
		return s.Method + ", " + s.Variant
	}
	return s.Method
}

// F1Tolerance is how far, in points, a printed F1 may lie from the one that its
// printed precision and recall give; rounding alone moves it by 0.01 at most.
const F1Tolerance = 0.02

// F1Given is the harmonic mean of the printed precision and recall; ok is false
// where they are not known.
func (s *PublishedScore) F1Given() (f1 float64, ok bool) {
	if s.Precision == nil {
		return 0, false
	}
	return 2 * *s.Precision * *s.Recall / (*s.Precision + *s.Recall), true
}

// Consistent says that the printed F1 follows from the printed precision and
// recall, or that they are not known.
func (s *PublishedScore) Consistent() bool {
	f1, ok := s.F1Given()
	return !ok || math.Abs(s.F1-f1) <= F1Tolerance+1e-9
}

// VerifiedScore is what arithmetic says of a published score.
type VerifiedScore struct {
	PublishedScore
	GivenF1      *float64    `json:"f1_given,omitempty"` // by precision and recall
	IsConsistent bool        `json:"consistent"`
	Counts       []CountsFit `json:"counts,omitempty"`
}

// Verify holds every score against the precision and recall beside it, and these
// against whole numbers; failed counts the F1 that do not follow.
func (p *Published) Verify() (scores []VerifiedScore, failed int) {
	for _, s := range p.Scores {
		v := VerifiedScore{PublishedScore: s, IsConsistent: s.Consistent(), Counts: p.Fit(&s)}
		if f1, ok := s.F1Given(); ok {
			v.GivenF1 = &f1
		}
		if !v.IsConsistent {
			failed++
		}
		scores = append(scores, v)
	}
	return scores, failed
}

// CountsFit is what whole numbers say of a printed precision and recall.
type CountsFit struct {
	Gold      GoldCount `json:"gold"`
	Correct   int       `json:"correct"`
	Predicted int       `json:"predicted"`
	// Exact says that the counts print as precision and recall do; else they are
	// the nearest, and no counts do.
	Exact bool `json:"exact"`
	// off is how far, in points, precision or recall are from those printed.
	off float64
}

// Precision, Recall and F1 are those of the counts, in percent.
func (c *CountsFit) Precision() float64 { return 100 * float64(c.Correct) / float64(c.Predicted) }
func (c *CountsFit) Recall() float64    { return 100 * float64(c.Correct) / float64(c.Gold.Count) }
func (c *CountsFit) F1() float64 {
	return 200 * float64(c.Correct) / float64(c.Predicted+c.Gold.Count)
}

// printedStep is half of the last decimal that is printed: what rounding takes.
const printedStep = 0.005 + 1e-9

// Fit looks, for every known gold count of the benchmark, for the whole numbers
// of correct and predicted items that give the printed precision and recall. The
// nearest stand where none do: a recall of 49.69 % is 318 of 640, and no share of
// 641. The nearest come first. It is nil where precision and recall are not known.
func (p *Published) Fit(s *PublishedScore) []CountsFit {
	if s.Precision == nil {
		return nil
	}
	var fits []CountsFit
	for _, g := range p.Gold {
		if g.Benchmark == s.Benchmark {
			fits = append(fits, fitCounts(g, *s.Precision, *s.Recall))
		}
	}
	slices.SortStableFunc(fits, func(a, b CountsFit) int { return cmp.Compare(a.off, b.off) })
	return fits
}

func fitCounts(g GoldCount, precision, recall float64) CountsFit {
	guess := int(math.Round(recall / 100 * float64(g.Count)))
	best := CountsFit{off: math.Inf(1)}
	for correct := max(1, guess-1); correct <= min(g.Count, guess+1); correct++ {
		around := int(math.Round(100 * float64(correct) / precision))
		for predicted := max(correct, around-1); predicted <= around+1; predicted++ {
			c := CountsFit{Gold: g, Correct: correct, Predicted: predicted}
			c.off = max(math.Abs(c.Precision()-precision), math.Abs(c.Recall()-recall))
			c.Exact = c.off <= printedStep
			if c.off < best.off {
				best = c
			}
		}
	}
	return best
}
