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
		fmt.Fprintf(&b, "\n\\section{%s}\n\\label{sec:%s}\n", EscapeLaTeX(s.Title), s.ID)
		for _, text := range s.Text {
			b.WriteString(breakable(text) + "\n\n")
		}
		for _, t := range s.Tables {
			var float bytes.Buffer
			if err := t.LaTeX(&float); err != nil {
				return err
			}
			b.Write(bytes.Replace(float.Bytes(), []byte("}[t]\n"), []byte("}[h!]\n"), 1)) // under its heading, not at the top of a page
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

// latex writes a grid as a table that may break over pages. Columns share the
// width of the page by the length of what is in them.
func (g *grid) latex(b *bytes.Buffer) {
	if len(g.Rows) == 0 {
		return
	}
	if g.Title != "" {
		fmt.Fprintf(b, "\\subsection*{%s}\n", breakable(g.Title))
	}
	shares := g.shares()
	b.WriteString("{\\footnotesize\\setlength{\\tabcolsep}{3pt}\n\\begin{longtable}{@{}")
	for _, share := range shares {
		fmt.Fprintf(b, ">{\\raggedright\\arraybackslash}p{\\dimexpr%.4f\\linewidth-6pt}", share)
	}
	b.WriteString("@{}}\n\\toprule\n")
	line := func(cells []string) { fmt.Fprintf(b, "%s \\\\\n", strings.Join(each(cells, breakable), " & ")) }
	line(g.Head)
	b.WriteString("\\midrule\n\\endhead\n\\bottomrule\n\\endlastfoot\n")
	for _, row := range g.Rows {
		line(row)
	}
	b.WriteString("\\end{longtable}\\addtocounter{table}{-1}}\n") // it has no number
	if g.Foot != "" {
		fmt.Fprintf(b, "{\\footnotesize %s\\par}\n", breakable(g.Foot))
	}
}

// shares divides the width among the columns: each by its longest text, but none
// below its longest word or above forty letters.
func (g *grid) shares() []float64 {
	const least, most = 6, 40
	widths := make([]float64, len(g.Head))
	total := 0.0
	for j := range g.Head {
		longest := float64(least)
		for _, row := range append([][]string{g.Head}, g.Rows...) {
			longest = max(longest, min(float64(len([]rune(row[j])))+3, most))
		}
		widths[j] = longest
		total += longest
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
