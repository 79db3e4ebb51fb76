package reports

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/tomlfile"
)

// Declaration says what a table shows: docs/reference/tables.md has its keys.
type Declaration struct {
	Name       string              `toml:"name" json:"name"`
	Caption    string              `toml:"caption" json:"caption,omitempty"`
	Corner     string              `toml:"corner" json:"corner,omitempty"`
	Sweeps     []string            `toml:"sweeps" json:"sweeps,omitempty"` // whose runs
	Filter     string              `toml:"filter" json:"filter,omitempty"` // only runs that pass
	Split      mmibx.Split         `toml:"split" json:"split"`
	Digits     int                 `toml:"digits" json:"digits"`
	Baseline   string              `toml:"baseline" json:"baseline,omitempty"` // key or title of a row; "": nothing is tested
	Correction Correction          `toml:"correction" json:"correction,omitempty"`
	Venue      string              `toml:"venue" json:"venue,omitempty"`
	Wide       bool                `toml:"wide" json:"wide,omitempty"`
	SIunitx    bool                `toml:"siunitx" json:"siunitx,omitempty"` // columns of siunitx, in LaTeX
	Average    bool                `toml:"average" json:"average,omitempty"` // a last column of each score: its mean over the benchmarks
	Columns    []ColumnDeclaration `toml:"column" json:"columns,omitempty"`
	Groups     []GroupDeclaration  `toml:"group" json:"groups,omitempty"` // none: a row per arm, grouped by model

	// With are systems whose predictions stand in a group of their own, where a
	// file declares no groups.
	With []string `toml:"-" json:"with,omitempty"`
	// File is where it was read, and Digest the SHA-256 of the text; "" for one
	// that flags made or that ships.
	File   string `toml:"-" json:"file,omitempty"`
	Digest string `toml:"-" json:"digest,omitempty"`

	lines tomlfile.Lines
}

// ColumnDeclaration stands for a column per benchmark and metric.
type ColumnDeclaration struct {
	Title      string     `toml:"title" json:"title,omitempty"`           // of a single column
	Benchmarks []string   `toml:"benchmarks" json:"benchmarks,omitempty"` // none: all that the rows have
	Task       mmibx.Task `toml:"task" json:"task,omitempty"`             // only benchmarks of it
	Metrics    []string   `toml:"metrics" json:"metrics,omitempty"`       // none: f1
	Digits     *int       `toml:"digits" json:"digits,omitempty"`         // nil: the table's, or the metric's own
}

// GroupDeclaration holds the rows between two rules.
type GroupDeclaration struct {
	Title string           `toml:"title" json:"title,omitempty"`
	Apart bool             `toml:"apart" json:"apart,omitempty"` // is not ranked and not tested
	Rows  []RowDeclaration `toml:"rows" json:"rows"`
}

// RowDeclaration says which runs, predictions or published scores stand in a row,
// by one of Arm, Filter, System and Published. With a title it is one method; an arm
// or a filter without one stands for a row per method.
type RowDeclaration struct {
	Title     string `toml:"title" json:"title,omitempty"`
	Arm       string `toml:"arm" json:"arm,omitempty"`             // by its name in a sweep file; * for all
	Filter    string `toml:"filter" json:"filter,omitempty"`       // as in mmibx runs list
	System    string `toml:"system" json:"system,omitempty"`       // whose predictions were imported
	Published string `toml:"published" json:"published,omitempty"` // a method; * for all
	Variant   string `toml:"variant" json:"variant,omitempty"`     // of the published method
	Source    string `toml:"source" json:"source,omitempty"`       // of the published scores, where several differ
	// Pool, if "model", puts all arms of a model into one row, for budgets.
	Pool string `toml:"pool" json:"pool,omitempty"`
}

// Correction says how p-values of a column are adjusted for their number.
type Correction string

// Holm is the default.
const (
	Holm         Correction = "holm"
	NoCorrection Correction = "none"
)

// NewDeclaration is a declaration with the defaults of a file that says nothing.
func NewDeclaration(name string) *Declaration {
	return &Declaration{Name: name, Corner: "Method", Split: mmibx.Dev, Digits: 2, Correction: Holm}
}

