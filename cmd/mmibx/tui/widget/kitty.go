package widget

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/kitty"
)

// Kitty shows pictures in all their pixels, on terminals that know Kitty's graphics
// protocol with Unicode placeholders: cells hold a character that stands for a part
// of an image, so whatever moves, covers or clips cells does so with the image. The
// image itself is sent beside the cells (Album).
type Kitty struct{}

// Placed is a picture on a canvas of which the terminal must know.
type Placed struct {
	ID         int // 16 to 255: of the palette's colours that terminals do not rename
	Cols, Rows int
	Picture
}

// placeholder marks a colour as the id of an image.
const placeholder = 1 << 30

// The ids of images are a cell's colour; so few are enough, for few are shown at once.
const (
	firstID = 16
	lastID  = 255
	mostID  = 250 // cells of an image either way, less than there are diacritics
)

// Paint implements Painter.
func (Kitty) Paint(c Canvas, p Picture) {
	w, h := p.size(c)
	at := Placed{ID: p.id(), Cols: min(w, mostID), Rows: min((h+1)/2, mostID), Picture: p}
	for y := range at.Rows {
		for x := range at.Cols {
			c.set(x, y, string([]rune{kitty.Placeholder, kitty.Diacritic(y), kitty.Diacritic(x)}), Plain)
			gx, gy := x+c.r.X, y+c.r.Y
			if c.clip.has(gx, gy) {
				c.grid.cells[gy*c.grid.w+gx].above = placeholder | uint32(at.ID)
			}
		}
	}
	c.grid.placed = append(c.grid.placed, at)
}

// id is made of the pixels.
func (p Picture) id() int {
	h := fnv.New32a()
	for _, v := range p.Pixels {
		h.Write([]byte{byte(v >> 16), byte(v >> 8), byte(v)})
	}
	return firstID + int(h.Sum32()%(lastID-firstID+1))
}

func imageCell(c cell) string { return fmt.Sprintf("\x1b[0;38;5;%dm%s", c.above&0xff, c.text) }

// Placed are the images that the canvas needs.
func (c Canvas) Placed() []Placed { return c.grid.placed }

// Album is the images that a terminal holds.
type Album struct {
	Wrap func(sequence string) string // what stands between, such as tmux; nil: nothing
	held map[int]Placed
}

// Show is what makes a terminal hold the images that are placed, and no others; ""
// where it does.
func (a *Album) Show(placed []Placed) string {
	var b strings.Builder
	now := map[int]Placed{}
	for _, p := range placed {
		now[p.ID] = p
	}
	for id, old := range a.held {
		if p, ok := now[id]; !ok || !p.same(old.Picture) {
			a.write(&b, nil, "a=d", "d=I", fmt.Sprintf("i=%d", id))
			delete(a.held, id)
		}
	}
	for _, p := range placed {
		old, ok := a.held[p.ID]
		if !ok {
			a.send(&b, p)
		}
		if !ok || old.Cols != p.Cols || old.Rows != p.Rows {
			a.write(&b, nil, "a=p", "U=1", fmt.Sprintf("i=%d", p.ID), "p=1", fmt.Sprintf("c=%d", p.Cols), fmt.Sprintf("r=%d", p.Rows))
		}
		if a.held == nil {
			a.held = map[int]Placed{}
		}
		a.held[p.ID] = p
	}
	return b.String()
}

// Forget has the next Show send all that it needs: the terminal was in other hands.
func (a *Album) Forget() {
	if a != nil {
		a.held = nil
	}
}

func (p Picture) same(o Picture) bool {
	return p.W == o.W && p.H == o.H && len(p.Pixels) == len(o.Pixels) && (len(p.Pixels) == 0 || &p.Pixels[0] == &o.Pixels[0])
}

// send transmits an image as PNG, in pieces as small as the protocol wants.
func (a *Album) send(b *strings.Builder, p Placed) {
	text := []byte(base64.StdEncoding.EncodeToString(p.png()))
	for i := 0; i < len(text); i += kitty.MaxChunkSize {
		end := min(i+kitty.MaxChunkSize, len(text))
		options := []string{fmt.Sprintf("m=%d", map[bool]int{true: 1}[end < len(text)])}
		if i == 0 {
			options = append([]string{"a=t", "f=100", "t=d", fmt.Sprintf("i=%d", p.ID)}, options...)
		}
		a.write(b, text[i:end], options...)
	}
}

// write adds a sequence to which the terminal answers nothing.
func (a *Album) write(b *strings.Builder, payload []byte, options ...string) {
	sequence := ansi.KittyGraphics(payload, append(options, "q=2")...)
	if a.Wrap != nil {
		sequence = a.Wrap(sequence)
	}
	b.WriteString(sequence)
}

func (p Picture) png() []byte {
	img := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	for i, v := range p.Pixels {
		img.SetRGBA(i%p.W, i/p.W, color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255})
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		panic(err) // a buffer takes all, and the size is positive
	}
	return b.Bytes()
}
