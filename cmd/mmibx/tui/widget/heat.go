package widget

import "math"

// HeatCell is one cell of a HeatMap.
type HeatCell struct {
	Value float64
	Text  string // the value as shown; "" where there is none
	Mark  string // one character after the text, or instead of it
	Ink   Ink    // of the mark
	Best  bool
}

// HeatMap is a grid of numbers on a ramp of colours. Each number is printed, so
// that the map reads without colour too.
type HeatMap struct {
	Name        string // what the mouse hits; its row is y*len(Columns)+x
	RowTitle    string
	ColumnTitle string
	Note        string // right of the column title where there is room
	Rows        []string
	Columns     []string
	Cell        func(x, y int) HeatCell
	X, Y        int // cursor
	Focused     bool
	Low, High   float64 // ends of the ramp
}

// HeatHead counts the lines above the first row of a map.
const HeatHead = 2

// Draw paints the map: what the columns are, their labels, then the rows around
// the cursor.
func (m HeatMap) Draw(c Canvas) {
	label := m.labelWidth(c.W())
	step := m.step(c.W() - label)
	shown := min(len(m.Columns), max(1, (c.W()-label)/step))
	left := max(0, min(m.X-shown/2, len(m.Columns)-shown))
	after := 2 + c.Print(label+1, 0, Span{m.ColumnTitle, Faint})
	note := c.In(Rect{after, 0, max(0, c.W()-after), 1})
	note.Right(note.W(), 0, Span{m.Note, Faint})
	c.In(Rect{0, 1, label - 1, 1}).Right(label-1, 0, Span{m.RowTitle, Faint})
	for i := range shown {
		text := Span{m.Columns[left+i], Faint}
		head := c.In(Rect{label + i*step, 1, step, 1})
		head.Right(head.W()-1, 0, text)
	}
	h := c.H() - HeatHead
	top := max(0, min(m.Y-h/2, len(m.Rows)-h))
	for y := 0; y < h && top+y < len(m.Rows); y++ {
		line := c.In(Rect{0, y + HeatHead, label - 1, 1})
		line.Right(line.W(), 0, Span{m.Rows[top+y], Faint})
		for i := range shown {
			box := c.In(Rect{label + i*step, y + HeatHead, step, 1})
			m.draw(box, left+i, top+y)
			box.Spot(box.Bounds(), m.Name, (top+y)*len(m.Columns)+left+i)
		}
	}
}

// draw paints one cell: room for a sign, the number at the right, its mark.
func (m HeatMap) draw(c Canvas, x, y int) {
	cell := m.Cell(x, y)
	ink := Plain
	if cell.Text != "" {
		ink = m.ink(cell.Value)
		c.Fill(c.Bounds(), " ", ink)
	}
	mark := Span{cell.Mark, ink}
	if cell.Text == "" {
		mark.Ink = cell.Ink
	}
	start := c.Right(c.W()-1, 0, Span{cell.Text, ink})
	if cell.Mark != "" && cell.Text != "" {
		c.Print(c.W()-1, 0, mark)
	} else {
		c.Right(c.W()-1, 0, mark)
	}
	if cell.Best {
		c.Print(start-1, 0, Span{"◆", ink})
	}
	if m.Focused && x == m.X && y == m.Y {
		c.Print(max(0, start-1), 0, Span{"▸", ink})
		c.Light(c.Bounds())
	}
}

func (m HeatMap) ink(v float64) Ink {
	if math.IsNaN(v) || m.High <= m.Low {
		return Heat + HeatLevels/2
	}
	level := int((v - m.Low) / (m.High - m.Low) * HeatLevels)
	return Heat + Ink(max(0, min(level, HeatLevels-1)))
}

func (m HeatMap) labelWidth(w int) int {
	n := Width(Span{m.RowTitle, Faint})
	for _, r := range m.Rows {
		n = max(n, Width(Span{r, Faint}))
	}
	return min(n+1, max(4, w/3))
}

// step is the width of a column: as wide as the labels need, and no wider than
// calm.
func (m HeatMap) step(w int) int {
	need := 6
	for _, l := range m.Columns {
		need = max(need, Width(Span{l, Faint})+2)
	}
	if len(m.Columns) == 0 {
		return need
	}
	return max(min(need, 14), min(w/len(m.Columns), 9))
}