//go:embed tables/*.toml
var standardTables embed.FS

// StandardTables lists the names of the declarations that ship.
func StandardTables() []string {
	files, err := fs.Glob(standardTables, "tables/*.toml")
	if err != nil {
		panic(err) // the pattern is valid
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(f, "tables/"), ".toml")
	}
	return files
}

// StandardTable returns the text of a declaration that ships; ErrNotFound says
// which there are.
func StandardTable(name string) ([]byte, error) {
	text, err := standardTables.ReadFile("tables/" + name + ".toml")
	if err == nil {
		return text, nil
	}
	cure := "there are " + strings.Join(StandardTables(), ", ")
	if near := mmibx.Nearest(name, StandardTables()); near != "" {
		cure = "did you mean " + near + "?"
	}
	return nil, fmt.Errorf("table %q: %w: no such file, and no table of that name ships; %s", name, mmibx.ErrNotFound, cure)
}

// The keys of a declaration, by where they stand.
var (
	tableKeys  = []string{"name", "caption", "corner", "sweeps", "filter", "split", "digits", "baseline", "correction", "venue", "wide", "siunitx", "average", "column", "group"}
	columnKeys = []string{"title", "benchmarks", "task", "metrics", "digits"}
	groupKeys  = []string{"title", "apart", "rows"}
	rowKeys    = []string{"title", "arm", "filter", "system", "published", "variant", "source", "pool"}
)

// ParseDeclaration reads the TOML text of a declaration. All faults that it finds
// come joined, in the order of their lines, each an *mmibx.InputError.
func ParseDeclaration(file string, text []byte) (*Declaration, error) {
	d := NewDeclaration("")
	d.File, d.Digest, d.lines = file, TextDigest(text), tomlfile.LinesOf(string(text))
	var doc map[string]any
	if _, err := tomlfile.Decode(file, string(text), &doc, "a table's declaration"); err != nil {
		return nil, err
	}
	c := checker{d: d}
	c.keys(nil, doc, tableKeys)
	for i, t := range tables(doc["column"]) {
		c.keys([]string{"column", strconv.Itoa(i)}, t, columnKeys)
	}
	for i, t := range tables(doc["group"]) {
		path := []string{"group", strconv.Itoa(i)}
		c.keys(path, t, groupKeys)
		for j, row := range tables(t["rows"]) {
			c.keys(append(slices.Clone(path), "rows", strconv.Itoa(j)), row, rowKeys)
		}
	}
	if len(c.faults) == 0 {
		if _, err := tomlfile.Decode(file, string(text), d, "a table's declaration, as docs/reference/tables.md has it"); err != nil {
			return nil, err
		}
		c.check()
	}
	slices.SortStableFunc(c.faults, func(a, b *mmibx.InputError) int { return a.Line - b.Line })
	var all []error
	for _, f := range c.faults {
		all = append(all, f)
	}
	return d, errors.Join(all...)
}

// TextDigest is the SHA-256 of a text, in hex.
func TextDigest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// tables are the elements of an array of tables, inline or not.
func tables(v any) []map[string]any {
	switch v := v.(type) {
	case []map[string]any:
		return v
	case []any:
		var list []map[string]any
		for _, e := range v {
			t, _ := e.(map[string]any) // what is no table has no keys
			list = append(list, t)
		}
		return list
	}
	return nil
}

// fault is an error at a key of the file.
func (d *Declaration) fault(path []string, found, expected, cure string) *mmibx.InputError {
	return &mmibx.InputError{File: d.File, Line: d.lines.Of(path...), Key: readablePath(path), Found: found, Expected: expected, Cure: cure}
}

