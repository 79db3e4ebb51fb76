package widget

// Hit is what lies under the mouse: a named part of the picture and the row in
// it.
type Hit struct {
	Name string
	Row  int
}

// spot is a part of the picture that answers to the mouse.
type spot struct {
	Rect
	name  string
	first int // row shown in the spot's first line
	parts int // instead of rows, equal parts of its width; 0: rows
}

// Spot lets the part r of the canvas answer to the mouse under a name. Its first
// line shows row first, the next the row after.
func (c Canvas) Spot(r Rect, name string, first int) {
	r.X, r.Y = r.X+c.r.X, r.Y+c.r.Y
	if r = r.within(c.clip); r.W > 0 && r.H > 0 {
		c.grid.spots = append(c.grid.spots, spot{r, name, first, 0})
	}
}

// SpotAcross lets the part r of the canvas answer to the mouse under a name with
// the one of so many equal parts of its width that was hit.
func (c Canvas) SpotAcross(r Rect, name string, parts int) {
	c.Spot(r, name, 0)
	if n := len(c.grid.spots); n > 0 && c.grid.spots[n-1].name == name {
		c.grid.spots[n-1].parts = parts
	}
}

// Forget makes the whole picture deaf to the mouse, for something that is to be
// painted over it.
func (c Canvas) Forget() { c.grid.spots = nil }

// At finds what was painted last at a cell.
func (c Canvas) At(x, y int) (Hit, bool) {
	for i := len(c.grid.spots) - 1; i >= 0; i-- {
		if s := c.grid.spots[i]; s.has(x, y) {
			if s.parts > 0 {
				return Hit{s.name, (x - s.X) * s.parts / s.W}, true
			}
			return Hit{s.name, s.first + y - s.Y}, true
		}
	}
	return Hit{}, false
}
