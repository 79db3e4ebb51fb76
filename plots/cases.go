package plots

import (
	"fmt"
	"io"
	"strings"

	"gonum.org/v1/plot/vg"

	"github.com/mmibx/mmibx"
)

// Cases shows what systems say of examples, below each other, as the qualitative
// figures of papers do.
type Cases struct {
	Meta
	List []Case
}

// Case is one example with the answers to it, gold first.
type Case struct {
	Title   string // benchmark and place in the split
	Tokens  []string
	Bold    []mmibx.Span // words that the question is about
	Answers []Answer
}

// Answer is a row.
type Answer struct {
	Name  string
	Items []Item
}

// Item is an entity or a relation that somebody names.
type Item struct {
	Text, Label string
	Mark        Mark
}

// Mark says what is thought of an item.
type Mark int

// The marks of items. Gold itself has none.
const (
	Unmarked Mark = iota
	Right
	Wrong
	Missed // gold has it, the system does not
)

// Caption implements Drawing.
func (f *Cases) Caption() string {
	parts := []string{"A tick marks what agrees with gold, a cross what does not; dashed: missed."}
	if f.Note != "" {
		parts = append(parts, strings.TrimSuffix(f.Note, ".")+".")
	}
	return strings.Join(parts, " ")
}

// Render implements Drawing.
func (f *Cases) Render(w io.Writer, format Format, width Width) error {
	return f.render(w, format, width, f.Caption(), func(width vg.Length) (sheet, error) {
		if len(f.List) == 0 {
			return sheet{}, fmt.Errorf("no cases")
		}
		p := &casePage{Cases: f, width: width}
		columns := 1
		if width >= twoColumns && len(f.List) > 1 {
			columns, p.width = 2, (width-columnGap)/2
		}
		for _, c := range f.List {
			for _, a := range c.Answers {
				p.gutter = max(p.gutter, textWidth(a.Name, tickSize, true)+6)
			}
		}
		p.gutter = min(p.gutter, 0.4*p.width)
		half := (len(f.List) + columns - 1) / columns
		height := max(p.lay(f.List[:half], nil), p.lay(f.List[half:], nil))
		return sheet{width, height, func(canvas vg.Canvas) {
			p.canvas = canvas
			p.rect(paper, 0, 0, width, height)
			p.lay(f.List[:half], &height)
			canvas.Push()
			canvas.Translate(vg.Point{X: p.width + columnGap})
			p.lay(f.List[half:], &height)
			canvas.Pop()
		}}, nil
	})
}

// casePage is a figure of cases with its places.
type casePage struct {
	*Cases
	pen
	width, gutter vg.Length
}

const (
	twoColumns vg.Length = 5 * vg.Inch // and wider: cases stand in two columns
	columnGap  vg.Length = 14

	wordSkip vg.Length = 10 // between lines of a tweet
	itemSkip vg.Length = 12 // between lines of items
)

// lay goes through a column of cases from above: it draws below top, or with nil only
// measures. It returns the height.
func (p *casePage) lay(list []Case, top *vg.Length) vg.Length {
	y := vg.Length(2)
	at := func(down vg.Length) vg.Length { return *top - down }
	for i, c := range list {
		if i > 0 {
			y += 4
			if top != nil {
				p.stroke(gridGrey, 0.5, nil, vg.Point{X: 0, Y: at(y)}, vg.Point{X: p.width, Y: at(y)})
			}
			y += 3
		}
		y += tickSize
		if top != nil {
			p.text(0, at(y), shorten(c.Title, tickSize, false, p.width), tickSize, false, 0)
		}
		y += 2
		y += p.tweet(&c, y, top)
		for _, a := range c.Answers {
			y += p.answer(&a, y, top)
		}
	}
	return y + 3
}

