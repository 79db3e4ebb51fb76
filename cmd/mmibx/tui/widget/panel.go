package widget

import "strings"

// Panel paints a rounded frame with a title, and a note at the right of its top
// edge, and returns the canvas inside.
func Panel(c Canvas, title []Span, note []Span, focused bool) Canvas {
	w, h := c.W(), c.H()
	ink := Border
	if focused {
		ink = Focus
	}
	if w < 2 || h < 2 {
		return c.In(Rect{})
	}
	edge := strings.Repeat("─", w-2)
	c.Print(0, 0, Span{"╭" + edge + "╮", ink})
	c.Print(0, h-1, Span{"╰" + edge + "╯", ink})
	c.Fill(Rect{0, 1, 1, h - 2}, "│", ink)
	c.Fill(Rect{w - 1, 1, 1, h - 2}, "│", ink)
	top := c.In(Rect{1, 0, w - 2, 1})
	end := top.tab(1, title)
	if n := Width(note...) + 2; n > 2 && end+n < top.W() {
		top.tab(top.W()-n-1, note)
	}
	return c.In(Rect{2, 1, w - 4, h - 2})
}

// tab paints a title on an edge, a blank before and after it.
func (c Canvas) tab(x int, title []Span) int {
	if len(title) == 0 || x+3 > c.W() {
		return x
	}
	c.Print(x, 0, Span{" ", Plain})
	label := c.In(Rect{x + 1, 0, min(Width(title...), c.W()-x-2), 1})
	label.Print(0, 0, title...)
	c.Print(x+1+label.W(), 0, Span{" ", Plain})
	return x + 2 + label.W()
}

// Bar is a share from 0 to 1 as a bar of n cells. Only what is finished looks
// finished.
func Bar(share float64, n int, ink Ink) []Span {
	full := int(share*float64(n) + 0.5)
	if full >= n && share < 1 {
		full = n - 1
	}
	full = max(0, min(full, n))
	return []Span{{strings.Repeat("▰", full), ink}, {strings.Repeat("▱", max(0, n-full)), Border}}
}
