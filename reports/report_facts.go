package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// failures lists what gave no score, and what that does to means.
func (r *Report) failures() section {
	s := section{ID: "failures", Title: "Failures and survivorship"}
	failed := grid{Title: "Runs that ended badly", Head: []string{"Run", "Setting", "Benchmark", "Seed", "State", "Class", "Error"}}
	for _, x := range r.planned() {
		switch x.State {
		case mmibx.Failed, mmibx.Diverged, mmibx.Lost:
			failed.Rows = append(failed.Rows, []string{x.ID, ArmTitle(x.Spec), benchmarkTitle(x.Spec.Benchmark), fmt.Sprint(x.Spec.Seed), string(x.State), x.Class, mmibx.FirstLine(x.Error)})
		}
	}
	survived := grid{
		Title: "Arms that lost seeds", Head: []string{"Setting", "Benchmark", "Planned", "With a score", "Mean of these", "Mean if the failed had scored 0"},
		Foot: "A mean over the seeds that survived flatters an arm whose bad seeds fail. The last column is the least that it can be; what is queued or runs still is in neither.",
	}
	missing := 0
	for _, arm := range r.arms() {
		var scores []float64
		bad := 0
		for _, x := range arm {
			switch {
			case x.State == mmibx.Done && x.Score != nil && mmibx.Finite(*x.Score):
				scores = append(scores, *x.Score)
			case x.State != mmibx.Queued && x.State != mmibx.Running:
				bad++
			}
		}
		if len(scores) == 0 {
			missing++
		}
		if bad == 0 {
			continue
		}
		mean, least := dash, 0.0
		if len(scores) > 0 {
			mean = twoDigits(stats.Mean(scores))
			least = stats.Mean(scores) * float64(len(scores)) / float64(len(scores)+bad)
		}
		survived.Rows = append(survived.Rows, []string{ArmTitle(arm[0].Spec), benchmarkTitle(arm[0].Spec.Benchmark), fmt.Sprint(len(arm)), fmt.Sprint(len(scores)), mean, twoDigits(least)})
	}
	for _, g := range []grid{failed, survived} {
		if len(g.Rows) > 0 {
			s.Grids = append(s.Grids, g)
		}
	}
	if len(s.Grids) == 0 {
		s.Text = append(s.Text, "No run failed or diverged.")
	}
	if missing > 0 {
		s.Text = append(s.Text, fmt.Sprintf("%s without any score.", counted(missing, "cell")))
	}
	return s
}

// budgets compares what was spent on each method.
func (r *Report) budgets() section {
	g := grid{
		Head: []string{"Method", "Benchmark", "Settings", "Runs done", "Hours", "Ranges"},
		Foot: "A method that was tried in more settings had more chances; compare only what had the same. Time is wall-clock, of all attempts that have ended, beside whatever else the machine did.",
	}
	unit := 3600.0
	if !slices.ContainsFunc(r.Runs, func(x Ran) bool { return x.Seconds >= 360 }) { // short runs
		g.Head[4], unit = "Minutes", 60
	}
	for _, m := range r.models() {
		runs := r.ofModel(m)
		for _, b := range mmibx.BenchmarksOf(runs, func(x Ran) string { return x.Spec.Benchmark }) {
			settings, done, seconds := map[string]bool{}, 0, 0.0
			var on []Ran
			for _, x := range runs {
				if x.Spec.Benchmark != b.Name {
					continue
				}
				on = append(on, x)
				settings[armLabel(x.Spec)] = true
				if x.State == mmibx.Done {
					done++
				}
				seconds += x.Seconds
			}
			g.Rows = append(g.Rows, []string{m.Title, b.Title, fmt.Sprint(len(settings)), fmt.Sprint(done), fmt.Sprintf("%.2f", seconds/unit), varied(on)})
		}
	}
	s := section{ID: "budgets", Title: "Tuning budgets", Grids: []grid{g}}
	if r.Plan.Hours > 0 {
		s.Text = append(s.Text, r.ofHours())
	}
	return s
}

// ofHours says what was spent of the sweep's budget of run time.
func (r *Report) ofHours() string {
	seconds, waiting := 0.0, 0
	for _, x := range r.planned() {
		seconds += x.Seconds
		if x.State == mmibx.Queued {
			waiting++
		}
	}
	text := fmt.Sprintf("The sweep had a budget of %g hours of run time, after which no further run is begun; %.2f were spent", r.Plan.Hours, seconds/3600)
	if waiting > 0 {
		text += fmt.Sprintf(", and %s not begun", counted(waiting, "run"))
	}
	return text + "."
}

