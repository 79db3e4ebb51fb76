package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Layout is a declaration with the runs that stand in its rows, before anything
// is scored.
type Layout struct {
	*Declaration
	// LeftOut counts methods of the sweeps that no row shows.
	LeftOut int
	groups  []layoutGroup
	runs    []Run // of all rows
	pruned  []Run // of methods that have a row
}

type layoutGroup struct {
	title string
	apart bool
	rows  []layoutRow
}

type layoutRow struct {
	key, title string
	runs       []Run
	pruned     []Run // of the methods of these, or of the arms that they are pooled from
	published  []*PublishedScore
	pooled     bool // holds several arms of a benchmark
}

// Matcher finds the arms that have a run which passes a filter.
type Matcher func(filter string) (arms map[string]bool, err error)

// Lay puts runs into the rows of a declaration. Pruned runs have no score in any: a
// cell knows that they were planned, and a budget what they took. A row that stands for nothing is a fault, as is
// one with a title that several arms of a benchmark would share.
func (d *Declaration) Lay(runs []Run, match Matcher) (*Layout, error) {
	runs = named(runs)
	pruned := slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.State != mmibx.Pruned })
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.State == mmibx.Pruned })
	slices.SortStableFunc(runs, compareRuns)
	l := &Layout{Declaration: d}
	if len(d.Groups) == 0 {
		l.groups = groupByModel(runs)
	}
	shown := map[string]bool{}
	for i := range d.Groups {
		g := layoutGroup{title: d.Groups[i].Title, apart: d.Groups[i].Apart}
		for j := range d.Groups[i].Rows {
			p := placer{d: d, runs: runs, pruned: pruned, match: match, shown: shown, row: &d.Groups[i].Rows[j], path: []string{"group", fmt.Sprint(i), "rows", fmt.Sprint(j)}}
			rows, err := p.place()
			if err != nil {
				return nil, err
			}
			g.rows = append(g.rows, rows...)
			markShown(shown, rows)
		}
		if len(g.rows) > 0 { // of all published scores none may be of these benchmarks
			l.groups = append(l.groups, g)
		}
	}
	early := map[string][]Run{} // by method
	for _, r := range pruned {
		early[r.method] = append(early[r.method], r)
	}
	for _, g := range l.groups {
		for i := range g.rows {
			r := &g.rows[i]
			l.runs = append(l.runs, r.runs...)
			if !r.pooled {
				methods := map[string]bool{}
				markShown(methods, g.rows[i:i+1])
				for method := range methods {
					r.pruned = append(r.pruned, early[method]...)
				}
				slices.SortStableFunc(r.pruned, compareRuns)
			}
		}
		markShown(shown, g.rows)
	}
	l.pruned = slices.DeleteFunc(pruned, func(r Run) bool { return !shown[r.method] })
	for _, method := range chunks(runs, func(r Run) string { return r.method }) {
		if method[0].System == "" && !shown[method[0].method] {
			l.LeftOut++
		}
	}
	if len(l.groups) == 0 {
		return nil, fmt.Errorf("table %s: %w: no run and no score stands in it", d.Name, mmibx.ErrNotFound)
	}
	return l, l.checkBaseline()
}

// markShown notes which methods rows show.
func markShown(shown map[string]bool, rows []layoutRow) {
	for _, r := range rows {
		for _, of := range [][]Run{r.runs, r.pruned} {
			for i := range of {
				shown[of[i].method] = true
			}
		}
	}
}

// named sets the methods of runs, which are asked for again and again: working
// out a label goes through every field of the spec.
func named(runs []Run) []Run {
	runs = slices.Clone(runs)
	labels := map[string]string{} // by arm
	for i := range runs {
		r := &runs[i]
		label, ok := labels[r.Arm]
		if !ok || r.Arm == "" {
			label = cmp.Or(r.System, armLabel(r.Spec))
			labels[r.Arm] = label
		}
		r.method = label
	}
	return runs
}

// checkBaseline refuses a baseline that is no row, before a look is spent on it.
func (l *Layout) checkBaseline() error {
	if l.Baseline == "" {
		return nil
	}
	_, err := l.rows().Row(l.Baseline)
	if fault, ok := err.(*mmibx.InputError); ok {
		fault.File, fault.Line = l.File, l.lines.Of("baseline")
	}
	return err
}

