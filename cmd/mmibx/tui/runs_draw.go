package tui

import (
	"fmt"
	"strings"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// firstColumn is the place of the first chosen column in the table: before it
// stand the mark, the state, the id and what the run is.
const firstColumn = 4

// Draw implements screen.
func (r *runs) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	header(c.In(top), r.env, []string{"runs"}, r.status(), nil)
	line, rest := rest.Top(1)
	r.drawFilter(c.In(line))
	if r.page.Fault != nil && r.fault() {
		line, rest = rest.Top(1)
		r.drawFault(c.In(line))
	}
	r.drawTable(c.In(rest))
	if r.typing != nil && len(r.typing.words.Words) > 0 {
		r.drawWords(c.In(rest))
	}
}

// fault says that the fault is one of the filter that is shown.
func (r *runs) fault() bool { return r.page.Fault.At <= len(r.query().Filter) }

func (r *runs) status() []widget.Span {
	if t := r.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	if !r.loaded {
		return []widget.Span{faint("reading …")}
	}
	what := "run"
	if r.page.Of.ByArm {
		what = "arm"
	}
	spans := []widget.Span{strong(fmt.Sprint(r.page.Total)), plain(" " + strings.TrimPrefix(plural(r.page.Total, what), fmt.Sprint(r.page.Total)+" "))}
	if r.page.Total != r.page.All {
		spans = append(spans, faint(fmt.Sprintf(" of %d pass", r.page.All)))
	}
	if r.list.Bin {
		spans = append(spans, widget.Span{Text: "  in the bin", Ink: widget.Warn})
	}
	if n := len(r.marked); n > 0 {
		spans = append(spans, widget.Span{Text: fmt.Sprintf("   ● %d marked", n), Ink: widget.Key})
	}
	if r.page.Notice != "" {
		spans = append(spans, widget.Span{Text: "   " + r.page.Notice, Ink: widget.Warn})
	}
	return spans
}

func (r *runs) drawFilter(c widget.Canvas) {
	c.Spot(c.Bounds(), "filter", 0)
	x := c.Print(1, 0, widget.Span{Text: "/", Ink: widget.Key}, plain(" "))
	if r.typing != nil {
		r.typing.line.Draw(c.In(widget.Rect{X: x, Y: 0, W: c.W() - x - 1, H: 1}))
		return
	}
	if r.list.Filter == "" {
		c.Print(x, 0, faint("all runs; / narrows them: model=mmib and dev.f1>70"))
		return
	}
	c.Print(x, 0, plain(r.list.Filter))
}

// drawFault shows where the filter is wrong, under it, and why.
func (r *runs) drawFault(c widget.Canvas) {
	f, text := r.page.Fault, r.query().Filter
	x := 3 + widget.Width(plain(text[:f.At]))
	if x > c.W()/2 { // the words before the place
		n := widget.Width(plain(f.Text))
		c.Print(max(1, x-n-1), 0, widget.Span{Text: f.Text + " ", Ink: widget.Bad})
		c.Print(min(x, c.W()-1), 0, widget.Span{Text: "^", Ink: widget.Bad})
		return
	}
	c.Print(x, 0, widget.Span{Text: "^ " + f.Text, Ink: widget.Bad})
}

func (r *runs) drawWords(c widget.Canvas) {
	words := r.typing.words.Words
	w := 8
	for _, word := range words {
		w = max(w, widget.Width(plain(word))+6)
	}
	x := 2 + widget.Width(plain(r.typing.line.Text[:min(r.typing.words.From, len(r.typing.line.Text))]))
	h := min(len(words), 10, c.H()-2) + 2
	w = min(w, c.W())
	in := popup(c, widget.Rect{X: max(0, min(x, c.W()-w)), Y: 0, W: w, H: h}, nil)
	widget.Table{
		Name: "words", Len: len(words), Cursor: r.typing.cursor, Focused: r.typing.cursor >= 0, Bare: true,
		Columns: []widget.Column{{Width: 4, Grow: true}},
		Row:     func(i int) [][]widget.Span { return [][]widget.Span{{plain(words[i])}} },
	}.Draw(in)
}

