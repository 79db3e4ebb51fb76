package main

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	statistics "github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/tracker"
)

// judgedStore is a UI on the store of two, and the ids of its arms by model.
func judgedStore(t *testing.T) (u *ui, arms map[string]string) {
	t.Helper()
	u = newUI(&app{storeDir: string(storeOfTwo(t)), dataDir: t.TempDir()})
	t.Cleanup(u.close)
	b, err := u.Board(t.Context(), "two")
	if err != nil || len(b.Arms) != 2 {
		t.Fatalf("%d arms (%v)", len(b.Arms), err)
	}
	arms = map[string]string{}
	for _, a := range b.Arms {
		arms[a.Label] = a.ID
	}
	return u, arms
}

func TestUIAgainst(t *testing.T) {
	u, arms := judgedStore(t)
	m, err := u.Against(t.Context(), "two", "mini-mnre", "")
	if err != nil {
		t.Fatal(err)
	}
	mark := m.Of[arms["mmib"]]
	if m.Baseline != arms["text"] || m.Left != 0 || mark.Verdict != statistics.Better || !(mark.Difference > 0) {
		t.Errorf("%+v", m)
	}
	back, err := u.Against(t.Context(), "two", "mini-mnre", arms["mmib"])
	if err != nil {
		t.Fatal(err)
	}
	if turned := back.Of[arms["text"]]; turned.Verdict != statistics.Worse || math.Abs(turned.Difference+mark.Difference) > 1e-9 {
		t.Errorf("the other way round: %+v, first %+v", turned, mark)
	}
	if m, err = u.Against(t.Context(), "two", "twitter2017", ""); err != nil || m.Baseline != "" {
		t.Errorf("a benchmark without runs: %+v (%v)", m, err)
	}
}

// TestUIAgainstPiecemeal: a call makes one comparison, and remembers it.
func TestUIAgainstPiecemeal(t *testing.T) {
	u, arms := judgedStore(t)
	s := u.sweeps["two"]
	other := s.plan.Cells[0]
	for _, c := range s.plan.Cells {
		if c.Arm == arms["mmib"] {
			other = c
		}
	}
	for seed := range 3 { // a third arm, of runs that the second has made
		c := other
		c.Arm, c.Run, c.Spec.Seed = "third", "third"+string(rune('0'+seed)), seed
		s.plan.Cells = append(s.plan.Cells, c)
		for _, r := range s.rows {
			if r.Arm == arms["mmib"] && r.Seed == seed {
				s.rows[c.Run] = r
			}
		}
	}
	m, err := u.Against(t.Context(), "two", "mini-mnre", "")
	if err != nil || m.Left != 0 || len(u.judge.made) != 1 { // the same runs are the same comparison
		t.Errorf("%+v, %d made (%v)", m, len(u.judge.made), err)
	}
	m, err = u.Against(t.Context(), "two", "mini-mnre", "third")
	if err != nil || m.Left != 1 || m.Of[arms["text"]].Verdict != "" {
		t.Errorf("after one piece: %+v (%v)", m, err)
	}
	if m, err = u.Against(t.Context(), "two", "mini-mnre", "third"); err != nil || m.Left != 0 || len(m.Of) != 2 {
		t.Errorf("after two: %+v (%v)", m, err)
	}
}

// TestUIAgainstGone: predictions that are gone are said, and hide no other arm.
func TestUIAgainstGone(t *testing.T) {
	u, arms := judgedStore(t)
	objects, err := filepath.Glob(filepath.Join(u.app.storeDir, "objects", "*", "*"))
	if err != nil || len(objects) == 0 {
		t.Fatal(err, len(objects))
	}
	for _, o := range objects {
		if err := os.Remove(o); err != nil {
			t.Fatal(err)
		}
	}
	m, err := u.Against(t.Context(), "two", "mini-mnre", "")
	if mark := m.Of[arms["mmib"]]; err != nil || m.Left != 0 || mark.Why == "" || mark.Verdict != "" {
		t.Errorf("%+v (%v)", m, err)
	}
}

// TestUITestSealed: judging looks at no prediction on test.
func TestUITestSealed(t *testing.T) {
	u, _ := judgedStore(t)
	if _, err := u.Against(t.Context(), "two", "mini-mnre", ""); err != nil {
		t.Fatal(err)
	}
	still, err := tui.Snapshot(t.Context(), u.options(), "board", "two", 120, 40)
	if err != nil {
		t.Fatal(err)
	}
	if text := still.Text(); !strings.Contains(text, "vs text") || !strings.Contains(text, " *") {
		t.Error(text)
	}
	if looks, err := u.db.Looks(t.Context(), u.sweeps["two"].plan.Cells[0].Run); err != nil || len(looks) > 0 {
		t.Errorf("looks at test were recorded: %v (%v)", looks, err)
	}
}

