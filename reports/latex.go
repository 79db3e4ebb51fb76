package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// LaTeX writes the table for booktabs. Each number is the argument of
// \mmibxcell, with the cell's key before it, and the runs behind a row are
// comments above it, so that a paper can be held against the store.
func (t *Table) LaTeX(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	var b bytes.Buffer
	p, columns := t.setting(), t.measure(t.usualN())
	fmt.Fprintf(&b, "%% Table %s, written by mmibx: change its declaration, not this file.\n", t.Name)
	packages, setup := `\usepackage{booktabs}`, ""
	if t.SIunitx {
		packages, setup = `\usepackage{booktabs,siunitx} (siunitx 3)`, siunitxSetup+"\n"
	}
	fmt.Fprintf(&b, "%% Needs %s. Each cell's values and runs are in %s.cells.json.\n", packages, t.Name)
	if p.overflow > 0 {
		fmt.Fprintf(&b, "%% %s\n", t.Overflow())
	}
	b.WriteString("\\providecommand{\\mmibxcell}[2]{#2}\n")
	fmt.Fprintf(&b, "\\begin{%s}[t]\n\\centering\n%s\n\\setlength{\\tabcolsep}{%gpt}\n%s", p.env, p.size, p.sep, setup)
	fmt.Fprintf(&b, "\\begin{tabular}{@{}l%s@{}}\n\\toprule\n%s\\midrule\n", t.alignments(p, columns), t.latexHead(columns))
	t.latexBody(&b, columns)
	fmt.Fprintf(&b, "\\bottomrule\n\\end{tabular}\n\\caption{%s}\n\\label{tab:%s}\n\\end{%s}\n",
		EscapeLaTeX(t.caption("Bold", t.secondStyle())), t.Name, p.env)
	_, err := w.Write(b.Bytes())
	return err
}

