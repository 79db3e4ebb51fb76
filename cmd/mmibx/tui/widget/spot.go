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
func (c Canvas) Forget() { c.grid.spots, c.grid.grips = nil, nil }

// Grip is a border between two panels that can be dragged.
type Grip struct {
	Name string
	Both Rect // the two panels, in cells of the whole picture
	Down bool // one stands below the other
	at   Rect // the border
}

// Share is the part of both panels that the first one gets where the border is put
// at a cell.
func (g Grip) Share(x, y int) float64 {
	at, size := x-g.Both.X, g.Both.W
	if g.Down {
		at, size = y-g.Both.Y, g.Both.H
	}
	return max(0, min((float64(at)+0.5)/float64(max(1, size)), 1))
}

// Grip lets the border between the first n columns, or rows, of r and the rest be
// dragged.
func (c Canvas) Grip(name string, r Rect, n int, down bool) {
	at := Rect{r.X + n - 1, r.Y, 2, r.H}
	if down {
		at = Rect{r.X, r.Y + n - 1, r.W, 2}
	}
	r.X, r.Y, at.X, at.Y = r.X+c.r.X, r.Y+c.r.Y, at.X+c.r.X, at.Y+c.r.Y
	c.grid.grips = append(c.grid.grips, Grip{name, r, down, at.within(c.clip)})
}

// GripAt finds the border at a cell, where nothing else answers to the mouse.
func (c Canvas) GripAt(x, y int) (Grip, bool) {
	if _, ok := c.At(x, y); ok {
		return Grip{}, false
	}
	for i := len(c.grid.grips) - 1; i >= 0; i-- {
		if g := c.grid.grips[i]; g.at.has(x, y) {
			return g, true
		}
	}
	return Grip{}, false
}

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
