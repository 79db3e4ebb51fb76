package experiments

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/tomlfile"
)

// topKeys are the keys of a sweep file, in the order of docs/reference/sweep-files.md.
var topKeys = []string{"name", "title", "question", "objective", "device", "budget", "sampler", "pruner", "benchmarks", "seeds", "sanity", "base", "grid", "zip", "rows", "space", "derive", "when", "arm"}

// sweepName is also the name of a folder in the store.
var sweepName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Parse reads the text of a sweep file. It reports all faults that it finds, in
// the order of their lines, each an *mmibx.InputError.
func Parse(file string, text []byte) (*Sweep, error) {
	var doc map[string]any
	if _, err := tomlfile.Decode(file, string(text), &doc, "a sweep file"); err != nil {
		if fault, ok := errors.AsType[*mmibx.InputError](err); ok && strings.Contains(fault.Found, "already been defined") {
			fault.Cure = `write each key once, and quotes where one key is the beginning of another: model = "mmib", "model.dropout" = 0.1`
		}
		return nil, err
	}
	p := parser{file: file, lines: tomlfile.LinesOf(string(text))}
	s := &Sweep{File: file, Text: string(text)}
	s.Name = p.str(doc, "name", "")
	if !sweepName.MatchString(s.Name) {
		p.fail([]string{"name"}, quoted(doc["name"]), "a name of letters, digits, dots, dashes and underscores", `write for example name = "beta"`)
	}
	s.Title = p.str(doc, "title", s.Name)
	s.Question = strings.TrimSpace(p.str(doc, "question", ""))
	s.Objective, s.Minimize = p.objective(doc["objective"])
	s.Device = p.device([]string{"device"}, doc["device"])
	s.Budget, s.Choice = p.budget(doc["budget"]), p.sampler(doc["sampler"])
	s.Pruner = p.pruner(doc["pruner"])
	s.Benchmarks = p.benchmarks([]string{"benchmarks"}, doc["benchmarks"])
	s.Seeds = p.seeds([]string{"seeds"}, doc["seeds"])
	s.Sanity = p.sanity(doc["sanity"])
	s.Base = p.settings([]string{"base"}, p.table([]string{"base"}, doc["base"]))
	s.Grid, s.Space = p.axes(nil, doc)
	s.Derive = p.derivations([]string{"derive"}, p.table([]string{"derive"}, doc["derive"]))
	s.When = p.condition([]string{"when"}, doc["when"])
	s.Arms = p.arms(doc["arm"])
	p.spaces(s)
	p.derivedOfDerived(s)
	for _, k := range slices.Sorted(maps.Keys(doc)) {
		if !slices.Contains(topKeys, k) {
			p.unknownTop(k)
		}
	}
	return s, p.err()
}

// parser collects the faults of a sweep file.
type parser struct {
	file   string
	lines  tomlfile.Lines
	faults []*mmibx.InputError
}

func (p *parser) err() error {
	slices.SortStableFunc(p.faults, byLine)
	all := make([]error, len(p.faults))
	for i, f := range p.faults {
		all[i] = f
	}
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}

// place finds the line of a path, or of the nearest thing that holds it.
func (p *parser) place(path []string) Place { return Place{p.file, p.lines.Of(path...)} }

func (p *parser) fail(path []string, found, expected, cure string) {
	p.faults = append(p.faults, &mmibx.InputError{File: p.file, Line: p.place(path).Line, Key: readable(path), Found: found, Expected: expected, Cure: cure})
}

