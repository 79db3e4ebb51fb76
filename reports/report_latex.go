package reports

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// LaTeX writes the report for pdflatex. It includes the figures as
// figures/NAME.pdf beside it; Picture.PDF is what belongs there.
func (r *Report) LaTeX(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(`% Written by mmibx. Compile with pdflatex, twice.
\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[a4paper,textwidth=6.5in,vmargin=22mm]{geometry}
\usepackage{mathptmx,courier,booktabs,graphicx,longtable,array`)
	if slices.ContainsFunc(r.Tables, func(t *Table) bool { return t.SIunitx }) {
		b.WriteString(",siunitx")
	}
	b.WriteString(`}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\emergencystretch=3em
\begin{document}
`)
	fmt.Fprintf(&b, "{\\LARGE\\bfseries %s}\n\n\\tableofcontents\n", breakable(r.title()))
	for _, s := range r.sections() {
		if len(s.Pictures) > 0 { // no heading alone at the end of a page
			b.WriteString("\\clearpage\n")
		}
		fmt.Fprintf(&b, "\n\\section{%s}\n\\label{sec:%s}\n", EscapeLaTeX(s.Title), s.ID)
		for _, text := range s.Text {
			b.WriteString(breakable(text) + "\n\n")
		}
		for _, t := range s.Tables {
			if err := t.latexInReport(&b); err != nil {
				return err
			}
		}
		for _, g := range s.Grids {
			g.latex(&b)
		}
		for _, p := range s.Pictures {
			scale := "" // as it is, so that its letters have their size
			if p.Inches > 6.5 {
				scale = `[width=\linewidth]`
			}
			fmt.Fprintf(&b, "\\begin{figure}[htbp]\n\\centering\n\\includegraphics%s{figures/%s.pdf}\n\\caption{%s}\n\\label{fig:%s}\n\\end{figure}\n", scale, p.Name, breakable(p.Title+". "+p.Caption), p.Name)
		}
		for _, code := range s.Code {
			latexCode(&b, code)
		}
		if len(s.Pictures)+len(s.Tables) > 0 { // no float drifts into another section
			b.WriteString("\\clearpage\n")
		}
	}
	b.WriteString("\\end{document}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// pageRows is how many rows of a table a page has room for, beside its caption.
const pageRows = 40

// latexInReport writes a table under its heading, not at the top of a page; one that
// is longer than a page breaks over pages, with its caption above it.
func (t *Table) latexInReport(b *bytes.Buffer) error {
	rows := len(t.Groups)
	for g := range t.Groups {
		rows += len(t.Groups[g].Rows)
	}
	if rows <= pageRows {
		var float bytes.Buffer
		if err := t.LaTeX(&float); err != nil {
			return err
		}
		_, err := b.Write(bytes.Replace(float.Bytes(), []byte("}[t]\n"), []byte("}[h!]\n"), 1))
		return err
	}
	if err := t.check(); err != nil {
		return err
	}
	p, columns := t.setting(), t.measure(t.usualN())
	head := t.latexHead(columns) + "\\midrule\n"
	b.WriteString("\\clearpage\n\\providecommand{\\mmibxcell}[2]{#2}\n") // after the floats that come before it
	setup := ""
	if t.SIunitx {
		setup = siunitxSetup + "\n"
	}
	fmt.Fprintf(b, "{%s%s\\setlength{\\tabcolsep}{%gpt}\\setlength{\\LTcapwidth}{\\linewidth}\n\\begin{longtable}{@{}l%s@{}}\n", setup, p.size, p.sep, t.alignments(p, columns))
	fmt.Fprintf(b, "\\caption{%s}\\label{tab:%s}\\\\\n\\toprule\n%s\\endfirsthead\n\\toprule\n%s\\endhead\n\\bottomrule\n\\endfoot\n",
		EscapeLaTeX(t.caption("Bold", t.secondStyle())), t.Name, head, head)
	t.latexBody(b, columns)
	b.WriteString("\\end{longtable}}\n")
	return nil
}

// latex writes a grid as a table that may break over pages. Columns share the
// width of the page by the length of what is in them.
func (g *grid) latex(b *bytes.Buffer) {
	if len(g.Rows) == 0 {
		return
	}
	shares := g.shares()
	b.WriteString("{\\footnotesize\\setlength{\\tabcolsep}{3pt}\n\\begin{longtable}{@{}")
	for j, class := range g.Classes() {
		side := "right" // is ragged
		if class == "n" {
			side = "left"
		}
		fmt.Fprintf(b, ">{\\ragged%s\\arraybackslash}p{\\dimexpr%.4f\\linewidth-6pt}", side, shares[j])
	}
	b.WriteString("@{}}\n")
	head := strings.Join(each(g.Head, breakable), " & ") + " \\\\\n\\midrule\n"
	if g.Title != "" { // inside, so that it does not stay behind on the page before
		fmt.Fprintf(b, "\\multicolumn{%d}{@{}p{\\linewidth}@{}}{\\normalsize\\bfseries %s} \\\\[3pt]\n\\toprule\n%s\\endfirsthead\n", len(g.Head), breakable(g.Title), head)
	}
	fmt.Fprintf(b, "\\toprule\n%s\\endhead\n\\bottomrule\n\\endlastfoot\n", head)
	for _, row := range g.Rows {
		fmt.Fprintf(b, "%s \\\\\n", strings.Join(each(row, breakable), " & "))
	}
	b.WriteString("\\end{longtable}\\addtocounter{table}{-1}}\n") // it has no number
	if g.Foot != "" {
		fmt.Fprintf(b, "{\\footnotesize %s\\par}\n", breakable(g.Foot))
	}
}

// shares divides the width among the columns: those that do not break have what
// their longest text needs, and the others the rest, by their longest.
func (g *grid) shares() []float64 {
	const room, least, most = 118, 12, 60 // letters that fit in a line; of one column
	widths, classes := make([]float64, len(g.Head)), g.Classes()
	rest, breaking := float64(room), 0.0
	for j := range g.Head {
		for _, row := range append([][]string{g.Head}, g.Rows...) {
			widths[j] = max(widths[j], min(float64(len([]rune(row[j])))+3, most))
		}
		if classes[j] == "w" {
			breaking += widths[j]
		} else {
			rest -= widths[j]
		}
	}
	total := 0.0
	for j := range widths {
		if classes[j] == "w" {
			widths[j] = max(least, widths[j]*rest/breaking)
		}
		total += widths[j]
	}
	for j := range widths {
		widths[j] /= total
	}
	return widths
}

// breakable is escaped text whose long words may break at their joints.
func breakable(s string) string {
	var b strings.Builder
	for i, word := range strings.Fields(s) {
		if i > 0 {
			b.WriteByte(' ')
		}
		if len(word) < 12 {
			b.WriteString(EscapeLaTeX(word))
			continue
		}
		run := 0
		for _, r := range word {
			b.WriteString(EscapeLaTeX(string(r)))
			run++
			if strings.ContainsRune("._/,=:+-", r) || run%12 == 0 {
				b.WriteString(`\allowbreak{}`)
			}
		}
	}
	return b.String()
}

// latexCode prints lines as they are, in typewriter, as wide as they come.
func latexCode(b *bytes.Buffer, code string) {
	b.WriteString("{\\ttfamily\\footnotesize\\raggedright\n")
	for line := range strings.SplitSeq(code, "\n") {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		text := breakable(line)
		if text == "" {
			text = "~"
		}
		fmt.Fprintf(b, "\\hspace*{%.1fem}%s\\par\n", 0.5*float64(indent), text)
	}
	b.WriteString("}\n\\medskip\n")
}
