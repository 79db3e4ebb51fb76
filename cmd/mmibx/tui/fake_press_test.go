package tui

import (
	"context"
	"fmt"
	"strings"
)

// Table implements Press: it has as many lines as rows, and says what it is of.
func (f *fake) Table(_ context.Context, q PaperQuery, tell func(string, int, int)) (Table, error) {
	tell("comparing", 1, 2)
	f.tables = append(f.tables, q.Baseline)
	t := Table{
		Sweep: "beta-study", CLI: "table --sweep beta-study", Row: []string{"Text only", "MMIB"},
		Text: func(int) []string {
			return []string{
				"Method      Twitter-2015   Twitter-2017", strings.Repeat("─", 39), "Text only  75.96 ± 0.22   82.80 ± 0.31", "MMIB      *76.46 ± 0.18  *83.40 ± 0.22", "",
				"Micro F1 (%) on dev. Mean ± sample standard deviation over n = 5 seeds, or the n beside a score. * best of a column · not told apart from it",
			}
		},
		LaTeX: fmt.Sprintf("\\begin{table}\n%% %d runs, against %q\n\\end{table}\n", len(q.Runs), q.Baseline),
	}
	return t, f.err
}

// Stamp implements Press.
func (f *fake) Stamp(context.Context, PaperQuery) (string, error) {
	return fmt.Sprint("board ", f.board.Version), f.err
}

// SaveTable implements Press.
func (f *fake) SaveTable(_ context.Context, q PaperQuery, file string) (string, error) {
	return "/papers/" + file, f.tell("save table %s %d", file, len(q.Runs))
}

// Figures implements Press.
func (f *fake) Figures() []Pair {
	return []Pair{{"beta", "score against beta"}, {"curves", "training"}}
}

// Figure implements Press.
func (f *fake) Figure(_ context.Context, q PaperQuery, name, file string) (string, error) {
	return "/papers/" + file, f.tell("draw %s %s %s %d", name, file, q.Sweep, len(q.Runs))
}
