package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// Draw implements screen: the form and the file at the left, the plan at the right.
func (n *newSweep) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	header(c.In(top), n.env, []string{"new sweep", n.draft.Name}, n.status(), nil)
	left, right := n.across(c, "new.left", rest, max(rest.W/2, min(44, rest.W)))
	form, below := n.down(c, "new.form", left, n.rows()+2)
	hint, file := below.Top(min(5, max(4, below.H/3)))
	n.drawForm(c.In(form))
	n.drawHint(c.In(hint))
	n.drawFile(c.In(file))
	facts, arms := right.Top(min(right.H*2/3, 7+len(n.draft.Plan.Axes)+len(wrap(n.draft.Plan.Estimate, right.W-4))))
	n.drawFacts(c.In(facts))
	drawArms(c.In(arms), n.draft.Plan.Arms, -1, n.emptyPlan())
}

func (n *newSweep) status() []widget.Span {
	if t := n.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	switch {
	case n.asked:
		return []widget.Span{{Text: "● starting …", Ink: widget.Busy}}
	case !n.loaded:
		return []widget.Span{faint("reading …")}
	case len(n.faults()) > 0:
		return []widget.Span{{Text: "✗ not a sweep yet", Ink: widget.Bad}}
	}
	return []widget.Span{faint("○ not started")}
}

// faults is what is wrong with the file, or with what is typed into it.
func (n *newSweep) faults() []string {
	if n.typing != nil && len(n.typing.faults) > 0 {
		return n.typing.faults
	}
	return n.draft.Faults
}

func (n *newSweep) drawForm(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("the sweep")}, nil, true)
	widget.Table{
		Name: "fields", Len: n.rows(), Cursor: n.cursor, Focused: true, Bare: true,
		Columns: []widget.Column{{Width: 12}, {Width: 12, Grow: true}},
		Row:     n.row,
	}.Draw(in)
	if n.typing != nil && n.cursor < in.H() {
		line := in.In(widget.Rect{X: 14, Y: n.cursor, W: in.W() - 14, H: 1})
		line.Wipe()
		n.typing.line.Draw(line)
	}
}

func (n *newSweep) row(i int) [][]widget.Span {
	if i == len(n.draft.Fields) {
		return [][]widget.Span{{faint("workers")}, {strong(fmt.Sprint(n.workers)), faint("   - +")}}
	}
	f := n.draft.Fields[i]
	value := strong(f.Typed)
	switch {
	case f.Locked != "":
		value = faint(f.Locked)
	case f.Typed == "":
		value = faint("as usual")
	}
	return [][]widget.Span{{faint(label(f))}, {value}}
}

// drawHint says what is wrong, or what the field under the cursor takes.
func (n *newSweep) drawHint(c widget.Canvas) {
	title, ink := strong("what it takes"), widget.Faint
	var text []string
	switch f, ok := n.field(); {
	case len(n.faults()) > 0:
		title, ink = widget.Span{Text: "fault", Ink: widget.Bad}, widget.Bad
		text = n.faults()
	case n.draft.Note != "":
		title, text = strong("note"), []string{n.draft.Note}
	case ok && f.Locked != "":
		text = []string{f.Locked + ". e opens the file, where all can be changed."}
	case ok:
		text = []string{fieldHelp[f.Key]}
	default:
		text = []string{"runs that go on at once; the processors are divided among them"}
	}
	in := widget.Panel(c, []widget.Span{title}, nil, false)
	y := 0
	for _, t := range text {
		for _, line := range wrap(t, in.W()) {
			in.Print(0, y, widget.Span{Text: line, Ink: ink})
			y++
		}
	}
}

// drawFile shows the file as it would be saved.
func (n *newSweep) drawFile(c widget.Canvas) {
	name := "the file"
	if n.draft.Name != "" {
		name = n.file()
	}
	in := widget.Panel(c, []widget.Span{strong(name)}, nil, false)
	in.Spot(in.Bounds(), "file", 0)
	lines := strings.Split(strings.TrimRight(n.text, "\n"), "\n")
	own := n.ownLine(lines)
	first := max(0, min(n.up+max(0, own-in.H()/2), len(lines)-in.H()))
	for y := 0; y < in.H() && first+y < len(lines); y++ {
		line := plain(strings.ReplaceAll(lines[first+y], "\t", "  "))
		if t := strings.TrimSpace(line.Text); strings.HasPrefix(t, "[") {
			line.Ink = widget.Key
		} else if strings.HasPrefix(t, "#") {
			line.Ink = widget.Faint
		}
		in.Print(0, y, line)
		if first+y == own {
			in.Light(widget.Rect{X: 0, Y: y, W: in.W(), H: 1})
		}
	}
}

// ownLine is the line of the file that the field under the cursor stands on, -1
// where it stands on none.
func (n *newSweep) ownLine(lines []string) int {
	f, ok := n.field()
	if !ok || f.Typed == "" {
		return -1
	}
	return slices.IndexFunc(lines, func(l string) bool {
		name, _, is := strings.Cut(l, "=")
		name = strings.TrimSpace(name)
		return is && (name == f.Key || f.Key == "model" && name == "model.name" || f.Key == "evidence" && name == "evidence.kind")
	})
}

func (n *newSweep) drawFacts(c widget.Canvas) {
	p := n.draft.Plan
	in := widget.Panel(c, []widget.Span{strong("the plan")}, nil, false)
	if p.Total == 0 {
		in.Print(0, 0, faint(n.emptyPlan()))
		return
	}
	in.Print(0, 0, strong(plural(p.Total, "run")), faint(fmt.Sprintf("   %s of %s", plural(len(p.Arms), "arm"), plural(p.Seeds, "seed"))))
	in.Print(0, 1, tally(p.Counts, true)...)
	if p.Collapsed > 0 {
		in.Print(0, 2, faint(sameRuns(p.Collapsed)))
	}
	y := 3
	for _, line := range wrap(p.Estimate, in.W()) {
		in.Print(0, y, plain(line))
		y++
	}
	for i, a := range p.Axes {
		in.Print(0, y+1+i, faint(fmt.Sprintf("%-10s ", a.Label)), plain(strings.Join(a.Values, "  ")))
	}
}

func (n *newSweep) emptyPlan() string {
	if n.loaded {
		return "no plan: the file has a fault"
	}
	return "reading …"
}