// versions says what the runs ran on, and which of that is mixed.
func (r *Report) versions() section {
	g := grid{Head: []string{"What", "Value", "Runs"}}
	var mixed []string
	var names []string
	values := map[string][]string{}
	count := map[Fact]int{}
	for _, x := range r.planned() {
		if x.State != mmibx.Done {
			continue
		}
		for _, f := range x.Origin {
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
			if !slices.Contains(values[f.Name], f.Value) {
				values[f.Name] = append(values[f.Name], f.Value)
			}
			count[f]++
		}
	}
	for _, name := range names {
		if len(values[name]) > 1 {
			mixed = append(mixed, name)
		}
		slices.Sort(values[name])
		for _, v := range values[name] {
			g.Rows = append(g.Rows, []string{name, orDash(v), fmt.Sprint(count[Fact{name, v}])})
		}
	}
	text := "All runs that are done have the same of each."
	if len(mixed) > 0 {
		text = "Mixed among the runs that are done: " + strings.Join(mixed, ", ") + ". Their scores stand in one table all the same."
	}
	if len(names) == 0 {
		text = "No run is done."
	}
	return section{ID: "versions", Title: "Versions and machines", Text: []string{text}, Grids: []grid{g}}
}

func orDash(s string) string {
	if s == "" {
		return dash
	}
	return s
}

func (r *Report) looks() section {
	s := section{ID: "looks", Title: "Ledger of looks at test"}
	if len(r.Looks) == 0 {
		s.Text = []string{"Nobody has looked at a test score of these runs."}
		return s
	}
	g := grid{Head: []string{"When", "Who", "Split", "Runs of this sweep", "Command"}}
	for _, l := range r.Looks {
		g.Rows = append(g.Rows, []string{l.When, l.Who, l.Split, fmt.Sprint(l.Runs), l.What})
	}
	s.Text = []string{fmt.Sprintf("%s at test scores of these runs. What was chosen after a look was chosen with it.", counted(len(r.Looks), "look"))}
	s.Grids = []grid{g}
	return s
}

// provenance lists every run. What is the same of all stands above the list.
func (r *Report) provenance() section {
	g := grid{Head: []string{"Run", "Setting", "Benchmark", "Seed", "Score", "State", "Data", "Commit"}}
	versions := map[[2]string]bool{} // of the data, by benchmark
	benchmarks := map[string]bool{}
	for _, x := range r.Runs {
		score, state, commit := dash, string(x.State), dash
		if x.Score != nil {
			score = twoDigits(*x.Score)
		}
		switch {
		case x.Removed:
			state += ", removed"
		case x.Unasked:
			state += ", not in the plan"
		}
		if at := slices.IndexFunc(x.Origin, func(f Fact) bool { return f.Name == "commit" }); at >= 0 {
			commit = x.Origin[at].Value
		}
		data := fmt.Sprintf("%.12s", x.Data)
		versions[[2]string{x.Spec.Benchmark, data}], benchmarks[x.Spec.Benchmark] = true, true
		g.Rows = append(g.Rows, []string{x.ID, ArmTitle(x.Spec), benchmarkTitle(x.Spec.Benchmark), fmt.Sprint(x.Spec.Seed), score, state, data, commit})
	}
	text := "Every run of the sweep; mmibx runs show RUN prints the rest of what is known of one."
	for _, head := range []string{"State", "Commit"} {
		if value, same := g.constant(head); same {
			g.drop(head)
			text += fmt.Sprintf(" %s of all: %s.", head, value)
		}
	}
	if len(versions) == len(benchmarks) {
		g.drop("Data")
		text += " Each read the version of its benchmark that section Data names."
	}
	return section{ID: "provenance", Title: "Provenance", Grids: []grid{g}, Text: []string{text}}
}

// constant is what stands in every row of a column, and whether one thing does.
func (g *grid) constant(head string) (value string, same bool) {
	at := slices.Index(g.Head, head)
	for i, row := range g.Rows {
		if i > 0 && row[at] != value {
			return "", false
		}
		value = row[at]
	}
	return value, len(g.Rows) > 0
}

// drop takes a column out.
func (g *grid) drop(head string) {
	at := slices.Index(g.Head, head)
	g.Head = slices.Delete(g.Head, at, at+1)
	for i, row := range g.Rows {
		g.Rows[i] = slices.Delete(row, at, at+1)
	}
}
