package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
)

// TestUIRuns: pages, arms, faults and orders, as the runs screen asks for them.
func TestUIRuns(t *testing.T) {
	a, plan := sweptStore(t)
	u := newUI(a)
	defer u.close()
	list := tui.Listing{Columns: []string{"benchmark", mmibx.DevF1, "ib.size", "train.loss:min"}, Sort: "-" + mmibx.DevF1}
	page := func(l tui.Listing, from, limit int) tui.RunsPage {
		t.Helper()
		p, err := u.Runs(t.Context(), tui.RunsQuery{Listing: l, From: from, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := page(list, 1, 2)
	if p.Total != 4 || p.All != 4 || len(p.Rows) != 2 {
		t.Fatalf("%d rows of %d, of %d", len(p.Rows), p.Total, p.All)
	}
	if r := p.Rows[0]; r.State != mmibx.Done || r.Cells[1] != "80.00" || r.Cells[3] != "0" {
		t.Errorf("the second best is %+v", r)
	}
	if !p.Heads[0].Words || p.Heads[1].Words || p.Heads[3].Words {
		t.Errorf("heads %+v", p.Heads)
	}

	list.ByArm, list.Filter = true, "state=done"
	p = page(list, 0, 10)
	if p.Total != 1 || p.All != 3 || len(p.Rows) != 1 {
		t.Fatalf("%d arms of %d, of %d", len(p.Rows), p.Total, p.All)
	}
	if r := p.Rows[0]; r.ID != plan.Cells[0].Arm || len(r.Runs) != 2 || r.Counts[mmibx.Done] != 2 || r.Cells[1] != "81.00 ±1.41" {
		t.Errorf("the arm is %+v, want the mean and the sample deviation of 80 and 82", r)
	}

	list.Columns = []string{"started", "seconds", "seed", "model"}
	r := page(list, 0, 10).Rows[0]
	if r.Cells[0] != dateTime(time.Now()) && r.Cells[0] != dateTime(time.Now().Add(-time.Minute)) && r.Cells[0] != dateTime(time.Now().Add(-2*time.Minute)) {
		t.Errorf("it started %s", r.Cells[0])
	}
	if !strings.HasPrefix(r.Cells[1], "1m") || r.Cells[2] != "n=2" || r.Cells[3] != "text" {
		t.Errorf("cells %q", r.Cells)
	}

	list.Filter = "state=done and modle=text"
	if p = page(list, 0, 10); p.Fault == nil || p.Fault.At != 15 || !strings.Contains(p.Fault.Text, "did you mean model") {
		t.Errorf("fault %+v", p.Fault)
	}

	done := page(tui.Listing{Filter: "state=done"}, 0, 10).Rows
	if fresh, err := u.Tag(t.Context(), []string{done[0].ID}, "paper"); err != nil || len(fresh) != 1 {
		t.Fatal(fresh, err)
	}
	if fresh, err := u.Tag(t.Context(), []string{done[0].ID, done[1].ID}, "paper"); err != nil || !slices.Equal(fresh, []string{done[1].ID}) {
		t.Errorf("without the tag were %v (%v)", fresh, err)
	}
	if _, err := u.Note(t.Context(), []string{done[0].ID}, "first\nline"); err != nil {
		t.Fatal(err)
	}
	if before, err := u.Note(t.Context(), []string{done[0].ID}, "another"); err != nil || before[done[0].ID] != "first\nline" {
		t.Errorf("the note before was %q (%v)", before, err)
	}
	if p = page(tui.Listing{Filter: "tag=paper", Columns: []string{"tag"}}, 0, 10); p.Total != 2 || p.Rows[0].Cells[0] != "paper" {
		t.Errorf("tagged are %+v", p.Rows)
	}
	if changed, err := u.Remove(t.Context(), []string{done[0].ID}); err != nil || len(changed) != 1 {
		t.Fatal(changed, err)
	}
	if changed, err := u.Remove(t.Context(), []string{done[0].ID, done[1].ID}); err != nil || !slices.Equal(changed, []string{done[1].ID}) {
		t.Errorf("not in the bin were %v (%v)", changed, err)
	}
	if changed, err := u.Restore(t.Context(), []string{done[1].ID}); err != nil || len(changed) != 1 {
		t.Errorf("in the bin were %v (%v)", changed, err)
	}
	if changed, err := u.Restore(t.Context(), []string{done[1].ID}); err != nil || len(changed) != 0 {
		t.Errorf("in the bin were still %v (%v)", changed, err)
	}
	if p = page(tui.Listing{Bin: true}, 0, 10); p.Total != 1 || p.Rows[0].ID != done[0].ID {
		t.Errorf("the bin holds %+v", p.Rows)
	}
	if err := u.RetryRuns(t.Context(), []string{done[1].ID}); err == nil {
		t.Error("a run that is done was retried")
	}
	file := filepath.Join(t.TempDir(), "marked.csv")
	rows, err := u.Export(t.Context(), tui.Export{Table: "runs", Runs: []string{done[1].ID}, Listing: tui.Listing{Filter: "state=lost"}, File: file})
	if text, _ := os.ReadFile(file); err != nil || rows != 1 || !strings.Contains(string(text), done[1].ID) {
		t.Errorf("%d rows (%v): %s", rows, err, text)
	}
	if rows, err = u.Export(t.Context(), tui.Export{Table: "runs", Listing: tui.Listing{Filter: "state in (lost, diverged)"}, File: file}); err != nil || rows != 2 {
		t.Errorf("%d rows (%v)", rows, err)
	}
	if _, err = u.Export(t.Context(), tui.Export{Table: "runs", File: file + ".doc"}); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("a format that there is not: %v", err)
	}
	saved := tui.SavedList{Name: "mine", Listing: tui.Listing{Filter: "state=done", Columns: []string{"seed"}, ByArm: true}}
	if err := u.SaveList(t.Context(), saved); err != nil {
		t.Fatal(err)
	}
	page(list, 0, 1) // syncs
	if lists, err := u.Lists(t.Context()); err != nil || len(lists) != 1 || lists[0].Name != "mine" || !lists[0].ByArm {
		t.Errorf("lists %+v (%v)", lists, err)
	}
	if c, err := u.Complete(t.Context(), "state=done and tag=p"); err != nil || c.From != 19 || len(c.Words) != 1 || c.Words[0] != "paper" {
		t.Errorf("completed with %+v (%v)", c, err)
	}
}

// BenchmarkUIRuns is what the runs screen asks of ten thousand runs: first paint is
// a program's first page, everything after it a page with another order or filter.
func BenchmarkUIRuns(b *testing.B) {
	a := bigStore(b)
	warm := newUI(a)
	defer warm.close()
	columns := []string{"benchmark", "seed", mmibx.DevF1, "train.loss", "seconds", "started"}
	ask := func(b *testing.B, u *ui, l tui.Listing, from int) {
		l.Columns = columns
		p, err := u.Runs(b.Context(), tui.RunsQuery{Listing: l, From: from, Limit: 300})
		if err != nil || p.Fault != nil || len(p.Rows) == 0 {
			b.Fatal(len(p.Rows), p.Fault, err)
		}
	}
	ask(b, warm, tui.Listing{}, 0)
	b.Run("first paint", func(b *testing.B) {
		for b.Loop() {
			o := newUI(a)
			if _, err := tui.Snapshot(b.Context(), o.options(), "runs", "", 120, 40); err != nil {
				b.Fatal(err)
			}
			o.close()
		}
	})
	for _, c := range []struct {
		name string
		list tui.Listing
		from int
	}{
		{"page", tui.Listing{}, 0},
		{"last page", tui.Listing{}, 8700},
		{"by score", tui.Listing{Sort: "-dev.f1"}, 0},
		{"filter", tui.Listing{Filter: "model=mmib and ib.beta_text<0.1 and dev.f1>82", Sort: "-dev.f1"}, 0},
		{"arms", tui.Listing{ByArm: true, Sort: "-dev.f1"}, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				ask(b, warm, c.list, c.from)
			}
		})
	}
}
