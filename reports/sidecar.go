package reports

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"

	"github.com/mmibx/mmibx"
)

// CellRecord is what NAME.cells.json says of a cell: enough to hold a number in
// a paper against the store.
type CellRecord struct {
	Text    string     `json:"text"` // as printed
	Mean    *float64   `json:"mean"` // null where there is no score
	SD      *float64   `json:"sd"`   // null below two values
	N       int        `json:"n"`
	Values  []*float64 `json:"values"` // null where a run's score is not finite
	Runs    []string   `json:"runs"`
	Planned int        `json:"planned,omitempty"`
	Failed  int        `json:"failed,omitempty"`
	OnTest  bool       `json:"chosen_on_test,omitempty"`
	Others  bool       `json:"imported,omitempty"`
	Seeds   []int      `json:"seeds,omitempty"` // of Values
	Place   string     `json:"place,omitempty"` // best or second
	// What the cell is of.
	RowKey    string `json:"row_key"`
	Row       string `json:"row"`
	Column    string `json:"column"`
	Benchmark string `json:"benchmark,omitempty"` // "": of all
	Metric    string `json:"metric,omitempty"`
	// LaTeX is the argument of \mmibxcell, and Value what \mmibxvalue prints.
	LaTeX string `json:"latex"`
	Value string `json:"value"`
	// Only in tables with a baseline.
	VsBest     *Tested `json:"vs_best,omitempty"`
	VsBaseline *Tested `json:"vs_baseline,omitempty"`
}

// Record is what NAME.cells.json holds: the cells of a table, and all that they
// rest on.
type Record struct {
	Table       string                `json:"table"`
	Command     string                `json:"command,omitempty"` // that writes it again
	Split       mmibx.Split           `json:"split,omitempty"`
	Baseline    string                `json:"baseline,omitempty"`
	Declaration *Declaration          `json:"declaration,omitempty"`
	Cells       map[string]CellRecord `json:"cells"`
	Runs        map[string]Version    `json:"versions,omitempty"` // by run
}

// Record is the table as its sidecar has it.
func (t *Table) Record() *Record {
	places, usual := t.standings(), t.usualN()
	columns := t.measure(usual)
	rec := &Record{Table: t.Name, Command: t.Command, Split: t.Split, Baseline: t.Baseline, Declaration: t.Declaration, Cells: map[string]CellRecord{}, Runs: map[string]Version{}}
	for _, row := range t.rows() {
		for j := range row.Cells {
			c := &row.Cells[j]
			s, p := c.summary(), t.parts(c, j, usual)
			record := CellRecord{
				Text: plainCell(p, ""), Mean: finite(s.Mean), SD: finite(s.SD), N: s.N,
				Values: []*float64{}, Runs: append([]string{}, c.Runs...),
				Planned: c.Planned, Failed: c.failures(), OnTest: c.OnTest, Others: c.Imported,
				Seeds: c.Seeds, Place: placeNames[places[c]], RowKey: row.Key, Row: row.Title, Column: strings.ReplaceAll(t.Columns[j].head(), "\n", " "),
				Benchmark: t.Columns[j].Benchmark, Metric: t.Columns[j].Metric,
				LaTeX: columns[j].cell(p, places[c]), Value: EscapeLaTeX(p.mean),
				VsBest: c.VsBest, VsBaseline: c.VsBaseline,
			}
			for _, v := range c.Values {
				record.Values = append(record.Values, finite(v))
			}
			for _, run := range c.Runs {
				if v, ok := t.Versions[run]; ok {
					rec.Runs[run] = v
				}
			}
			rec.Cells[t.cellKey(row, j)] = record
		}
	}
	return rec
}

var placeNames = map[standing]string{best: "best", second: "second"}

// Sidecar writes what every cell stands for, by key, as JSON.
func (t *Table) Sidecar(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	blob, err := json.MarshalIndent(t.Record(), "", " ")
	if err != nil {
		return fmt.Errorf("table %q: %w", t.Name, err)
	}
	_, err = w.Write(append(blob, '\n'))
	return err
}

// ReadRecord reads a sidecar. Errors are *mmibx.InputError; a file that there is
// not is mmibx.ErrNotFound.
func ReadRecord(path string) (*Record, error) {
	blob, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w; `mmibx table -o` writes it beside the table", path, mmibx.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	var rec Record
	if err := json.Unmarshal(blob, &rec); err != nil || rec.Table == "" || rec.Cells == nil {
		return nil, &mmibx.InputError{File: path, Found: cmp.Or(fmt.Sprint(err), "no table"), Expected: "the cells of a table, as `mmibx table -o` writes them"}
	}
	return &rec, nil
}

// finite is nil for what JSON has no number for.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
