package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
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
	// Only in tables with a baseline.
	VsBest     *Tested `json:"vs_best,omitempty"`
	VsBaseline *Tested `json:"vs_baseline,omitempty"`
}

// Sidecar writes what every cell stands for, by key, as JSON.
func (t *Table) Sidecar(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	usual := t.usualN()
	cells := map[string]CellRecord{}
	for _, row := range t.rows() {
		for j := range row.Cells {
			c := &row.Cells[j]
			s := c.summary()
			record := CellRecord{
				Text: plainCell(t.parts(c, usual), ""), Mean: finite(s.Mean), SD: finite(s.SD), N: s.N,
				Values: []*float64{}, Runs: append([]string{}, c.Runs...),
				Planned: c.Planned, Failed: c.failures(), OnTest: c.OnTest, Others: c.Imported,
				VsBest: c.VsBest, VsBaseline: c.VsBaseline,
			}
			for _, v := range c.Values {
				record.Values = append(record.Values, finite(v))
			}
			cells[t.cellKey(row, j)] = record
		}
	}
	blob, err := json.MarshalIndent(struct {
		Table string                `json:"table"`
		Cells map[string]CellRecord `json:"cells"`
	}{t.Name, cells}, "", " ")
	if err != nil {
		return fmt.Errorf("table %q: %w", t.Name, err)
	}
	_, err = w.Write(append(blob, '\n'))
	return err
}

// finite is nil for what JSON has no number for.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
