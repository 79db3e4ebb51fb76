package widget

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A cell of an SVG picture, in its pixels. Fonts for code are 0.6 of their size
// wide, so that text at this size needs next to no stretching.
const (
	svgCellW    = 8
	svgCellH    = 17
	svgFontSize = 13.3
	svgBaseline = 13
	svgMiddle   = 8 // of a border
)

// SVG is the whole picture as a file that browsers show, in the theme's colours.
// Text is text. Borders, bars, Braille and pictures are drawn, for there fonts
// differ, and leave gaps between cells.
func (c Canvas) SVG(t *Theme) string {
	w, h := c.grid.w*svgCellW, c.grid.h*svgCellH
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%d">`+"\n", w, h)
	fmt.Fprintf(&b, `<style>text{font:%gpx ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;white-space:pre}.b{font-weight:bold}</style>`+"\n", svgFontSize)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="6" fill="%s"/>`+"\n", w, h, hex(t.paper))
	for y := range c.grid.h {
		row := c.grid.cells[y*c.grid.w : (y+1)*c.grid.w]
		for from := 0; from < len(row); {
			to := from + 1
			for to < len(row) && row[from].alike(&row[to]) {
				to++
			}
			svgRun(&b, t, row, from, to, y)
			from = to
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// alike says whether two cells differ at most in their text.
func (c *cell) alike(d *cell) bool {
	return c.ink == d.ink && c.lit == d.lit && c.above == d.above && c.below == d.below
}

// svgRun writes the cells from..to of row y, which are alike.
func svgRun(b *strings.Builder, t *Theme, row []cell, from, to, y int) {
	rect := func(top, height int, fill string) {
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", from*svgCellW, y*svgCellH+top, (to-from)*svgCellW, height, fill)
	}
	if above, below := row[from].above, row[from].below; above&picture != 0 {
		rect(0, svgCellH/2, fmt.Sprintf("#%06x", above&0xffffff))
		rect(svgCellH/2, svgCellH-svgCellH/2, fmt.Sprintf("#%06x", below&0xffffff))
		return
	}
	tone := t.tone(row[from].ink, row[from].lit)
	if tone.bg != nil {
		rect(0, svgCellH, hex(tone.bg))
	}
	fill := t.text
	if tone.fg != nil {
		fill = tone.fg
	}
	class := ""
	if tone.bold {
		class = ` class="b"`
	}
	var drawn strings.Builder
	for x := from; x < to; {
		if dashes := dashes(row[x:to]); dashes > 0 {
			fmt.Fprintf(&drawn, "M%d %dh%dv1h%dz", x*svgCellW, y*svgCellH+svgMiddle, dashes*svgCellW, -dashes*svgCellW)
			x += dashes
			continue
		}
		if row[x].text == " " || svgGlyph(&drawn, row[x].text, x*svgCellW, y*svgCellH) {
			x++
			continue
		}
		text := svgText(row[x:to])
		fmt.Fprintf(b, `<text%s x="%d" y="%d" fill="%s" textLength="%d">%s</text>`+"\n",
			class, x*svgCellW, y*svgCellH+svgBaseline, hex(fill), ansi.StringWidth(text)*svgCellW, html.EscapeString(text))
		x += ansi.StringWidth(text)
	}
	if drawn.Len() > 0 {
		fmt.Fprintf(b, `<path d="%s" fill="%s"/>`+"\n", drawn.String(), hex(fill))
	}
}

// dashes counts the horizontal lines that cells begin with.
func dashes(cells []cell) int {
	n := 0
	for n < len(cells) && cells[n].text == "─" {
		n++
	}
	return n
}

// svgText is what the cells say up to two blanks or a character that is drawn.
func svgText(cells []cell) string {
	var text strings.Builder
	for i, c := range cells {
		if svgGlyph(nil, c.text, 0, 0) || c.text == " " && (i+1 == len(cells) || cells[i+1].text == " ") {
			break
		}
		text.WriteString(c.text)
	}
	return strings.TrimRight(text.String(), " ")
}

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// svgArms are the characters of borders by the sides of the cell that their lines
// reach: left, right, up, down.
var svgArms = map[string]string{
	"─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "├": "udr", "┤": "udl", "┬": "lrd", "┴": "lru", "┼": "lrud", "└": "ru", "┌": "rd", "┐": "ld", "┘": "lu",
}

// svgGlyph draws a character at the pixel (x, y) into a path, and says whether it
// is one that is drawn. A nil path only asks.
func svgGlyph(path *strings.Builder, glyph string, x, y int) bool {
	box := func(left, top, width, height float64) {
		if path != nil {
			fmt.Fprintf(path, "M%g %gh%gv%gh%gz", float64(x)+left, float64(y)+top, width, height, -width)
		}
	}
	if arms, ok := svgArms[glyph]; ok {
		for _, arm := range arms {
			switch arm {
			case 'l':
				box(0, svgMiddle, 4.5, 1)
			case 'r':
				box(3.5, svgMiddle, 4.5, 1)
			case 'u':
				box(3.5, 0, 1, svgMiddle+1)
			case 'd':
				box(3.5, svgMiddle, 1, svgCellH-svgMiddle)
			}
		}
		return true
	}
	r := []rune(glyph)
	if len(r) != 1 {
		return false
	}
	switch g := r[0]; {
	case g > 0x2800 && g <= 0x28ff: // Braille: dots 1 2 3 7 in the left column, 4 5 6 8 in the right
		for dot, at := range [8][2]float64{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}} {
			if (g-0x2800)&(1<<dot) != 0 {
				box(1+at[0]*4, 1+at[1]*4.25, 2, 2)
			}
		}
	case g >= '▁' && g <= '█': // eighths from below
		height := float64(g-'▁'+1) * svgCellH / 8
		box(0, svgCellH-height, svgCellW, height)
	case g == '▀':
		box(0, 0, svgCellW, svgCellH/2)
	case g == '▰':
		box(1, 5, svgCellW-2, 7)
	case g == '▱':
		box(1, 5, svgCellW-2, 1)
		box(1, 11, svgCellW-2, 1)
		box(1, 6, 1, 5)
		box(svgCellW-2, 6, 1, 5)
	default:
		return false
	}
	return true
}
