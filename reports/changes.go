package reports

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mmibx/mmibx/reports/stats"
)

// Change is a cell that two versions of a table do not have alike.
type Change struct {
	Key    string   `json:"key"`
	Old    string   `json:"old"` // as printed; "" where there was none
	New    string   `json:"new"`
	Causes []string `json:"causes"`
	// Flips are claims that hold no more, or newly.
	Flips []string `json:"flips,omitempty"`
}

// Changes holds two versions of a table against each other, cell by cell. A cell
// that prints the same and makes the same claims is left out, whatever its runs.
func Changes(old, new *Record) []Change {
	before, after := old.places(), new.places()
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	var list []Change
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		was, had := before[key]
		is, has := after[key]
		c := Change{Key: new.Table + ":" + key, Old: was.Text, New: is.Text}
		if had && has {
			c.Flips = flips(old, new, &was, &is)
		}
		if c.Old == c.New && len(c.Flips) == 0 && had == has {
			continue
		}
		switch {
		case !had:
			c.Causes = []string{"declaration: there was no such cell"}
		case !has:
			c.Causes = []string{"declaration: there is no such cell any more"}
		default:
			c.Causes = causes(old, new, &was, &is)
		}
		list = append(list, c)
	}
	return list
}

// places are the cells by ROW:COLUMN: the table may have got another name.
func (rec *Record) places() map[string]CellRecord {
	cells := make(map[string]CellRecord, len(rec.Cells))
	for key, c := range rec.Cells {
		cells[strings.TrimPrefix(key, rec.Table+":")] = c
	}
	return cells
}

// causes says what a cell's runs differ in.
func causes(old, new *Record, was, is *CellRecord) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	only := func(a, b []string) []string {
		return slices.DeleteFunc(slices.Clone(a), func(id string) bool { return slices.Contains(b, id) })
	}
	gone, came := only(was.Runs, is.Runs), only(is.Runs, was.Runs)
	kept := only(was.Runs, gone)
	switch {
	case len(came) > 0 && len(gone) == 0:
		add("new seeds: %s", strings.Join(came, " "))
	case len(came) == 0 && len(gone) > 0:
		add("runs are gone: %s", strings.Join(gone, " "))
	case len(came) > 0:
		add("other runs: %s for %s", strings.Join(came, " "), strings.Join(gone, " "))
	}
	var again []string
	for _, id := range kept {
		if a, b := old.Runs[id], new.Runs[id]; a.Attempt != b.Attempt || a.Predictions != b.Predictions {
			again = append(again, id)
		}
	}
	if len(again) > 0 {
		add("done again: %s", strings.Join(again, " "))
	}
	for _, v := range []struct {
		what string
		of   func(Version) string
	}{
		{"code", func(v Version) string { return v.Commit }},
		{"data", func(v Version) string { return v.Data }},
		{"PyTorch", func(v Version) string { return v.PyTorch }},
	} {
		if a, b := versions(old, was.Runs, v.of), versions(new, is.Runs, v.of); a != b && a != "" && b != "" {
			add("%s: %s, was %s", v.what, b, a)
		}
	}
	if a, b := old.Split, new.Split; a != b {
		add("declaration: scores of %s, were of %s", b, a)
	}
	if !sameDeclaration(old.Declaration, new.Declaration) {
		add("declaration: it was changed")
	}
	if len(list) == 0 && was.Value == is.Value {
		add("another cell of the column: what it is compared with has changed")
	}
	if len(list) == 0 {
		add("the same runs print otherwise: another version of mmibx")
	}
	return list
}

// versions lists what some runs rest on, each once.
func versions(rec *Record, runs []string, of func(Version) string) string {
	found := map[string]bool{}
	for _, id := range runs {
		if v := of(rec.Runs[id]); v != "" {
			found[v] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), " ")
}

// sameDeclaration says that two declarations mean the same; a comment means
// nothing.
func sameDeclaration(a, b *Declaration) bool {
	meaning := func(d *Declaration) string {
		if d == nil {
			return ""
		}
		bare := *d
		bare.File, bare.Digest, bare.Split = "", "", "" // the split is told on its own
		text, err := json.Marshal(&bare)
		if err != nil {
			panic(err) // strings, numbers and lists always marshal
		}
		return string(text)
	}
	return meaning(a) == meaning(b)
}

// flips lists the claims of a cell that turned: against the baseline, and whether
// it is among the best.
func flips(old, new *Record, was, is *CellRecord) []string {
	var list []string
	verdict := func(t *Tested) stats.Verdict {
		if t == nil {
			return "not compared"
		}
		return t.Verdict
	}
	if a, b := verdict(was.VsBaseline), verdict(is.VsBaseline); a != b && old.Baseline == new.Baseline && old.Baseline != "" {
		list = append(list, fmt.Sprintf("against %s: %s, was %s", new.Baseline, b, a))
	}
	if a, b := was.Place == "best", is.Place == "best"; a != b {
		list = append(list, map[bool]string{true: "it is among the best of its column now", false: "it is not among the best of its column any more"}[b])
	}
	return list
}
