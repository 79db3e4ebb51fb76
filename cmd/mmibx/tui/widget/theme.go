package widget

import (
	"fmt"
	"image/color"
	"slices"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Ink is what painted text means. A Theme gives each ink its colour, so that
// pictures are the same in the dark, in the light and without colour.
type Ink uint8

// The inks. Heat is the first of HeatLevels inks from low to high.
const (
	Plain  Ink = iota
	Faint      // what may be overlooked
	Strong     // what should not
	Border
	Focus // border and title of the part that keys act on
	Key   // a key to press
	Busy  // going on
	Good
	Warn
	Bad
	Line    // a curve by itself
	Series0 // the first of NumSeries inks that tell curves apart
	Heat    = Series0 + NumSeries
	numInks = Heat + HeatLevels
)

// NumSeries counts the inks of curves in one chart.
const NumSeries = 6

// HeatLevels counts the steps of the colour ramp of heat maps.
const HeatLevels = 8

// Theme gives inks their look.
type Theme struct {
	colourless  bool
	text, paper color.Color // where an ink has no colour of its own, outside a terminal
	normal, lit [numInks]tone
}

// tone is an ink's look and how a terminal is told it.
type tone struct {
	look
	escape string
}

// Colourless is the theme for where colours are not shown: pictures are shaded.
func (t *Theme) Colourless() *Theme {
	plain := *t
	plain.colourless = true
	return &plain
}

const reset = "\x1b[0m"

// look is one ink's colours; nil is the terminal's own.
type look struct {
	fg, bg color.Color
	bold   bool
}

// The hues are those of Okabe and Ito, which stay apart for colour-blind eyes:
// blue, bluish green, orange, vermilion. The dark ramp follows viridis, in colours
// that terminals with 256 of them have too, the light one GnBu of ColorBrewer.
var (
	darkLooks = [Heat]look{
		Faint: {fg: rgb(0x808080)}, Strong: {bold: true}, Border: {fg: rgb(0x444444)},
		Focus: {fg: rgb(0x56b4e9), bold: true}, Key: {fg: rgb(0x8ecdf2)}, Busy: {fg: rgb(0x56b4e9)},
		Good: {fg: rgb(0x35c29a)}, Warn: {fg: rgb(0xe6a532)}, Bad: {fg: rgb(0xf0743e), bold: true}, Line: {fg: rgb(0x4fd1c5)},
		Series0: {fg: rgb(0x56b4e9)}, Series0 + 1: {fg: rgb(0xe69f00)}, Series0 + 2: {fg: rgb(0x35c29a)},
		Series0 + 3: {fg: rgb(0xcc79a7)}, Series0 + 4: {fg: rgb(0xf0e442)}, Series0 + 5: {fg: rgb(0xf0743e)},
	}
	lightLooks = [Heat]look{
		Faint: {fg: rgb(0x6c6c6c)}, Strong: {bold: true}, Border: {fg: rgb(0xb2b2b2)},
		Focus: {fg: rgb(0x005a9c), bold: true}, Key: {fg: rgb(0x00609f)}, Busy: {fg: rgb(0x0072b2)},
		Good: {fg: rgb(0x00785a)}, Warn: {fg: rgb(0x9a6200)}, Bad: {fg: rgb(0xb84a00), bold: true}, Line: {fg: rgb(0x007a73)},
		Series0: {fg: rgb(0x0072b2)}, Series0 + 1: {fg: rgb(0xa65c00)}, Series0 + 2: {fg: rgb(0x00785a)},
		Series0 + 3: {fg: rgb(0xa33b7a)}, Series0 + 4: {fg: rgb(0x6b6200)}, Series0 + 5: {fg: rgb(0xb84a00)},
	}
	// The safe ones tell by blue and yellow and by lightness alone, which every kind
	// of colour blindness but the rarest keeps; their ramp follows cividis.
	safeDarkLooks = [Heat]look{
		Faint: {fg: rgb(0x8a8a8a)}, Strong: {bold: true}, Border: {fg: rgb(0x4e4e4e)},
		Focus: {fg: rgb(0x6cb6ff), bold: true}, Key: {fg: rgb(0xa8d1ff)}, Busy: {fg: rgb(0xd0d0d0), bold: true},
		Good: {fg: rgb(0x4d94e8)}, Warn: {fg: rgb(0xffe945)}, Bad: {fg: rgb(0xe08a1e), bold: true}, Line: {fg: rgb(0x6cb6ff)},
		Series0: {fg: rgb(0x6cb6ff)}, Series0 + 1: {fg: rgb(0xffe945)}, Series0 + 2: {fg: rgb(0xffffff)},
		Series0 + 3: {fg: rgb(0x2f6fd0)}, Series0 + 4: {fg: rgb(0xb8860b)}, Series0 + 5: {fg: rgb(0x9a9a9a)},
	}
	safeLightLooks = [Heat]look{
		Faint: {fg: rgb(0x6c6c6c)}, Strong: {bold: true}, Border: {fg: rgb(0xb2b2b2)},
		Focus: {fg: rgb(0x00458a), bold: true}, Key: {fg: rgb(0x0055a4)}, Busy: {fg: rgb(0x303030), bold: true},
		Good: {fg: rgb(0x1a5fd0)}, Warn: {fg: rgb(0x9a7400)}, Bad: {fg: rgb(0x7a3300), bold: true}, Line: {fg: rgb(0x1a5fd0)},
		Series0: {fg: rgb(0x1a5fd0)}, Series0 + 1: {fg: rgb(0xa07800)}, Series0 + 2: {fg: rgb(0x101010)},
		Series0 + 3: {fg: rgb(0x5c9be8)}, Series0 + 4: {fg: rgb(0x5a4200)}, Series0 + 5: {fg: rgb(0x808080)},
	}
	darkRamp  = [HeatLevels]int{0x303030, 0x005f5f, 0x005f87, 0x5f8787, 0x5faf87, 0x87d787, 0xafd787, 0xd7d787}
	lightRamp = [HeatLevels]int{0xf7fcf0, 0xe6f5e1, 0xd5eece, 0xbee6c2, 0xa1dbb9, 0x80cdc4, 0x5fbecc, 0x45a8ce}

	safeDarkRamp  = [HeatLevels]int{0x00204c, 0x15396d, 0x434e6c, 0x656870, 0x888678, 0xada572, 0xd3c665, 0xffe945}
	safeLightRamp = [HeatLevels]int{0xf7fbff, 0xdeebf7, 0xc6dbef, 0xb0d2e8, 0x9ecae1, 0x85bcdb, 0x6baed6, 0x57a0ce}
)

// Dark is for terminals with a dark background.
func Dark() *Theme {
	t := newTheme(darkLooks, darkRamp, rgb(0xeeeeee), rgb(0x121212), rgb(0x303030))
	t.text, t.paper = rgb(0xd0d0d0), rgb(0x121212)
	return t
}

// Light is for terminals with a light background.
func Light() *Theme {
	t := newTheme(lightLooks, lightRamp, rgb(0x1c1c1c), rgb(0x1c1c1c), rgb(0xdadada))
	t.text, t.paper = rgb(0x1c1c1c), rgb(0xffffff)
	return t
}

// Safe is for colour-blind eyes, on a dark or a light background.
func Safe(dark bool) *Theme {
	like, looks, ramp := Light(), safeLightLooks, safeLightRamp
	low, high, cursor := rgb(0x1c1c1c), rgb(0x1c1c1c), rgb(0xdadada)
	if dark {
		like, looks, ramp = Dark(), safeDarkLooks, safeDarkRamp
		low, high, cursor = rgb(0xeeeeee), rgb(0x121212), rgb(0x303030)
	}
	t := newTheme(looks, ramp, low, high, cursor)
	t.text, t.paper = like.text, like.paper
	return t
}

// Mono has no colour: what is strong is bold, what may be overlooked is faint, and
// the cursor turns its cells over.
func Mono() *Theme {
	t := &Theme{colourless: true, text: rgb(0x1c1c1c), paper: rgb(0xffffff)}
	for i := range Ink(numInks) {
		s := ansi.NewStyle().Reset()
		bold := slices.Contains([]Ink{Strong, Focus, Key, Bad}, i)
		if bold {
			s = s.Bold()
		}
		if i == Faint || i == Border {
			s = s.Faint()
		}
		t.normal[i] = tone{look{bold: bold}, s.String()}
		t.lit[i] = tone{look{fg: t.paper, bg: t.text, bold: bold}, s.Reverse(true).String()}
	}
	return t
}

// newTheme takes the text's colour on the lower and on the upper part of the
// ramp, and the background under the cursor.
func newTheme(looks [Heat]look, ramp [HeatLevels]int, low, high, cursor color.Color) *Theme {
	t := &Theme{}
	all := append([]look{}, looks[:]...)
	for i, c := range ramp {
		fg := low
		if i >= HeatLevels/2 {
			fg = high
		}
		all = append(all, look{fg: fg, bg: rgb(c)})
	}
	for i, l := range all {
		t.normal[i] = tone{l, l.escape()}
		if l.bg != nil { // a heat map's colour is its message, so the cursor turns it over
			l.fg, l.bg = l.bg, l.fg
		} else {
			l.bg = cursor
		}
		l.bold = true
		t.lit[i] = tone{l, l.escape()}
	}
	return t
}

// escape is the sequence that makes a terminal write so.
func (l look) escape() string {
	s := ansi.NewStyle().Reset()
	if l.fg != nil {
		s = s.ForegroundColor(l.fg)
	}
	if l.bg != nil {
		s = s.BackgroundColor(l.bg)
	}
	if l.bold {
		s = s.Bold()
	}
	return s.String()
}

func rgb(hex int) color.Color { return lipgloss.Color(fmt.Sprintf("#%06x", hex)) }

func (t *Theme) sequence(ink Ink, lit bool) string { return t.tone(ink, lit).escape }

func (t *Theme) tone(ink Ink, lit bool) *tone {
	if lit {
		return &t.lit[ink]
	}
	return &t.normal[ink]
}