// readablePath counts elements from 1, as people do.
func readablePath(path []string) string {
	var b strings.Builder
	for _, part := range path {
		if n, err := strconv.Atoi(part); err == nil {
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

// checker collects faults.
type checker struct {
	d      *Declaration
	faults []*mmibx.InputError
}

func (c *checker) fail(path []string, found, expected, cure string) {
	c.faults = append(c.faults, c.d.fault(path, found, expected, cure))
}

// keys refuses keys that mean nothing.
func (c *checker) keys(path []string, t map[string]any, known []string) {
	for _, k := range slices.Sorted(maps.Keys(t)) {
		if !slices.Contains(known, k) {
			c.fail(append(slices.Clone(path), k), "an unknown key", "one of "+strings.Join(known, ", "), didYouMean(k, known))
		}
	}
}

func didYouMean(word string, known []string) string {
	if near := mmibx.Nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// word holds a value against the words that there are.
func (c *checker) word(path []string, value string, known []string) {
	if !slices.Contains(known, value) {
		c.fail(path, fmt.Sprintf("%q", value), "one of "+strings.Join(known, ", "), didYouMean(value, known))
	}
}

func (c *checker) check() {
	d := c.d
	if d.Name == "" || d.Name != Key(d.Name) {
		c.fail([]string{"name"}, fmt.Sprintf("%q", d.Name), "a name of lower-case letters, digits, - and ., which names files, labels and cells", `write for example name = "main"`)
	}
	c.word([]string{"split"}, string(d.Split), []string{string(mmibx.Dev), string(mmibx.Test)})
	c.word([]string{"correction"}, string(d.Correction), []string{string(Holm), string(NoCorrection)})
	if d.Venue != "" {
		c.word([]string{"venue"}, d.Venue, venueNames())
	}
	c.digits([]string{"digits"}, &d.Digits)
	for i := range d.Columns {
		c.column([]string{"column", strconv.Itoa(i)}, &d.Columns[i])
	}
	for i := range d.Groups {
		g := &d.Groups[i]
		path := []string{"group", strconv.Itoa(i)}
		if len(g.Rows) == 0 {
			c.fail(path, "a group without rows", `rows, such as rows = [{ arm = "*" }]`, "")
		}
		for j := range g.Rows {
			c.row(append(slices.Clone(path), "rows", strconv.Itoa(j)), &g.Rows[j])
		}
	}
}

func (c *checker) digits(path []string, n *int) {
	if n != nil && (*n < 0 || *n > maxDigits) {
		c.fail(path, strconv.Itoa(*n), fmt.Sprintf("0 to %d decimals", maxDigits), "")
	}
}

const maxDigits = 6

func (c *checker) column(path []string, col *ColumnDeclaration) {
	at := func(key string) []string { return append(slices.Clone(path), key) }
	for _, b := range col.Benchmarks {
		c.word(at("benchmarks"), b, mmibx.BenchmarkNames())
	}
	if col.Task != "" {
		c.word(at("task"), string(col.Task), []string{string(mmibx.MNER), string(mmibx.MRE)})
	}
	for _, m := range col.Metrics {
		if !isMetric(m) {
			c.fail(at("metrics"), fmt.Sprintf("%q", m), "one of "+strings.Join(metricNames(), ", ")+", or f1.TYPE", didYouMean(m, metricNames()))
		}
		if _, budget := budgets[m]; budget && len(col.Benchmarks) > 0 {
			c.fail(at("benchmarks"), "benchmarks of "+m, "none: it is of the whole row", "")
		}
	}
	if col.Title != "" && (len(col.Metrics) > 1 || strings.HasSuffix(strings.Join(col.Metrics, ""), "*")) {
		c.fail(at("title"), "one title of several columns", "a title of one metric", "leave it out, or write several [[column]]")
	}
	c.digits(at("digits"), col.Digits)
}

func (c *checker) row(path []string, r *RowDeclaration) {
	at := func(key string) []string { return append(slices.Clone(path), key) }
	var by []string
	for _, k := range []struct{ key, value string }{{"arm", r.Arm}, {"filter", r.Filter}, {"system", r.System}, {"published", r.Published}} {
		if k.value != "" {
			by = append(by, k.key)
		}
	}
	if len(by) != 1 {
		found := "none of arm, filter, system, published"
		if len(by) > 0 {
			found = strings.Join(by, " and ")
		}
		c.fail(path, found, "one of these", `write for example { arm = "mmib" }`)
	}
	if r.Published == "" && (r.Variant != "" || r.Source != "") {
		c.fail(path, "variant or source of no published method", "published beside it", "")
	}
	if r.Pool != "" {
		c.word(at("pool"), r.Pool, []string{"model"})
	}
	if r.Published != "" && r.Published != "*" {
		c.published(at("published"), r)
	}
}

func (c *checker) published(path []string, r *RowDeclaration) {
	p, err := PublishedScores()
	if err != nil {
		panic(err) // what ships is valid, by its test
	}
	var names []string
	for i := range p.Scores {
		if s := &p.Scores[i]; s.Method == r.Published && s.Variant == r.Variant && (r.Source == "" || slices.Contains(s.Sources, r.Source)) {
			return
		}
		names = append(names, p.Scores[i].Method)
	}
	c.fail(path, fmt.Sprintf("%q", strings.TrimSuffix(r.Published+", "+r.Variant, ", ")), "a published method, variant and source of `mmibx published list`", didYouMean(r.Published, names))
}

// scores are the metrics of predictions; costs those of a run, less is better but
// for speed; budgets those of all runs of a row.
var (
	scores = map[string]string{"f1": "F1", "precision": "P", "recall": "R", "f1_strict": "F1 (strict)"}
	costs  = map[string]cost{
		"hours":            {title: "hours", digits: 2, lower: true},
		"minutes":          {title: "minutes", digits: 1, lower: true},
		"epochs":           {title: "epochs", metric: mmibx.Epoch, digits: 1, lower: true},
		"steps_per_second": {title: "steps/s", metric: "steps_per_second", digits: 1},
	}
	budgets = map[string]string{"trials": "trials", "runs": "runs", "total_hours": "hours", "ranges": "ranges"}
)

type cost struct {
	title  string
	metric string // that is logged; "": it is known otherwise
	digits int
	lower  bool // is better
}

var typeMetric = regexp.MustCompile(`^f1\.\S+$`)

func isMetric(m string) bool { return slices.Contains(metricNames(), m) || typeMetric.MatchString(m) }

func metricNames() []string {
	return slices.Concat(slices.Sorted(maps.Keys(scores)), slices.Sorted(maps.Keys(costs)), slices.Sorted(maps.Keys(budgets)))
}

// Metrics lists the names under which runs log what a table of dev needs, types
// written as f1.*.
func (d *Declaration) Metrics() []string {
	var names []string
	for _, m := range d.metrics() {
		c, isCost := costs[m]
		switch {
		case budgets[m] != "", isCost && c.metric == "":
		case isCost:
			names = append(names, c.metric)
		default:
			names = append(names, "dev."+m)
		}
	}
	return names
}

// Scored says that the table has a column of scores.
func (d *Declaration) Scored() bool {
	return slices.ContainsFunc(d.metrics(), func(m string) bool { return scores[m] != "" || typeMetric.MatchString(m) })
}

// WantsSweeps says that a row stands for runs of sweeps.
func (d *Declaration) WantsSweeps() bool {
	return len(d.Groups) == 0 || slices.ContainsFunc(d.rows(), func(r RowDeclaration) bool { return r.Arm != "" || r.Filter != "" })
}

// Systems lists the systems of rows of imported predictions.
func (d *Declaration) Systems() []string {
	list := slices.Clone(d.With)
	for _, r := range d.rows() {
		if r.System != "" {
			list = append(list, r.System)
		}
	}
	return list
}

// Benchmarks lists those that columns name.
func (d *Declaration) Benchmarks() []string {
	var list []string
	for _, c := range d.Columns {
		list = append(list, c.Benchmarks...)
	}
	return list
}

func (d *Declaration) rows() []RowDeclaration {
	var list []RowDeclaration
	for _, g := range d.Groups {
		list = append(list, g.Rows...)
	}
	return list
}

// metrics lists those of all columns, as declared.
func (d *Declaration) metrics() []string {
	list := []string{}
	for _, c := range d.columns() {
		for _, m := range c.Metrics {
			if !slices.Contains(list, m) {
				list = append(list, m)
			}
		}
	}
	return list
}

// columns are those declared, with f1 where nothing is said.
func (d *Declaration) columns() []ColumnDeclaration {
	if len(d.Columns) == 0 {
		return []ColumnDeclaration{{Metrics: []string{"f1"}}}
	}
	list := slices.Clone(d.Columns)
	for i := range list {
		if len(list[i].Metrics) == 0 {
			list[i].Metrics = []string{"f1"}
		}
	}
	return list
}
