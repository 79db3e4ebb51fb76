package plots

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/internal/needs"
)

// Included as they are, all figures fit the column of every venue under pdflatex,
// and none of them brings a font that is not embedded.
func TestFiguresFitTheirColumns(t *testing.T) {
	pdflatex, pdffonts := needs.Program(t, "pdflatex"), needs.Program(t, "pdffonts")
	for _, v := range Venues {
		dir := t.TempDir()
		var doc strings.Builder
		fmt.Fprintf(&doc, "\\documentclass[10pt]{article}\n\\usepackage[paperwidth=9in,textwidth=%gin]{geometry}\n\\usepackage{graphicx,mathptmx}\n\\setlength{\\parindent}{0pt}\n\\begin{document}\n", v.Width)
		for _, f := range madeUp() {
			name := f.About().Title + ".pdf"
			if err := os.WriteFile(filepath.Join(dir, name), render(t, f, PDF, v.Width), 0o644); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&doc, "\\includegraphics{%s}\n\n", name)
		}
		doc.WriteString("\\end{document}\n")
		if err := os.WriteFile(filepath.Join(dir, "doc.tex"), []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), pdflatex, "-interaction=nonstopmode", "-halt-on-error", "doc.tex")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", v.Name, err, out[max(0, len(out)-2000):])
		}
		if wide := regexp.MustCompile(`(?m)^(Overfull \\hbox.*|.*multiple pdfs with page group.*)$`).Find(out); wide != nil {
			t.Errorf("%s: %s", v.Name, wide)
		}
		fonts, err := exec.CommandContext(t.Context(), pdffonts, filepath.Join(dir, "doc.pdf")).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, fonts)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(fonts)), "\n")[2:] {
			if fields := strings.Fields(line); fields[len(fields)-5] != "yes" || fields[len(fields)-4] != "yes" {
				t.Errorf("%s: a font is not an embedded subset: %s", v.Name, line)
			}
		}
	}
}