// LaTeXValues writes the means for running text: \mmibxvalue{KEY} prints that
// of a cell, and stops LaTeX where the table has no such cell.
func (t *Table) LaTeXValues(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%% Values of table %s, written by mmibx, for running text: \\mmibxvalue{%s:ROW:COLUMN}. Load it in the preamble.\n", t.Name, t.Name)
	b.WriteString("\\providecommand{\\mmibxvalue}[1]{\\ifcsname mmibx@#1\\endcsname\\csname mmibx@#1\\endcsname\\else\\errmessage{no cell #1 in any table of mmibx}\\fi}\n")
	for _, row := range t.rows() {
		for j := range row.Cells {
			if p := t.parts(&row.Cells[j], j, 0); p.mean != dash {
				fmt.Fprintf(&b, "\\expandafter\\def\\csname mmibx@%s\\endcsname{%s}\n", t.cellKey(row, j), EscapeLaTeX(p.mean))
			}
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// alignments are those of the columns after the first.
func (t *Table) alignments(p setting, columns []column) string {
	var b strings.Builder
	for j := range t.Columns {
		if t.Columns[j].Metric == "ranges" {
			fmt.Fprintf(&b, "p{%.0fpt}", p.ranges)
		} else {
			b.WriteString(columns[j].format(t.digits(j)))
		}
	}
	return b.String()
}

func (t *Table) latexHead(columns []column) string {
	head := t.latexOver()
	heads := []string{EscapeLaTeX(t.Corner)}
	for j, c := range t.Columns {
		title, side := EscapeLaTeX(c.Title), "r"
		if columns[j].siunitx {
			side = "c"
		}
		if first, rest, split := strings.Cut(c.Title, "\n"); split {
			title = fmt.Sprintf(`\begin{tabular}[b]{@{}%s@{}}%s\\%s\end{tabular}`, side, EscapeLaTeX(first), EscapeLaTeX(rest))
		}
		if columns[j].siunitx {
			title = "{" + title + "}"
		}
		heads = append(heads, title)
	}
	return head + strings.Join(heads, " & ") + " \\\\\n"
}

// latexOver is the line of heads that stand over several columns, "" where there
// are none.
func (t *Table) latexOver() string {
	var heads, rules []string
	any := false
	for _, o := range t.overs() {
		heads = append(heads, fmt.Sprintf(`\multicolumn{%d}{c}{%s}`, o.n, EscapeLaTeX(o.title)))
		if o.title != "" {
			any = true
			rules = append(rules, fmt.Sprintf(`\cmidrule(lr){%d-%d}`, o.first+2, o.first+1+o.n))
		}
	}
	if !any {
		return ""
	}
	return " & " + strings.Join(heads, " & ") + " \\\\\n" + strings.Join(rules, " ") + "\n"
}

// over is a head that stands over n columns.
type over struct {
	title    string
	first, n int
}

func (t *Table) overs() []over {
	var list []over
	for j := range t.Columns {
		if n := len(list); n > 0 && list[n-1].title == t.Columns[j].Over {
			list[n-1].n++
			continue
		}
		list = append(list, over{t.Columns[j].Over, j, 1})
	}
	return list
}

func (t *Table) latexBody(b *bytes.Buffer, columns []column) {
	places, usual := t.standings(), t.usualN()
	for g := range t.Groups {
		group := &t.Groups[g]
		if g > 0 {
			b.WriteString("\\midrule\n")
		}
		if group.Title != "" {
			fmt.Fprintf(b, "\\multicolumn{%d}{@{}l}{\\emph{%s}} \\\\\n", len(t.Columns)+1, EscapeLaTeX(group.Title))
		}
		for r := range group.Rows {
			row := &group.Rows[r]
			line := []string{EscapeLaTeX(row.Title)}
			for j := range row.Cells {
				c := &row.Cells[j]
				if len(c.Runs) > 0 {
					fmt.Fprintf(b, "%% %s runs %s\n", t.cellKey(row, j), oneLine(strings.Join(c.Runs, " ")))
				}
				line = append(line, fmt.Sprintf(`\mmibxcell{%s}{%s}`, t.cellKey(row, j), columns[j].cell(t.parts(c, j, usual), places[c])))
			}
			b.WriteString(strings.Join(line, " & ") + " \\\\\n")
		}
	}
}

// cell dresses a cell. One without a deviation keeps the room of one, in
// which its raised signs stand, so that means align.
func (c *column) cell(p parts, place standing) string {
	if c.siunitx {
		return c.siunitxCell(p, place)
	}
	mean := EscapeLaTeX(p.mean)
	switch place {
	case best:
		mean = `\textbf{` + mean + `}`
	case second:
		mean = `\underline{` + mean + `}`
	}
	raised := raise(p.raised())
	switch {
	case p.spread != "":
		return mean + `{\scriptsize$\pm$` + p.spread + `}` + raised
	case c.spread == "":
		return mean + raised
	case raised != "":
		mean += `\rlap{` + raised + `}`
	}
	return mean + `\phantom{\scriptsize$\pm$` + c.spread + `}`
}

// raise sets signs above the line.
func raise(signs string) string {
	if signs == "" {
		return ""
	}
	return `\textsuperscript{` + EscapeLaTeX(signs) + `}`
}

// latexRunes are the characters that LaTeX does not print as they are, or that
// stand for mathematics in the names of settings. Signs are those of mathematics too:
// in text they would be of TS1, which is a bitmap font where cm-super is not installed.
var latexRunes = map[rune]string{
	'\\': `\textbackslash{}`, '{': `\{`, '}': `\}`, '$': `\$`, '&': `\&`, '%': `\%`, '#': `\#`, '_': `\_`,
	'~': `\textasciitilde{}`, '^': `\textasciicircum{}`, '<': `\textless{}`, '>': `\textgreater{}`, '|': `\textbar{}`,
	'"': `\textquotedbl{}`, '-': `-`, '–': `--`, '—': `---`, '…': `\dots{}`, '‘': "`", '’': `'`, '“': "``", '”': `''`,
	'∗': `$\ast$`, '†': `$\dagger$`, '‡': `$\ddagger$`, '§': `$\S$`, '¶': `$\P$`, '±': `$\pm$`, '×': `$\times$`, '÷': `$\div$`, '−': `$-$`, '·': `$\cdot$`,
	'≤': `$\leq$`, '≥': `$\geq$`, '≈': `$\approx$`, '→': `$\rightarrow$`, '↑': `$\uparrow$`, '↓': `$\downarrow$`, '∞': `$\infty$`, '°': `$^\circ$`,
	'α': `$\alpha$`, 'β': `$\beta$`, 'γ': `$\gamma$`, 'δ': `$\delta$`, 'ε': `$\epsilon$`, 'λ': `$\lambda$`,
	'µ': `$\mu$`, 'μ': `$\mu$`, 'ρ': `$\rho$`, 'σ': `$\sigma$`, 'τ': `$\tau$`,
}

// EscapeLaTeX makes any string safe in running text under pdflatex. Of letters
// beyond ASCII it passes on those of Western Europe, which every font has; of
// what no font has it prints the code point, rather than nothing.
func EscapeLaTeX(s string) string {
	var b strings.Builder
	for _, r := range s {
		known, ok := latexRunes[r]
		switch {
		case ok && known == `\textquotedbl{}`:
			b.WriteString(`''`) // \textquotedbl exists under T1 only
		case ok:
			b.WriteString(known)
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case r >= ' ' && r < unicode.MaxASCII:
			b.WriteRune(r)
		case r >= 'À' && r <= 'ÿ' && !strings.ContainsRune("ÐðÞþ", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\texttt{U+%04X}`, r)
		}
	}
	return b.String()
}

// oneLine keeps a comment from ending early.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}