// Runs are the ids of the runs in the rows, the pruned ones of their methods among
// them, each once.
func (l *Layout) Runs() []string {
	var ids []string
	seen := map[string]bool{}
	for _, of := range [][]Run{l.runs, l.pruned} {
		for i := range of {
			if id := of[i].ID; !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// UsualBaseline is that of the rows.
func (l *Layout) UsualBaseline() string { return l.rows().UsualBaseline() }

// Tried lists the runs that a budget of a row counts and that are at their end; ok
// is false where there is no such row.
func (l *Layout) Tried(row string) (runs []string, ok bool) {
	for _, g := range l.groups {
		for i := range g.rows {
			if r := &g.rows[i]; r.key == row {
				for _, run := range r.tried() {
					if run.State.Final() {
						runs = append(runs, run.ID)
					}
				}
				return runs, true
			}
		}
	}
	return nil, false
}

// Done lists the finished runs that a row has now, by the row's key, on a
// benchmark or, where that is "", on all of the columns; ok is false where there is
// no such row.
func (l *Layout) Done(row, benchmark string) (runs []string, ok bool) {
	names := l.benchmarkNames(l.runs)
	for _, g := range l.groups {
		for _, r := range g.rows {
			if r.key != row {
				continue
			}
			for i := range r.runs {
				of := r.runs[i].Spec.Benchmark
				if r.runs[i].State == mmibx.Done && (of == benchmark || benchmark == "" && (len(names) == 0 || slices.Contains(names, of))) {
					runs = append(runs, r.runs[i].ID)
				}
			}
			return runs, true
		}
	}
	return nil, false
}

// rows is the table without columns.
func (l *Layout) rows() *Table {
	t := &Table{Name: l.Name}
	for _, g := range l.groups {
		group := Group{Title: g.title, Apart: g.apart}
		for _, r := range g.rows {
			group.Rows = append(group.Rows, Row{Key: r.key, Title: r.title})
		}
		t.Groups = append(t.Groups, group)
	}
	return t
}

func compareRuns(a, b Run) int {
	return cmp.Or(
		cmp.Compare(a.System, b.System),
		cmp.Compare(modelOrder(a.Spec), modelOrder(b.Spec)),
		naturalCompare(a.method, b.method),
		cmp.Compare(a.Spec.Seed, b.Spec.Seed),
		cmp.Compare(a.ID, b.ID),
	)
}

// groupByModel lays sorted runs out where a declaration says nothing: a row per
// arm, a group for the models that have one arm and one for each that has several.
// Systems whose predictions were imported stand in a group of their own below.
func groupByModel(runs []Run) []layoutGroup {
	own := slices.IndexFunc(runs, func(r Run) bool { return r.System != "" })
	if own < 0 {
		own = len(runs)
	}
	var groups []layoutGroup
	singles, imported := layoutGroup{}, layoutGroup{}
	arms := chunks(runs[:own], func(r Run) string { return r.method })
	for _, model := range chunks(arms, func(arm []Run) string { return arm[0].Spec.Model.Name }) {
		var rows []layoutRow
		for _, arm := range model {
			rows = append(rows, rowOf(arm))
		}
		if len(rows) == 1 {
			singles.rows = append(singles.rows, rows...)
		} else {
			groups = append(groups, layoutGroup{rows: rows})
		}
	}
	if len(singles.rows) > 0 {
		groups = slices.Insert(groups, 0, singles)
	}
	for _, system := range chunks(runs[own:], func(r Run) string { return r.System }) {
		imported.rows = append(imported.rows, rowOf(system))
	}
	if len(imported.rows) > 0 {
		groups = append(groups, imported)
	}
	return groups
}

// rowOf is the row of a method, by its own name.
func rowOf(runs []Run) layoutRow {
	if system := runs[0].System; system != "" {
		return layoutRow{key: Key("imported " + system), title: system, runs: runs}
	}
	return layoutRow{key: Key(runs[0].method), title: ArmTitle(runs[0].Spec), runs: runs}
}

// placer makes the rows of one declaration of a row.
type placer struct {
	d      *Declaration
	runs   []Run // sorted
	pruned []Run
	match  Matcher
	shown  map[string]bool // methods that have a row
	row    *RowDeclaration
	path   []string
}

func (p *placer) fault(key, found, expected, cure string) error {
	return p.d.fault(append(slices.Clone(p.path), key), found, expected, cure)
}

func (p *placer) place() ([]layoutRow, error) {
	if p.row.Published != "" {
		return p.published()
	}
	key, value := "arm", p.row.Arm
	var stands func(*Run) bool
	switch {
	case p.row.System != "":
		key, value = "system", p.row.System
		stands = func(r *Run) bool { return r.System == value }
	case p.row.Filter != "":
		key, value = "filter", p.row.Filter
		arms, err := p.match(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.fault(key, fmt.Sprintf("%q", value), "a filter", ""), err)
		}
		stands = func(r *Run) bool { return r.System == "" && arms[r.Arm] }
	default:
		stands = func(r *Run) bool { return r.System == "" && (value == "*" || slices.Contains(r.Names, value)) }
	}
	runs, pruned := those(p.runs, stands), those(p.pruned, stands)
	if len(runs) == 0 && (len(pruned) == 0 || p.row.Pool == "") {
		names := p.names(key)
		return nil, p.fault(key, fmt.Sprintf("%q, which no run of the table's sweeps stands for", value), "one of "+orNone(names), didYouMean(value, names))
	}
	if p.row.Pool == "model" {
		return pooled(runs, pruned), nil
	}
	if p.row.Title != "" {
		row := layoutRow{key: Key(value), title: p.row.Title, runs: runs}
		return []layoutRow{row}, p.oneArm(key, runs)
	}
	var rows []layoutRow
	for _, method := range chunks(runs, func(r Run) string { return r.method }) {
		if !p.shown[method[0].method] {
			rows = append(rows, rowOf(method))
		}
	}
	return rows, nil
}

func those(runs []Run, stand func(*Run) bool) []Run {
	var list []Run
	for i := range runs {
		if stand(&runs[i]) {
			list = append(list, runs[i])
		}
	}
	return list
}

// names are the words that a key could have had.
func (p *placer) names(key string) []string {
	var names []string
	for i := range p.runs {
		of := p.runs[i].Names
		if key == "system" {
			of = []string{p.runs[i].System}
		}
		for _, n := range of {
			if key != "filter" && n != "" && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "those that there are, of which there is none"
	}
	return strings.Join(names, ", ")
}

// oneArm refuses a title that several arms would share.
func (p *placer) oneArm(key string, runs []Run) error {
	arms := map[string]*Run{}
	for i := range runs {
		r := &runs[i]
		first, ok := arms[r.Spec.Benchmark]
		if ok && first.Arm != r.Arm && r.System == "" {
			return p.fault(key, fmt.Sprintf("several methods on %s under one title: %s; %s", r.Spec.Benchmark, ArmTitle(first.Spec), ArmTitle(r.Spec)),
				"one method", "leave the title out: then each has its row")
		}
		arms[r.Spec.Benchmark] = r
	}
	return nil
}

// pooled makes a row per model of all of its arms.
func pooled(runs, pruned []Run) []layoutRow {
	var rows []layoutRow
	all := slices.Concat(runs, pruned)
	slices.SortStableFunc(all, compareRuns)
	for _, model := range chunks(all, func(r Run) string { return r.Spec.Model.Name }) {
		name := model[0].Spec.Model.Name
		title := name
		if m, ok := mmibx.LookupModel(name); ok {
			title = m.Title
		}
		early := func(r *Run) bool { return r.State == mmibx.Pruned }
		rows = append(rows, layoutRow{
			key: Key(name), title: title, pooled: true, pruned: those(model, early),
			runs: those(model, func(r *Run) bool { return !early(r) }),
		})
	}
	return rows
}

// published makes a row per method, and a further one where a source has another
// score of the same benchmark.
func (p *placer) published() ([]layoutRow, error) {
	all, err := PublishedScores()
	if err != nil {
		return nil, err
	}
	benchmarks := p.d.benchmarkNames(p.runs)
	var rows []layoutRow
	at := map[string][]int{} // rows of a method
	for i := range all.Scores {
		s := &all.Scores[i]
		if p.row.Published != "*" && (s.Method != p.row.Published || s.Variant != p.row.Variant) ||
			p.row.Source != "" && !slices.Contains(s.Sources, p.row.Source) || !slices.Contains(benchmarks, s.Benchmark) {
			continue
		}
		name := s.Name()
		k := slices.IndexFunc(at[name], func(n int) bool {
			return !slices.ContainsFunc(rows[n].published, func(o *PublishedScore) bool { return o.Benchmark == s.Benchmark })
		})
		if k < 0 {
			k = len(at[name])
			at[name] = append(at[name], len(rows))
			key := Key("published " + name)
			if k > 0 {
				key += fmt.Sprintf(".%d", k+1)
			}
			rows = append(rows, layoutRow{key: key})
		}
		row := &rows[at[name][k]]
		row.published = append(row.published, s)
		row.title = cmp.Or(p.row.Title, name) + " [" + strings.Join(sourcesOf(row.published), ", ") + "]"
	}
	if len(rows) == 0 && p.row.Published != "*" {
		return nil, p.fault("published", fmt.Sprintf("%q", p.row.Published), "a method with a score on "+strings.Join(benchmarks, ", "), "")
	}
	return rows, nil
}

func sourcesOf(scores []*PublishedScore) []string {
	var keys []string
	for _, s := range scores {
		for _, k := range s.Sources {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// benchmarkNames are those of the columns.
func (d *Declaration) benchmarkNames(runs []Run) []string {
	var names []string
	for _, c := range d.columns() {
		for _, b := range c.benchmarks(runs) {
			if !slices.Contains(names, b.Name) {
				names = append(names, b.Name)
			}
		}
	}
	return names
}

// benchmarks are those of a column: as declared, else all that the runs have.
func (c *ColumnDeclaration) benchmarks(runs []Run) []mmibx.Benchmark {
	list := mmibx.BenchmarksOf(runs, func(r Run) string { return r.Spec.Benchmark })
	if len(c.Benchmarks) > 0 {
		list = nil
		for _, name := range c.Benchmarks {
			b, ok := mmibx.LookupBenchmark(name)
			if !ok {
				b = mmibx.Benchmark{Name: name, Title: name}
			}
			list = append(list, b)
		}
	}
	return slices.DeleteFunc(list, func(b mmibx.Benchmark) bool { return c.Task != "" && b.Task != c.Task })
}
