package reports

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Paper is a LaTeX source with all that it inputs.
type Paper struct {
	Files []string // that were read, the main one first
	Uses  []Use    // of numbers and figures, in the order of reading
	// Graphics are the folders that \graphicspath names.
	Graphics []string
}

// Use is one place of a paper that prints what mmibx wrote.
type Use struct {
	File string
	Line int
	Kind UseKind
	Key  string // TABLE:ROW:COLUMN, or the name of the figure's file as the paper has it
	Text string // what the source says that is printed; of \mmibxvalue nothing
}

// UseKind is what a use is of.
type UseKind string

// A cell is printed by \mmibxcell, a value by \mmibxvalue, which a definition
// holds, and a figure by \includegraphics.
const (
	UseCell       UseKind = "cell"
	UseValue      UseKind = "value"
	UseDefinition UseKind = "definition"
	UseFigure     UseKind = "figure"
)

// ReadPaper reads a LaTeX source and what it inputs, as far as names are written
// out. A file that it inputs and that is not there is an error at its line, unless
// it may be one of the system's.
func ReadPaper(main string) (*Paper, error) {
	p := &Paper{}
	err := p.read(main, filepath.Dir(main), nil)
	return p, err
}

// paperCommands are what a paper is searched for; the last of them is how values
// are defined.
var paperCommands = regexp.MustCompile(`\\(includegraphics|graphicspath|input|include|subfile|mmibxcell|mmibxvalue|csname mmibx@)`)

func (p *Paper) read(file, dir string, from []string) error {
	if slices.Contains(from, file) {
		return &mmibx.InputError{File: file, Found: "a file that inputs itself", Expected: "a paper that ends"}
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", file, mmibx.ErrNotFound)
	}
	if err != nil {
		return err
	}
	if !slices.Contains(p.Files, file) {
		p.Files = append(p.Files, file)
	}
	s := source{text: withoutComments(string(text))}
	for {
		at := paperCommands.FindStringSubmatchIndex(s.text[s.pos:])
		if at == nil {
			return nil
		}
		name := s.text[s.pos+at[2] : s.pos+at[3]]
		use := Use{File: file, Line: s.line(s.pos + at[0])}
		s.pos += at[1]
		if err := p.command(&s, name, use, file, dir, from); err != nil {
			return err
		}
	}
}

// command reads the arguments of one command.
func (p *Paper) command(s *source, name string, use Use, file, dir string, from []string) error {
	switch name {
	case "csname mmibx@":
		key, rest, ok := strings.Cut(s.text[s.pos:], `\endcsname`)
		if !ok || strings.ContainsAny(key, "#{}\\ \n") {
			return nil // the command itself, which takes any key
		}
		s.pos = len(s.text) - len(rest)
		if value, ok := s.group(); ok {
			use.Kind, use.Key, use.Text = UseDefinition, key, value
			p.Uses = append(p.Uses, use)
		}
		return nil
	case "includegraphics":
		s.option()
	}
	arg, ok := s.group()
	if !ok || strings.Contains(arg, "#") { // a definition
		return nil
	}
	switch name {
	case "input", "include", "subfile":
		return p.input(arg, use, file, dir, from)
	case "graphicspath":
		for _, folder := range regexp.MustCompile(`\{([^{}]*)\}`).FindAllStringSubmatch(arg, -1) {
			p.Graphics = append(p.Graphics, filepath.Join(dir, folder[1]))
		}
		return nil
	case "mmibxcell":
		text, ok := s.group()
		if !ok {
			return nil
		}
		use.Kind, use.Key, use.Text = UseCell, arg, text
	case "mmibxvalue":
		use.Kind, use.Key = UseValue, arg
	case "includegraphics":
		use.Kind, use.Key = UseFigure, strings.TrimSpace(arg)
	}
	p.Uses = append(p.Uses, use)
	return nil
}

// input follows a file that the paper reads; LaTeX looks from the folder of the
// main file on.
func (p *Paper) input(arg string, use Use, file, dir string, from []string) error {
	name := filepath.Join(dir, strings.TrimSpace(arg))
	if filepath.IsAbs(strings.TrimSpace(arg)) {
		name = strings.TrimSpace(arg)
	}
	if filepath.Ext(name) != ".tex" {
		if info, err := os.Stat(name + ".tex"); err == nil && !info.IsDir() {
			name += ".tex"
		}
	}
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		if !strings.ContainsAny(arg, `/\`) && filepath.Ext(arg) != "" && filepath.Ext(arg) != ".tex" {
			return nil // of the system, such as a font's definitions
		}
		return fmt.Errorf("%s:%d: \\input{%s}: %w", use.File, use.Line, arg, mmibx.ErrNotFound)
	}
	return p.read(name, dir, append(slices.Clone(from), file))
}

// source is a text with a place in it.
type source struct {
	text string
	pos  int
}

func (s *source) line(pos int) int { return 1 + strings.Count(s.text[:pos], "\n") }

// group reads {...} with balanced braces, from the place on.
func (s *source) group() (string, bool) {
	s.space()
	if s.pos >= len(s.text) || s.text[s.pos] != '{' {
		return "", false
	}
	depth := 0
	for i := s.pos; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++ // an escaped brace counts for nothing
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				inner := s.text[s.pos+1 : i]
				s.pos = i + 1
				return inner, true
			}
		}
	}
	return "", false
}

// option steps over [...].
func (s *source) option() {
	s.space()
	if s.pos < len(s.text) && s.text[s.pos] == '[' {
		if end := strings.IndexByte(s.text[s.pos:], ']'); end >= 0 {
			s.pos += end + 1
		}
	}
}

func (s *source) space() {
	for s.pos < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.pos]) >= 0 {
		s.pos++
	}
}

// withoutComments blanks what follows a % on its line, so that lines stay where
// they are. What is after \end{document} is no part of the paper.
func withoutComments(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		for j := 0; j < len(l); j++ {
			if l[j] == '\\' {
				j++
			} else if l[j] == '%' {
				l = l[:j]
			}
		}
		lines[i] = l
	}
	text, _, _ = strings.Cut(strings.Join(lines, "\n"), `\end{document}`)
	return text
}
