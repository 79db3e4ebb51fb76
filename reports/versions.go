package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Version is what the value of a run rests on besides its spec.
type Version struct {
	Attempt     int    `json:"attempt"`
	Commit      string `json:"commit,omitempty"` // of the program that trained it
	PyTorch     string `json:"pytorch,omitempty"`
	Data        string `json:"data,omitempty"`        // beginning of Inputs.DataDigest
	Predictions string `json:"predictions,omitempty"` // SHA-256 of those on the table's split
}

// mixed says which runs of the table are not of one version of a benchmark's files
// and of PyTorch.
func (t *Table) mixed() []string {
	var notes []string
	torch := map[string]map[string]bool{}
	count := func(of map[string]map[string]bool, version, run string) {
		if version == "" { // another program's
			return
		}
		if of[version] == nil {
			of[version] = map[string]bool{}
		}
		of[version][run] = true
	}
	seen := map[string]bool{}
	for j := range t.Columns {
		data := map[string]map[string]bool{}
		for _, row := range t.rows() {
			for _, run := range row.Cells[j].Runs {
				count(data, t.Versions[run].Data, run)
				count(torch, t.Versions[run].PyTorch, run)
			}
		}
		if b := t.Columns[j].Benchmark; b != "" && len(data) > 1 && !seen[b] {
			seen[b] = true
			notes = append(notes, fmt.Sprintf("Runs on %s read different versions of its files: %s", b, shares(data)))
		}
	}
	if len(torch) > 1 {
		notes = append(notes, "Runs were made with different versions of PyTorch: "+shares(torch))
	}
	return notes
}

// shares lists versions with the number of runs of each.
func shares(of map[string]map[string]bool) string {
	var parts []string
	for _, version := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%s (%s)", version, counted(len(of[version]), "run")))
	}
	return strings.Join(parts, ", ")
}
