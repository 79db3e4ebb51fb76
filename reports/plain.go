package reports

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Markdown writes a GitHub table, the caption above it. Markdown cannot
// underline: the second is italic.
func (t *Table) Markdown(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\n", escapeMarkdown(t.caption("Bold", "italic")))
	heads, rules := []string{escapeMarkdown(t.Corner)}, []string{":--"}
	for _, c := range t.Columns {
		heads, rules = append(heads, escapeMarkdown(c.head())), append(rules, "--:")
	}
	fmt.Fprintf(&b, "| %s |\n|%s|\n", strings.Join(heads, " | "), strings.Join(rules, "|"))
	places, usual := t.standings(), t.usualN()
	for g := range t.Groups {
		if title := t.Groups[g].Title; title != "" {
			fmt.Fprintf(&b, "| *%s* %s|\n", escapeMarkdown(title), strings.Repeat("| ", len(t.Columns)))
		}
		for _, row := range t.Groups[g].Rows {
			line := []string{escapeMarkdown(row.Title)}
			for j := range row.Cells {
				c := &row.Cells[j]
				line = append(line, plainCell(t.parts(c, j, usual), map[standing]string{best: "**", second: "*"}[places[c]]))
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// head is all that stands above a column.
func (c *Column) head() string {
	if c.Over != "" {
		return c.Over + " " + c.Title
	}
	return c.Title
}

func plainCell(p parts, around string) string {
	s := around + p.mean + around
	if p.spread != "" {
		s += " ± " + p.spread
	}
	if p.n > 0 {
		s += fmt.Sprintf(" (n=%d)", p.n)
	}
	return s + p.marks
}

func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune("\\`*_{}[]<>#|~!&", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsControl(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Text writes the table for a terminal, in columns, the caption below it. The
// best has a star before it, the second a dot.
func (t *Table) Text(w io.Writer) error { return t.TextWithin(w, 0) }

// TextWithin is Text where there are so many cells to a line: names of rows are broken
// where the columns would not fit otherwise. 0: as many as are needed.
func (t *Table) TextWithin(w io.Writer, cells int) error {
	if err := t.check(); err != nil {
		return err
	}
	heads, overs := []string{t.Corner}, []string{""}
	for _, c := range t.Columns {
		heads, overs = append(heads, c.Title), append(overs, "")
	}
	lines := [][]string{heads, nil} // nil is a rule, a single string a title
	for _, o := range t.overs() {
		if o.title != "" {
			overs[o.first+o.n] = o.title
			lines[0] = overs
		}
	}
	if len(overs) > 1 && &lines[0][0] == &overs[0] {
		lines = [][]string{overs, heads, nil}
	}
	places, usual := t.standings(), t.usualN()
	for g := range t.Groups {
		if g > 0 {
			lines = append(lines, nil)
		}
		if title := t.Groups[g].Title; title != "" {
			lines = append(lines, []string{title})
		}
		for _, row := range t.Groups[g].Rows {
			line := []string{row.Title}
			for j := range row.Cells {
				c := &row.Cells[j]
				line = append(line, map[standing]string{best: "*", second: "·"}[places[c]]+plainCell(t.parts(c, j, usual), ""))
			}
			lines = append(lines, line)
		}
	}
	_, err := io.WriteString(w, layOut(lines, cells)+"\n"+printable(t.caption("*", "·"))+"\n")
	return err
}

// leastTitle is how narrow the names of rows get, in cells.
const leastTitle = 20

// layOut aligns the first column left and the others right, by cells of a
// terminal, of which it takes as many as are given where that can be.
func layOut(lines [][]string, within int) string {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for j := range line {
			line[j] = printable(line[j])
			if len(line) > 1 {
				widths[j] = max(widths[j], ansi.StringWidth(line[j]))
			}
		}
	}
	total := 2 * (len(widths) - 1)
	for _, n := range widths {
		total += n
	}
	if first := max(leastTitle, within-total+widths[0]); within > 0 && first < widths[0] {
		total -= widths[0] - first
		widths[0] = first
		lines = broken(lines, first)
	}
	var b strings.Builder
	for _, line := range lines {
		if line == nil {
			b.WriteString(strings.Repeat("─", total))
		}
		for j, s := range line {
			pad := strings.Repeat(" ", max(0, widths[j]-ansi.StringWidth(s)))
			switch {
			case len(line) == 1:
				b.WriteString(s)
			case j == 0:
				b.WriteString(s + pad)
			default:
				b.WriteString("  " + pad + s)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// broken breaks what stands in the first column into further lines, which are
// indented.
func broken(lines [][]string, width int) [][]string {
	const indent = "  "
	var out [][]string
	for _, line := range lines {
		if len(line) < 2 || ansi.StringWidth(line[0]) <= width {
			out = append(out, line)
			continue
		}
		for i, part := range strings.Split(ansi.Wrap(line[0], width-len(indent), ""), "\n") {
			if i > 0 {
				line = make([]string, len(line))
				part = indent + part
			} else {
				line = slices.Clone(line)
			}
			line[0] = part
			out = append(out, line)
		}
	}
	return out
}

// printable keeps names from moving the cursor of a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, s)
}

// CSV writes a line per cell, with full precision, for programs to read.
func (t *Table) CSV(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	lines := [][]string{{"cell", "row", "column", "n", "mean", "sd", "low95", "high95", "values", "runs", "planned", "failed", "chosen_on_test", "place", "imported"}}
	places := t.standings()
	for _, row := range t.rows() {
		for j := range row.Cells {
			c := &row.Cells[j]
			s := c.summary()
			lines = append(lines, []string{
				t.cellKey(row, j), row.Title, strings.ReplaceAll(t.Columns[j].head(), "\n", " "), strconv.Itoa(s.N),
				exact(s.Mean), exact(s.SD), exact(s.Low), exact(s.High),
				strings.Join(each(c.Values, exact), " "), strings.Join(c.Runs, " "),
				strconv.Itoa(c.Planned), strconv.Itoa(c.failures()), strconv.FormatBool(c.OnTest),
				placeNames[places[c]], strconv.FormatBool(c.Imported),
			})
		}
	}
	return out.WriteAll(lines)
}

// exact prints a number so that it reads back the same; NaN where there is
// none is an empty field.
func exact(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func each[T any](values []T, f func(T) string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = f(v)
	}
	return out
}
