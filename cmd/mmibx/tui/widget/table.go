package widget

// Column is one column of a Table.
type Column struct {
	Title string
	Width int  // cells; of a growing column the least
	Grow  bool // takes a share of what is left
	Most  int  // cells; of a growing column, 0: any
	Right bool // numbers end together
}

// Table shows the rows around its cursor and asks for no others, so that ten
// thousand rows cost what a screenful costs.
type Table struct {
	Name    string // what the mouse hits
	Columns []Column
	Len     int
	Row     func(i int) [][]Span // the cells of row i
	Cursor  int                  // row; -1: none
	Focused bool
	Empty   string // shown where there is no row
	Bare    bool   // no line of titles
}

// Draw paints the table: its titles, then its rows. Columns that do not fit are
// left out from the right.
func (t Table) Draw(c Canvas) {
	rows := c
	widths := t.widths(c.W())
	if !t.Bare {
		head, rest := c.Bounds().Top(1)
		t.line(c.In(head), widths, t.titles())
		t.titleSpots(c.In(head), widths)
		rows = c.In(rest)
	}
	if t.Len == 0 {
		rows.Print(0, 0, Span{t.Empty, Faint})
		return
	}
	first := t.first(rows.H())
	for y := 0; y < rows.H() && first+y < t.Len; y++ {
		line := rows.In(Rect{0, y, rows.W(), 1})
		t.line(line, widths, t.Row(first+y))
		if first+y == t.Cursor && t.Focused {
			line.Light(line.Bounds())
			line.Print(0, 0, Span{"▸", Focus})
		}
	}
	rows.Spot(Rect{0, 0, rows.W(), min(rows.H(), t.Len-first)}, t.Name, first)
}

// first is the row at the top: the cursor keeps to the middle until an end of
// the table is near.
func (t Table) first(h int) int {
	return max(0, min(t.Cursor-h/2, t.Len-h))
}

// titleSpots lets each title answer to the mouse, as row of its column.
func (t Table) titleSpots(c Canvas, widths []int) {
	x := 1
	for i, w := range widths {
		if w > 0 && t.Columns[i].Title != "" {
			c.Spot(Rect{x, 0, w, 1}, t.Name+".title", i)
		}
		x += w + 1
	}
}

func (t Table) titles() [][]Span {
	cells := make([][]Span, len(t.Columns))
	for i, col := range t.Columns {
		cells[i] = []Span{{col.Title, Faint}}
	}
	return cells
}

// widths shares w among the columns, after one cell for the cursor, with one
// between two; a column without room gets 0.
func (t Table) widths(w int) []int {
	widths := make([]int, len(t.Columns))
	left, growing := w-1, 0
	for i, col := range t.Columns {
		if col.Width > left {
			break
		}
		widths[i] = col.Width
		left -= col.Width + 1
		if col.Grow {
			growing++
		}
	}
	left++ // no gap after the last
	for i, col := range t.Columns {
		if col.Grow && widths[i] > 0 && growing > 0 {
			share := max(0, left) / growing
			if col.Most > 0 {
				share = max(0, min(share, col.Most-col.Width))
			}
			widths[i] += share
			left, growing = left-share, growing-1
		}
	}
	return widths
}

func (t Table) line(c Canvas, widths []int, cells [][]Span) {
	x := 1
	for i, spans := range cells {
		if i >= len(widths) || widths[i] == 0 {
			return
		}
		cell := c.In(Rect{x, 0, widths[i], 1})
		at := 0
		if t.Columns[i].Right {
			at = max(0, widths[i]-Width(spans...))
		}
		cell.Print(at, 0, spans...)
		x += widths[i] + 1
	}
}