// tweet writes the words over as many lines as they take.
func (p *casePage) tweet(c *Case, y vg.Length, top *vg.Length) vg.Length {
	x, down := vg.Length(0), wordSkip
	for i, word := range c.Tokens {
		bold := false
		for _, s := range c.Bold {
			bold = bold || s.Start <= i && i < s.End
		}
		word = shorten(word, labelSize, bold, p.width)
		w := textWidth(word, labelSize, bold)
		if x > 0 && x+w > p.width {
			x, down = 0, down+wordSkip
		}
		if top != nil {
			p.text(x, *top-y-down+2, word, labelSize, bold, 0)
		}
		x += w + textWidth(" ", labelSize, false)
	}
	return down + 1
}

// answer writes the name of a system and its items.
func (p *casePage) answer(a *Answer, y vg.Length, top *vg.Length) vg.Length {
	if top != nil {
		p.text(0, *top-y-itemSkip+4, shorten(a.Name, tickSize, true, p.gutter-4), tickSize, true, 0)
	}
	x, down := p.gutter, itemSkip
	for _, item := range a.Items {
		text := item.Label
		if item.Text != "" {
			text = item.Text + " · " + item.Label
		}
		sign := vg.Length(9)
		if item.Mark == Unmarked {
			sign = 0
		}
		text = shorten(text, tickSize, false, p.width-p.gutter-sign-8)
		w := textWidth(text, tickSize, false) + sign + 6
		if x > p.gutter && x+w > p.width {
			x, down = p.gutter, down+itemSkip
		}
		if top != nil {
			p.item(item, text, sign, box{x + 0.5, *top - y - down + 1.5, x + w - 0.5, *top - y - down + itemSkip - 0.5})
		}
		x += w + 3
	}
	if len(a.Items) == 0 && top != nil {
		p.text(p.gutter, *top-y-itemSkip+4, "nothing", tickSize, false, 0)
	}
	return down
}

// item is a box with a sign of its own: not colour alone tells right from wrong.
func (p *casePage) item(item Item, text string, sign vg.Length, b box) {
	edge, dash := axisGrey, []vg.Length(nil)
	switch item.Mark {
	case Right:
		edge = okabeIto[0]
	case Wrong:
		edge = okabeIto[1]
	case Missed:
		dash = []vg.Length{2, 1.4}
	}
	p.rect(tint(edge, 0x14), b.x0, b.y0, b.x1, b.y1)
	p.stroke(edge, 0.6, dash, vg.Point{X: b.x0, Y: b.y0}, vg.Point{X: b.x1, Y: b.y0}, vg.Point{X: b.x1, Y: b.y1}, vg.Point{X: b.x0, Y: b.y1}, vg.Point{X: b.x0, Y: b.y0})
	middle := vg.Point{X: b.x0 + 6, Y: (b.y0 + b.y1) / 2}
	switch item.Mark {
	case Right:
		p.stroke(edge, 1, nil, vg.Point{X: middle.X - 2.4, Y: middle.Y}, vg.Point{X: middle.X - 0.8, Y: middle.Y - 2}, vg.Point{X: middle.X + 2.4, Y: middle.Y + 2.2})
	case Wrong:
		p.cross(edge, middle)
	case Missed:
		p.stroke(edge, 0.9, nil, vg.Point{X: middle.X - 2, Y: middle.Y}, vg.Point{X: middle.X + 2, Y: middle.Y})
	}
	p.text(b.x0+sign+2.5, (b.y0+b.y1)/2-0.36*tickSize, text, tickSize, false, 0)
}

// CasesFigure draws the cases that the options hold.
func CasesFigure(runs []Run, o Options) (*Cases, error) {
	if len(o.Cases) == 0 {
		return nil, fmt.Errorf("figure cases: %w: no example that one of two systems alone has right", mmibx.ErrNotFound)
	}
	return &Cases{Meta: Meta{Title: "cases", Note: o.CasesNote, Runs: o.CasesRuns}, List: o.Cases}, nil
}