// readable writes a path for people: elements of arrays count from 1.
func readable(path []string) string {
	var b strings.Builder
	for _, part := range path {
		if n, err := strconv.Atoi(part); err == nil && b.Len() > 0 {
			fmt.Fprintf(&b, "[%d]", n+1)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	return b.String()
}

func (p *parser) unknownTop(key string) {
	cure := didYouMean(key, topKeys)
	if _, isField := mmibx.LookupField(key); cure == "" && isField || key == "preset" || key == "ib" || key == "train" || key == "align" {
		cure = "settings of the spec belong into [base], [grid] or an [[arm]]"
	}
	p.fail([]string{key}, "an unknown key", "one of "+strings.Join(topKeys, ", "), cure)
}

func (p *parser) str(doc map[string]any, key, otherwise string) string {
	v, ok := doc[key]
	if !ok {
		return otherwise
	}
	text, ok := v.(string)
	if !ok {
		p.fail([]string{key}, quoted(v), "a string", "")
	}
	return text
}

func (p *parser) table(path []string, v any) map[string]any {
	t, ok := v.(map[string]any)
	if v != nil && !ok {
		p.fail(path, quoted(v), "a table", "")
	}
	return t
}

func (p *parser) benchmarks(path []string, v any) []string {
	list, ok := v.([]any)
	if v != nil && !ok || ok && len(list) == 0 {
		p.fail(path, quoted(v), "a list of benchmarks", `write for example benchmarks = ["mini-mnre"]`)
	}
	var names []string
	for _, v := range list {
		name, _ := v.(string)
		_, known := mmibx.LookupBenchmark(name)
		switch {
		case !known:
			p.fail(path, quoted(v), "one of "+strings.Join(mmibx.BenchmarkNames(), ", "), didYouMean(name, mmibx.BenchmarkNames()))
		case slices.Contains(names, name):
			p.fail(path, quoted(v)+" twice", "each benchmark once", "")
		}
		names = append(names, name)
	}
	return names
}

// seeds takes a count or a list; without the key there is the one seed 0.
func (p *parser) seeds(path []string, v any) []int {
	list, isList := v.([]any)
	count, isCount := v.(int64)
	switch {
	case v == nil:
		return []int{0}
	case isCount && 0 < count && count <= 1000:
		list = make([]any, count)
		for i := range list {
			list[i] = int64(i)
		}
	case !isList || len(list) == 0:
		p.fail(path, quoted(v), "a count from 1 to 1000, or a list of seeds", "write seeds = 5 or seeds = [0, 1, 2]")
		return nil
	}
	var seeds []int
	for _, v := range list {
		var s mmibx.Spec
		if err := s.Set("seed", v); err != nil {
			p.refused(path, err)
		} else if slices.Contains(seeds, s.Seed) {
			p.fail(path, quoted(v)+" twice", "each seed once", "")
		}
		seeds = append(seeds, s.Seed)
	}
	return seeds
}

func (p *parser) sanity(v any) Sanity {
	wanted, ok := v.(bool)
	if v != nil && !ok {
		p.fail([]string{"sanity"}, quoted(v), "true or false", "")
	}
	return Sanity{wanted, p.place([]string{"sanity"})}
}

// armKeys are the keys of an arm that are not settings of the spec.
var armKeys = []string{"name", "device", "grid", "zip", "rows", "space", "derive", "when"}

func (p *parser) arms(v any) []Arm {
	var tables []map[string]any
	switch v := v.(type) {
	case nil:
	case []map[string]any:
		tables = v
	default:
		p.fail([]string{"arm"}, quoted(v), "arms, each under a header [[arm]]", "write [[arm]] with two brackets")
	}
	var arms []Arm
	for i, t := range tables {
		path := []string{"arm", itoa(i)}
		name, _ := t["name"].(string)
		if name == "" {
			p.fail(append(path, "name"), quoted(t["name"]), "a name for the arm", `write for example name = "text only"`)
		} else if slices.ContainsFunc(arms, func(a Arm) bool { return a.Name == name }) {
			p.fail(append(path, "name"), quoted(name)+" twice", "a name of its own for each arm", "")
		} else if strings.ContainsAny(name, `,"`) {
			p.fail(append(path, "name"), quoted(name), "a name without commas and double quotes", "--arms takes a list of names with commas between them")
		}
		settings := maps.Clone(t)
		for _, k := range armKeys {
			delete(settings, k)
		}
		derive := append(slices.Clone(path), "derive")
		axes, space := p.axes(path, t)
		where := "name"
		if _, own := t["device"]; own {
			where = "device"
		}
		arms = append(arms, Arm{
			Where: p.place(append(slices.Clone(path), where)),
			Name:  name, Device: p.device(append(slices.Clone(path), "device"), t["device"]), Settings: p.settings(path, settings), Grid: axes, Space: space,
			Derive: p.derivations(derive, p.table(derive, t["derive"])), When: p.condition(append(slices.Clone(path), "when"), t["when"]),
		})
	}
	return arms
}

// settings reads a table of keys with one value each, nested or dotted.
func (p *parser) settings(path []string, t map[string]any) []Setting {
	var settings []Setting
	p.leaves(path, "", t, func(path []string, key string, v any) {
		switch v.(type) {
		case []any, []map[string]any, map[string]any:
			p.fail(path, quoted(v), "one value", "a key with several values belongs into [grid]")
			return
		}
		if full, v, ok := p.setting(path, key, v); ok {
			settings = append(settings, Setting{full, v, p.place(path)})
		}
	})
	return settings
}

// axes reads what varies in the file or in an arm: grid, zip and rows, and the
// space of a sampler.
func (p *parser) axes(path []string, t map[string]any) ([]Axis, []Dimension) {
	at := func(key string) []string { return append(slices.Clone(path), key) }
	axes := p.grid(at("grid"), p.table(at("grid"), t["grid"]))
	if t["zip"] != nil {
		axes = append(axes, p.zip(at("zip"), p.table(at("zip"), t["zip"]))...)
	}
	if t["rows"] != nil {
		axes = append(axes, p.rows(at("rows"), t["rows"])...)
	}
	space := p.space(at("space"), p.table(at("space"), t["space"]))
	varying := slices.Clone(axes)
	for _, d := range space {
		varying = append(varying, d.layer().Axis)
	}
	varied := map[string]Place{}
	for i := range varying {
		for _, key := range varying[i].touches() {
			if first, twice := varied[key]; twice {
				p.faults = append(p.faults, &mmibx.InputError{File: p.file, Line: varying[i].Where.Line, Key: key, Found: "a key that varies twice here" + first.inWords(),
					Expected: "each key in one of grid, zip, rows and space"})
			}
			varied[key] = varying[i].Where
		}
	}
	return axes, space
}

// zip couples keys: their first values go together, their second ones, and so on.
func (p *parser) zip(path []string, t map[string]any) []Axis {
	before := len(p.faults)
	columns := p.grid(path, t)
	if len(p.faults) > before {
		return nil
	}
	if len(columns) < 2 {
		p.fail(path, "fewer", "two or more keys whose values go together", "a single key belongs into grid")
		return nil
	}
	axis := Axis{Where: p.place(path), Points: make([][]any, len(columns[0].Points))}
	for _, c := range columns {
		if len(c.Points) != len(axis.Points) {
			p.fail(append(slices.Clone(path), c.Keys[0]), fmt.Sprintf("%d values", len(c.Points)), fmt.Sprintf("%d, as many as %s has", len(axis.Points), columns[0].Keys[0]), "")
			return nil
		}
		axis.Keys = append(axis.Keys, c.Keys[0])
		for i, values := range c.Points {
			axis.Points[i] = append(axis.Points[i], values[0])
		}
	}
	return []Axis{axis}
}

// rows reads points that are written out, each a table of settings.
func (p *parser) rows(path []string, v any) []Axis {
	tables, ok := v.([]map[string]any)
	if list, isList := v.([]any); isList { // written inline
		ok = !slices.ContainsFunc(list, func(v any) bool { _, is := v.(map[string]any); return !is })
		for _, v := range list {
			t, _ := v.(map[string]any)
			tables = append(tables, t)
		}
	}
	if !ok || len(tables) == 0 {
		p.fail(path, quoted(v), "a list of tables of settings", `write for example rows = [{ "ib.size" = 4 }, { "ib.size" = 16, "align.tau" = 0.05 }]`)
		return nil
	}
	axis := Axis{Where: p.place(path)}
	var rows []map[string]any
	for i, t := range tables {
		row := map[string]any{}
		for _, s := range p.settings(append(slices.Clone(path), itoa(i)), t) {
			row[s.Key] = s.Value
			if !slices.Contains(axis.Keys, s.Key) {
				axis.Keys = append(axis.Keys, s.Key)
			}
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		values := make([]any, len(axis.Keys))
		for i, k := range axis.Keys {
			values[i] = row[k]
		}
		axis.Points = append(axis.Points, values)
	}
	return []Axis{axis}
}

// grid reads a table of keys with several values each, nested or dotted.
func (p *parser) grid(path []string, t map[string]any) []Axis {
	var axes []Axis
	p.leaves(path, "", t, func(path []string, key string, v any) {
		list, ok := v.([]any)
		if tables, isTables := v.([]map[string]any); isTables { // a list of nothing but ranges
			for _, t := range tables {
				list = append(list, t)
			}
			ok = true
		}
		if r, isRange := v.(map[string]any); isRange {
			list, ok = []any{r}, true
		}
		if !ok || len(list) == 0 {
			p.fail(path, quoted(v), "a list of values or a range", `write for example [0.1, 1] or {from = 0.01, to = 1, n = 3, scale = "log"}`)
			return
		}
		if axis, ok := p.axis(path, key, list); ok {
			axes = append(axes, axis)
		}
	})
	return axes
}

// leaves walks a nested table to the keys of the spec, in the order of their names.
func (p *parser) leaves(path []string, prefix string, t map[string]any, leaf func(path []string, key string, v any)) {
	seen := map[string]bool{}
	var walk func(path []string, prefix string, t map[string]any)
	walk = func(path []string, prefix string, t map[string]any) {
		for _, k := range slices.Sorted(maps.Keys(t)) {
			at := append(slices.Clone(path), k)
			if inner, ok := t[k].(map[string]any); ok && !isRange(inner) {
				walk(at, prefix+k+".", inner)
				continue
			}
			for _, full := range standsFor(prefix + k) {
				if seen[full] {
					p.fail(at, "a second value for "+full, "one", "")
				}
				seen[full] = true
			}
			leaf(at, prefix+k, t[k])
		}
	}
	walk(path, prefix, t)
}

func (p *parser) axis(path []string, key string, list []any) (Axis, bool) {
	before := len(p.faults)
	var values []any
	full := key
	for _, v := range p.expand(path, key, list) {
		var ok bool
		if full, v, ok = p.setting(path, key, v); !ok {
			break // one fault per key is enough
		}
		values = append(values, v)
	}
	return oneKey(full, values, p.place(path)), len(p.faults) == before
}

// setting checks a key and its value; it returns the full key and the value in
// the field's own type.
func (p *parser) setting(path []string, key string, v any) (string, any, bool) {
	switch key {
	case "preset":
		if _, ok := v.(string); !ok {
			p.fail(path, quoted(v), "a string", "")
		}
		return key, v, true
	case "benchmark", "seed":
		p.fail(path, "a setting", "`"+key+"s` at the top of the file", "every arm runs on the same benchmarks with the same seeds")
		return "", nil, false
	}
	full := standsFor(key)[0]
	if _, known := mmibx.LookupField(full); !known {
		p.unknownField(path, key)
		return "", nil, false
	}
	var s mmibx.Spec
	if err := s.Set(full, v); err != nil {
		p.refused(path, err)
		return "", nil, false
	}
	v, _ = s.Get(full)
	if key == "ib.beta" {
		full = key
	}
	return full, v, true
}

func (p *parser) unknownField(path []string, key string) {
	cure := didYouMean(key, append([]string{"ib.beta", "preset"}, expressible()...))
	if cure == "" {
		cure = "`mmibx fields` lists the keys"
	}
	p.faults = append(p.faults, &mmibx.InputError{File: p.file, Line: p.place(path).Line, Key: key, Found: "an unknown key", Expected: "a field of the spec", Cure: cure})
}

// refused records what the spec says of a value, with the place added.
func (p *parser) refused(path []string, err error) {
	fault := &mmibx.InputError{Key: readable(path), Found: err.Error()}
	var in *mmibx.InputError
	if errors.As(err, &in) {
		clone := *in
		fault = &clone
	}
	fault.File, fault.Line = p.file, p.place(path).Line
	p.faults = append(p.faults, fault)
}
