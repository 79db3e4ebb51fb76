package plots

import (
	"fmt"
	"html"
	"io"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
)

// Drawing is a figure of any kind.
type Drawing interface {
	// Render draws at a width that fits a column; the height follows. The same
	// drawing gives the same bytes.
	Render(w io.Writer, format Format, width Width) error
	// Caption explains in plain sentences what is drawn and what was left out.
	Caption() string
	// About is what the file says of itself, for the caller to complete.
	About() *Meta
}

// Meta is what a file says of itself besides its picture.
type Meta struct {
	Title string   // inside a paper the caption says it
	Note  string   // a sentence that ends the caption: the split, what is missing
	Runs  []string // ids of the runs behind the figure
	// Drawn is what the figure had of each of these; nil where nobody will hold it
	// against a store.
	Drawn    map[string]Drawn
	Revision int // of the program that drew it, in a file that was read
	Origin

	seal string
	seen map[string]bool // of Runs
}

// Origin is where the numbers of a figure come from, besides the runs.
type Origin struct {
	Command string   // that draws it again
	Commits []string // of the programs that made the runs
	Data    []string // benchmarks, each with the beginning of its digest
}

// About is the Meta of a drawing that embeds it.
func (m *Meta) About() *Meta { return m }

// provenance is the description that a file carries: the caption, and whence
// its numbers are.
func (m *Meta) provenance(caption string) string {
	parts := []string{caption}
	add := func(name string, values ...string) {
		values = slices.Compact(slices.Sorted(slices.Values(values)))
		if text := strings.Join(values, " "); text != "" {
			parts = append(parts, name+": "+text)
		}
	}
	add("Command", m.Command)
	add("Commit", m.Commits...)
	add("Data", m.Data...)
	add("Revision", strconv.Itoa(Revision))
	add("Runs", m.Runs...)
	runs := slices.Compact(slices.Sorted(slices.Values(m.Runs)))
	if line := m.drawnLine(runs); line != "" {
		parts = append(parts, "Drawn: "+line)
	}
	return strings.Join(parts, "\n") + sealLine + unsealed
}

// sheet is a drawing that knows its size.
type sheet struct {
	width, height vg.Length
	draw          func(vg.Canvas)
}

// render checks the width and writes a drawing whose places layout measures.
func (m *Meta) render(w io.Writer, format Format, width Width, caption string, layout func(vg.Length) (sheet, error)) error {
	if !(width >= minWidth && width <= maxWidth) {
		return fmt.Errorf("figure %q: a width of %v inches", m.Title, width)
	}
	s, err := layout(vg.Length(width) * vg.Inch)
	if err != nil {
		return fmt.Errorf("figure %q: %w", m.Title, err)
	}
	blob, err := s.encode(format, m.Title, m.provenance(caption))
	if err != nil {
		return fmt.Errorf("figure %q: %w", m.Title, err)
	}
	_, err = w.Write(seal(blob))
	return err
}

// aboutSVG is the title and description of an SVG.
func aboutSVG(title, description string) string {
	return fmt.Sprintf("<title>%s</title>\n<desc>%s</desc>\n", html.EscapeString(title), html.EscapeString(description))
}