func (r *runs) drawTable(c widget.Canvas) {
	var note []widget.Span
	if n := r.page.Total; n > 0 {
		note = []widget.Span{faint(fmt.Sprintf("%d of %d", r.cursor+1, n))}
	}
	title := "runs"
	if r.page.Of.ByArm {
		title = "arms"
	}
	in := widget.Panel(c, []widget.Span{strong(title)}, note, true)
	t := widget.Table{Name: "runs", Len: r.page.Total, Cursor: r.cursor, Focused: r.typing == nil, Empty: r.empty(), Columns: r.columns(), Row: r.cells}
	if r.page.Of.ByArm {
		t.Row = r.armCells
	}
	t.Draw(in)
}

func (r *runs) empty() string {
	switch {
	case !r.loaded:
		return "reading …"
	case r.list.Bin:
		return "the bin is empty"
	case r.query().Filter != "":
		return "no run passes"
	}
	return "no run yet: a sweep or `mmibx train` makes some"
}

// columns are as wide as what was read, the sorted one with its direction.
func (r *runs) columns() []widget.Column {
	state := widget.Column{Width: 1}
	if r.page.Of.ByArm {
		state = widget.Column{Title: "runs", Width: 12}
	}
	list := []widget.Column{{Width: 1}, state, {Title: "id", Width: 6}, {Title: "label", Width: 16, Grow: true, Most: 100}}
	for i, head := range r.page.Heads {
		col := widget.Column{Title: head.Title, Right: !head.Words}
		switch key := r.page.Of.Columns[i]; r.page.Of.Sort {
		case key:
			col.Title += "↑"
		case "-" + key:
			col.Title += "↓"
		}
		col.Width = widget.Width(plain(col.Title))
		for _, row := range r.page.Rows {
			if i < len(row.Cells) {
				col.Width = max(col.Width, min(24, widget.Width(plain(row.Cells[i]))))
			}
		}
		list = append(list, col)
	}
	return list
}

func (r *runs) cells(i int) [][]widget.Span {
	l := r.row(i)
	if l.ID == "" {
		return [][]widget.Span{nil, nil, {faint("…")}}
	}
	cells := [][]widget.Span{r.markSpan(l.ID), {sign(l.State)}, {plain(brief(l.ID))}, about(l)}
	for _, text := range l.Cells {
		cells = append(cells, []widget.Span{plain(text)})
	}
	return cells
}

func (r *runs) armCells(i int) [][]widget.Span {
	l := r.row(i)
	if l.ID == "" {
		return [][]widget.Span{nil, nil, {faint("…")}}
	}
	cells := [][]widget.Span{r.markSpan(l.ID), states(l.Counts), {plain(brief(l.ID))}, about(l)}
	for _, text := range l.Cells {
		cells = append(cells, []widget.Span{plain(text)})
	}
	return cells
}

// states is counts as narrow as they can be.
func states(counts Counts) []widget.Span {
	var spans []widget.Span
	for _, s := range countOrder {
		if n := counts[s]; n > 0 {
			spans = append(spans, sign(s), plain(fmt.Sprintf("%d ", n)))
		}
	}
	return spans
}

func (r *runs) markSpan(id string) []widget.Span {
	if r.markOf(id, r.page.Of.ByArm) >= 0 {
		return []widget.Span{{Text: "●", Ink: widget.Key}}
	}
	return nil
}

// about says what a run is, or what went wrong with it, with its tags.
func about(l Listed) []widget.Span {
	spans := []widget.Span{plain(l.Label)}
	for _, tag := range l.Tags {
		spans = append(spans, widget.Span{Text: " #" + tag, Ink: widget.Line})
	}
	if l.Note != "" {
		spans = append(spans, faint("  "+l.Note))
	}
	if l.Error != "" {
		spans = append(spans, widget.Span{Text: "  " + l.Error, Ink: widget.Bad})
	}
	return spans
}
