package experiments

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/mmibx/mmibx"
)

// Sweep is a sweep file as it was written. A cell of its plan is made of Base,
// then a point of Grid, then the settings of an arm, then a point of the arm's
// own grid: what comes later wins; what is derived comes last. Each cell is run on each benchmark with each
// seed.
type Sweep struct {
	File string // as the user named it
	Text string // of the file, kept in the plan

	Name     string
	Title    string
	Question string // the paragraph that says what the sweep is to find out
	// Objective is the metric that choices look at; always one of dev.
	Objective  string
	Minimize   bool   // less of it is better
	Device     string // that the runs need: cpu, cuda, or "" for any
	Budget     Budget
	Choice     Choice // of the points of spaces
	Pruner     *Pruner
	Benchmarks []string
	Seeds      []int
	Sanity     Sanity
	Base       []Setting
	Grid       []Axis // with zip and rows
	Space      []Dimension
	Derive     []*Expression
	When       *Expression // nil: every cell
	Arms       []Arm
	// overrides come from the command line and win over everything.
	overrides []Axis
	// replaced are the file's benchmarks where the command line names others.
	replaced []string
}

// Arm is a named row of a sweep, or with a grid of its own a family of rows.
type Arm struct {
	Name     string
	Device   string // that its runs need, "": that of the sweep
	Settings []Setting
	Grid     []Axis
	Space    []Dimension
	Derive   []*Expression
	When     *Expression
	Where    Place // of its device, of its name where it has none
}

// Sanity says whether every multimodal arm is run with shuffled and with blank
// pictures too, and text only beside them.
type Sanity struct {
	Wanted bool
	Where  Place
}

// Setting gives one key of the spec a value. Key is a full key, `preset` or
// `ib.beta`.
type Setting struct {
	Key   string
	Value any // bool, int, float64 or string
	Where Place
}

// Axis gives a key of the spec several values, one after another; or several
// keys values that go together (zip, rows).
type Axis struct {
	Keys   []string
	Points [][]any // a value for each key; nil where a row leaves a key alone
	Where  Place
}

// oneKey is an axis of a single key.
func oneKey(key string, values []any, where Place) Axis {
	axis := Axis{Keys: []string{key}, Where: where}
	for _, v := range values {
		axis.Points = append(axis.Points, []any{v})
	}
	return axis
}

// sets lists the keys of the spec that every point of the axis sets.
func (a *Axis) sets() []string {
	var keys []string
	for i, k := range a.Keys {
		if !slices.ContainsFunc(a.Points, func(values []any) bool { return values[i] == nil }) {
			keys = append(keys, standsFor(k)...)
		}
	}
	return keys
}

// touches lists the keys of the spec that a point of the axis sets.
func (a *Axis) touches() []string {
	var keys []string
	for _, k := range a.Keys {
		keys = append(keys, standsFor(k)...)
	}
	return keys
}

// Place is where a setting was written.
type Place struct {
	File string
	Line int
}

// overrideFile is where overrides were "written".
const overrideFile = "--set"

// inWords is the place in brackets, "" where it is not known.
func (p Place) inWords() string {
	if p.Line == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s:%d)", p.File, p.Line)
}

// Load reads a sweep file.
func Load(path string) (*Sweep, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, text)
}

// One is the sweep of a single run, or of one per seed: what `mmibx train` runs.
func One(name string) *Sweep {
	return &Sweep{Name: name, Title: name, Objective: mmibx.DevF1, Seeds: []int{0}}
}

// Override sets a key for the whole sweep, as `--set KEY=VALUE` does: over the
// base, the grids and the arms. The value reads as TOML does where it can, and
// as a plain string elsewhere; a list makes the key an axis.
func (s *Sweep) Override(assignment string) error {
	key, text, ok := strings.Cut(assignment, "=")
	key, text = strings.TrimSpace(key), strings.TrimSpace(text)
	if !ok || key == "" {
		return &mmibx.InputError{Key: "--set", Found: strconv.Quote(assignment), Expected: "KEY=VALUE", Cure: "write for example --set ib.size=8"}
	}
	value := literal(text)
	switch key {
	case "benchmark", "benchmarks":
		return s.OverrideBenchmarks(strings.Split(unlist(text), ","))
	case "seed":
		return s.OverrideSeeds("[" + unlist(text) + "]")
	case "seeds":
		return s.OverrideSeeds(text)
	}
	p := parser{file: overrideFile}
	p.overrideAxis(s, key, value)
	return p.err()
}

func (p *parser) overrideAxis(s *Sweep, key string, value any) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	axis, ok := p.axis([]string{key}, key, list)
	if !ok {
		return
	}
	for _, o := range s.overrides {
		if slices.ContainsFunc(o.touches(), func(k string) bool { return slices.Contains(standsFor(key), k) }) {
			p.fail([]string{key}, "a second value", "each key once", "")
			return
		}
	}
	s.overrides = append(s.overrides, axis)
}

// OverrideBenchmarks replaces the benchmarks of the sweep.
func (s *Sweep) OverrideBenchmarks(names []string) error {
	p := parser{file: "--benchmarks"}
	list := make([]any, len(names))
	for i, n := range names {
		list[i] = strings.Trim(strings.TrimSpace(n), `"'`)
	}
	s.replaced = append(s.replaced, s.Benchmarks...)
	s.Benchmarks = p.benchmarks(nil, list)
	return p.err()
}

// OverrideSeeds replaces the seeds: a count ("5") or a list ("[0, 3]" or "0,3").
func (s *Sweep) OverrideSeeds(text string) error {
	if strings.Contains(text, ",") && !strings.HasPrefix(text, "[") {
		text = "[" + text + "]"
	}
	p := parser{file: "--seeds"}
	s.Seeds = p.seeds(nil, literal(text))
	return p.err()
}

// Keep drops all arms but those named, as `--arms` does.
func (s *Sweep) Keep(arms []string) error {
	var names []string
	for _, a := range s.Arms {
		names = append(names, a.Name)
	}
	for _, want := range arms {
		if !slices.Contains(names, want) {
			return &mmibx.InputError{Key: "--arms", Found: strconv.Quote(want), Expected: "one of " + strings.Join(names, ", "), Cure: didYouMean(want, names)}
		}
	}
	s.Arms = slices.DeleteFunc(s.Arms, func(a Arm) bool { return !slices.Contains(arms, a.Name) })
	return nil
}

func unlist(text string) string { return strings.Trim(text, "[] ") }

// literal reads a value as TOML would, or takes it as a string.
func literal(text string) any {
	var doc map[string]any
	if _, err := toml.Decode("v = "+text, &doc); err != nil || len(doc) != 1 {
		return text
	}
	return doc["v"]
}

// standsFor lists the keys of the spec that a key sets.
func standsFor(key string) []string {
	if key == "ib.beta" {
		return []string{"ib.beta_text", "ib.beta_image"}
	}
	if f, ok := mmibx.LookupField(key); ok {
		return []string{f.Key}
	}
	return []string{key}
}

func didYouMean(word string, candidates []string) string {
	if near := mmibx.Nearest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return ""
}

func byLine(a, b *mmibx.InputError) int { return cmp.Compare(a.Line, b.Line) }