// TestUICompare: the compare screen's numbers are those of mmibx compare, and where
// two arms disagree is what was planted: text errs on every third pair, mmib on
// every ninth.
func TestUICompare(t *testing.T) {
	u, arms := judgedStore(t)
	b, err := u.Board(t.Context(), "two")
	if err != nil {
		t.Fatal(err)
	}
	runs := map[string][]string{}
	for _, a := range b.Arms {
		runs[a.ID] = a.Runs
	}
	list, err := u.Compare(t.Context(), runs[arms["mmib"]], runs[arms["text"]])
	if err != nil || len(list) != 1 {
		t.Fatalf("%d comparisons (%v)", len(list), err)
	}
	command, err := u.app.compare(t.Context(), u.db, "model=mmib", "model=text", compareFlags{split: "dev", difference: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := list[0].Comparison, command[0].Comparison; got.Difference.Value != want.Difference.Value || got.Difference.Low != want.Difference.Low || got.Randomisation.P != want.Randomisation.P {
		t.Errorf("%+v, the command says %+v", got.Difference, want.Difference)
	}
	if _, err := u.Compare(t.Context(), nil, runs[arms["text"]]); err != nil {
		t.Errorf("nothing to compare: %v", err)
	}
	found, err := u.Disagree(t.Context(), [][]string{runs[arms["mmib"]], runs[arms["text"]]}, 5)
	if err != nil || len(found) != 5 {
		t.Fatalf("%d examples (%v)", len(found), err)
	}
	for _, d := range found {
		if x, y := d.Sides[0], d.Sides[1]; x.Runs != 3 || y.Runs != 3 || x.Right == y.Right || d.Benchmark != "mini-mnre" {
			t.Errorf("%s: %+v", d.Example.ID, d.Sides)
		}
	}
}

// TestUIPaper: the table of marked runs is the CLI's with a filter, and is of one
// sweep; a figure is a PDF.
func TestUIPaper(t *testing.T) {
	u, arms := judgedStore(t)
	t.Chdir(t.TempDir())
	b, err := u.Board(t.Context(), "two")
	if err != nil {
		t.Fatal(err)
	}
	var runs []string
	for _, a := range b.Arms {
		if a.ID == arms["mmib"] {
			runs = a.Runs
		}
	}
	made, err := u.Table(t.Context(), tui.PaperQuery{Runs: runs}, func(string, int, int) {})
	if err != nil || made.Sweep != "two" || !slices.Equal(made.Row, []string{"MMIB"}) || !strings.Contains(made.LaTeX, "94.00") {
		t.Fatalf("%+v (%v)", made, err)
	}
	words := append(strings.Split("table --sweep two --format latex --store "+u.app.storeDir+" --filter", " "), "id in ("+strings.Join(runs, ", ")+")")
	if out, err := mmibxSays(t, words...); err != nil || out != made.LaTeX {
		t.Errorf("the command prints another table (%v):\n%s", err, out)
	}
	path, err := u.SaveTable(t.Context(), tui.PaperQuery{Sweep: "two", Baseline: "Text only"}, "two.tex")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "↑") && !strings.Contains(string(text), "uparrow") {
		t.Errorf("no arrow against the baseline (%v):\n%s", err, text)
	}
	if path, err = u.Figure(t.Context(), tui.PaperQuery{Sweep: "two"}, "curves", "curves.pdf"); err != nil {
		t.Fatal(err)
	}
	if blob, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(blob), "%PDF") {
		t.Errorf("the figure is no PDF (%v)", err)
	}
}

// TestUIPaperOfBin: runs that are all in the bin have no table.
func TestUIPaperOfBin(t *testing.T) {
	u, arms := judgedStore(t)
	b, err := u.Board(t.Context(), "two")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(b.Arms, func(a tui.Arm) bool { return a.ID == arms["mmib"] })
	if _, err := u.Remove(t.Context(), b.Arms[i].Runs); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Table(t.Context(), tui.PaperQuery{Runs: b.Arms[i].Runs}, func(string, int, int) {}); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// TestNothingToLookAt: where no run is done nothing is looked at.
func TestNothingToLookAt(t *testing.T) {
	u, _ := judgedStore(t)
	err := u.with(t.Context(), func(db *tracker.DB) error {
		_, err := u.app.answers(t.Context(), db, []result{{State: mmibx.Queued}}, mmibx.Test)
		return err
	})
	if n := looks(t, u.store); err != nil || n != 0 {
		t.Errorf("%d looks (%v)", n, err)
	}
}

func TestUsualBaseline(t *testing.T) {
	arms := []contender{{label: "mmib"}, {label: "text  lr .001", text: true}, {label: "text", text: true}, {label: "text  lr .01", text: true}}
	if i := usualBaseline(arms); arms[i].label != "text" {
		t.Errorf("the baseline is %s", arms[i].label)
	}
	if i := usualBaseline(arms[:1]); i != 0 {
		t.Errorf("without a text-only arm it is arm %d", i)
	}
}
