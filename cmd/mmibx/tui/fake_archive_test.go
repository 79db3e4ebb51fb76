package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// fakeArchive holds the runs of the fake board. Its filter language is a word that
// a label holds, and "tag=" as a filter that is not finished.
type fakeArchive struct {
	*fake
	tags  map[string][]string
	notes map[string]string
	bin   map[string]bool
	saved []SavedList
	asked []RunsQuery
}

func newFakeArchive(f *fake) *fakeArchive {
	return &fakeArchive{fake: f, tags: map[string][]string{}, notes: map[string]string{}, bin: map[string]bool{}}
}

func fakeOptions() Options {
	e := fakeEnv(newFake())
	return Options{Reader: e.reader, Control: e.control, Judge: e.judge, Author: e.author, Press: e.press, Archive: e.archive, Curator: e.curator, Shelf: e.shelf, Monitor: e.monitor, Habits: e.habits, Shell: e.shell, Live: e.live, Clock: e.clock}
}

func (f *fakeArchive) Runs(_ context.Context, q RunsQuery) (RunsPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	f.asked = append(f.asked, q)
	page := RunsPage{Of: q}
	if strings.HasSuffix(q.Filter, "tag=") {
		page.Fault = &Fault{At: len(q.Filter), Text: "expected a value, found the end"}
		return page, f.err
	}
	for _, key := range q.Columns {
		page.Heads = append(page.Heads, Head{Title: key, Words: key == "benchmark"})
	}
	word, _, _ := strings.Cut(q.Filter, " ")
	var rows []*RunRow
	arms := map[string]*Listed{}
	for i := range f.board.Runs {
		r := &f.board.Runs[i]
		if f.bin[r.ID] != q.Bin {
			continue
		}
		if page.All++; !strings.Contains(r.Label+" state="+string(r.State), word) {
			continue
		}
		if q.ByArm {
			if arm := arms[r.Label]; arm != nil {
				arm.Counts[r.State]++
				arm.Runs = append(arm.Runs, r.ID)
				continue
			}
			arms[r.Label] = &Listed{ID: "a" + r.ID, Label: r.Label, Counts: Counts{r.State: 1}, Runs: []string{r.ID}, Cells: f.cells(r, q.Columns)}
		}
		rows = append(rows, r)
	}
	if strings.HasPrefix(q.Sort, "-") {
		slices.Reverse(rows)
	}
	page.Total = len(rows)
	if q.ByArm {
		page.All = page.Total
	}
	for _, r := range rows[min(q.From, len(rows)):min(q.From+q.Limit, len(rows))] {
		l := Listed{ID: r.ID, Label: r.Label, State: r.State, Error: r.Error, Runs: []string{r.ID}, Tags: f.tags[r.ID], Cells: f.cells(r, q.Columns)}
		if q.ByArm {
			l = *arms[r.Label]
		}
		page.Rows = append(page.Rows, l)
	}
	return page, f.err
}

func (f *fakeArchive) cells(r *RunRow, columns []string) []string {
	var cells []string
	for _, key := range columns {
		text := ""
		switch key {
		case "benchmark":
			text = r.Benchmark
		case "seed":
			text = fmt.Sprint(r.Seed)
		case mmibx.DevF1:
			text = score(r.Dev)
		case "seconds":
			text = fmt.Sprintf("%.0fs", r.Took.Seconds())
		case "train.lr":
			text = "3e-05"
		}
		cells = append(cells, text)
	}
	return cells
}

func (f *fakeArchive) Complete(_ context.Context, filter string) (Completion, error) {
	c := Completion{From: strings.LastIndexAny(filter, " =") + 1}
	for _, word := range []string{"tag", "tag=paper", "text", "β=.1"} {
		if strings.HasPrefix(word, filter[c.From:]) && word != filter[c.From:] {
			c.Words = append(c.Words, word)
		}
	}
	return c, f.err
}

func (f *fakeArchive) Keys(context.Context) ([]Pair, error) {
	return []Pair{{"benchmark", ""}, {mmibx.DevF1, "micro F1; the best epoch stands for the run"}, {"seconds", ""}, {"seed", ""}, {"train.lr", "learning rate"}}, f.err
}

func (f *fakeArchive) Lists(context.Context) ([]SavedList, error) { return f.saved, f.err }

func (f *fakeArchive) Tag(_ context.Context, runs []string, tag string) (fresh []string, err error) {
	for _, id := range runs {
		if !slices.Contains(f.tags[id], tag) {
			f.tags[id], fresh = append(f.tags[id], tag), append(fresh, id)
		}
	}
	return fresh, f.tell("tag %s %d", tag, len(runs))
}

func (f *fakeArchive) Untag(_ context.Context, runs []string, tag string) error {
	for _, id := range runs {
		f.tags[id] = slices.DeleteFunc(f.tags[id], func(t string) bool { return t == tag })
	}
	return f.tell("untag %s %d", tag, len(runs))
}

func (f *fakeArchive) Note(_ context.Context, runs []string, note string) (map[string]string, error) {
	before := map[string]string{}
	for _, id := range runs {
		before[id], f.notes[id] = f.notes[id], note
	}
	return before, f.tell("note %v %s", runs, note)
}

func (f *fakeArchive) Remove(_ context.Context, runs []string) (changed []string, err error) {
	for _, id := range runs {
		if !f.bin[id] {
			f.bin[id], changed = true, append(changed, id)
		}
	}
	return changed, f.tell("rm %d", len(runs))
}

func (f *fakeArchive) Restore(_ context.Context, runs []string) (changed []string, err error) {
	for _, id := range runs {
		if f.bin[id] {
			changed = append(changed, id)
		}
		delete(f.bin, id)
	}
	return changed, f.tell("restore %d", len(runs))
}

func (f *fakeArchive) RetryRuns(_ context.Context, runs []string) error {
	return f.tell("retry runs %d", len(runs))
}

func (f *fakeArchive) SaveList(_ context.Context, l SavedList) error {
	f.saved = append(f.saved, l)
	return f.tell("save %q %v", l.Name, l.Columns)
}

func (f *fakeArchive) Export(_ context.Context, e Export) (int, error) {
	return 7, f.tell("export %s %d %q %s", e.Table, len(e.Runs), e.Filter, e.File)
}
