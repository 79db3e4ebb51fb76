package tui

import (
	"fmt"
	"math"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/audit"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/scoring"
)

// Draw implements screen: the benchmarks above, what is known of the one under the
// cursor below.
func (b *benchmarks) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	header(c.In(top), b.env, []string{"data"}, b.status(), nil)
	list, rest := b.down(c, "data.list", rest, min(len(b.names)+3, rest.H/2))
	b.drawList(c.In(list))
	left, right := b.across(c, "data.counts", rest, min(56, rest.W/2))
	b.drawCounts(c.In(left))
	b.drawAbout(c.In(right))
}

func (b *benchmarks) status() []widget.Span {
	if n := len(b.read); n < len(b.names) {
		return []widget.Span{faint("reading " + b.names[n] + " …")}
	}
	found, good := 0, 0
	for _, info := range b.read {
		if info.Found {
			found++
			if len(info.Faults) == 0 {
				good++
			}
		}
	}
	return []widget.Span{plain(fmt.Sprintf("%d of %d found, %d as known", found, len(b.names), good))}
}

func (b *benchmarks) drawList(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("benchmarks")}, nil, b.onTop)
	widget.Table{
		Name: "benchmarks", Len: len(b.names), Cursor: b.cursor, Focused: true,
		Columns: []widget.Column{
			{Width: 1}, {Title: "name", Width: 16, Grow: true, Most: 24}, {Title: "task", Width: 4}, {Title: "train", Width: 6, Right: true},
			{Title: "dev", Width: 5, Right: true}, {Title: "test", Width: 5, Right: true}, {Title: "version", Width: 14, Grow: true}, {Title: "evidence", Width: 16, Grow: true},
		},
		Row: b.row,
	}.Draw(in)
}

func (b *benchmarks) row(i int) [][]widget.Span {
	name := b.names[i]
	if i >= len(b.read) {
		return [][]widget.Span{nil, {faint(name)}, nil, nil, nil, nil, {faint("…")}}
	}
	info := b.read[i]
	mark, version := widget.Span{Text: "✓", Ink: widget.Good}, plain(info.Version)
	switch {
	case b.faults[i] != "":
		mark, version = widget.Span{Text: "✗", Ink: widget.Bad}, widget.Span{Text: b.faults[i], Ink: widget.Bad}
	case !info.Found:
		mark, version = faint("·"), faint("not in "+info.Where)
	case len(info.Faults) > 0:
		mark = widget.Span{Text: "!", Ink: widget.Warn}
	}
	cells := [][]widget.Span{{mark}, {strong(name)}, {faint(string(info.Task))}, nil, nil, nil, {version}, {faint(strings.Join(evidenceOf(&info), " "))}}
	for j := range info.Counts {
		cells[3+j] = []widget.Span{plain(fmt.Sprint(info.Counts[j].Tweets))}
	}
	return cells
}

// evidenceOf names the evidence that is there.
func evidenceOf(info *BenchmarkInfo) []string {
	if !info.Found {
		return nil
	}
	if info.Miniature {
		return []string{"pictures"}
	}
	var list []string
	for _, c := range info.Captions {
		list = append(list, c)
	}
	if info.Pictures != "" {
		list = append(list, "pictures")
	}
	return append(list, info.Features...)
}

func (b *benchmarks) drawCounts(c widget.Canvas) {
	info, ok := b.at()
	in := widget.Panel(c, []widget.Span{strong("counts")}, nil, false)
	if !ok {
		in.Print(0, 0, faint("nothing is there to count"))
		return
	}
	type line struct {
		name string
		n    [3]int
		in   bool // stands under another
	}
	what, mentions := "tweets", "entities"
	if info.Task == mmibx.MRE {
		what, mentions = "pairs", "related pairs"
	}
	lines := []line{{name: what}, {name: "words"}, {name: "pictures"}, {name: "without", in: true}, {name: mentions}}
	for _, l := range info.Labels {
		lines = append(lines, line{name: l, in: true})
	}
	for s := range info.Counts {
		k := &info.Counts[s]
		for i, n := range []int{k.Tweets, k.Words, k.Pictures, k.Blank, k.Mentions} {
			lines[i].n[s] = n
		}
		for i, l := range info.Labels {
			lines[5+i].n[s] = k.Labels[l]
		}
	}
	most := 0
	for _, l := range lines[5:] {
		most = max(most, l.n[0])
	}
	widget.Table{
		Name: "counts", Len: len(lines), Cursor: min(b.scroll, len(lines)-1), Focused: !b.onTop,
		Columns: []widget.Column{{Width: 14, Grow: true}, {Title: "train", Width: 6, Right: true}, {Title: "dev", Width: 6, Right: true}, {Title: "test", Width: 6, Right: true}, {Width: 8}},
		Row: func(i int) [][]widget.Span {
			l := lines[i]
			name, bar := strong(l.name), []widget.Span(nil)
			if l.in {
				name = plain("  " + l.name)
			}
			if i >= 5 {
				bar = widget.Bar(float64(l.n[0])/float64(max(1, most)), 8, widget.Line)
			}
			return [][]widget.Span{{name}, {plain(fmt.Sprint(l.n[0]))}, {plain(fmt.Sprint(l.n[1]))}, {plain(fmt.Sprint(l.n[2]))}, bar}
		},
	}.Draw(in)
}

// drawAbout shows where a benchmark lies, whether it is the one that is known, and
// its audit.
func (b *benchmarks) drawAbout(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong(b.names[b.cursor])}, nil, !b.onTop)
	if b.cursor >= len(b.read) {
		in.Print(0, 0, faint("reading …"))
		return
	}
	info := b.read[b.cursor]
	var lines [][]widget.Span
	say := func(ink widget.Ink, text string) { lines = append(lines, wrapped(ink, text, in.W())...) }
	switch {
	case b.faults[b.cursor] != "":
		say(widget.Bad, b.faults[b.cursor])
	case !info.Found:
		say(widget.Plain, "It is not in "+info.Where+". --data or $MMIBX_DATA names the folder that holds the benchmarks.")
	case len(info.Faults) == 0:
		say(widget.Good, "✓ digests and numbers are those that are known")
	}
	for _, f := range info.Faults {
		say(widget.Warn, "! "+f)
	}
	lines = append(lines, b.auditLines(info.Name, in.W())...)
	if info.Where != "" && info.Found {
		lines = append(lines, nil, []widget.Span{faint("in " + info.Where)})
	}
	for _, d := range info.Digests {
		lines = append(lines, []widget.Span{faint(fmt.Sprintf("%.12s  ", d.Value)), plain(d.Name)})
	}
	skip := min(b.scroll, max(0, len(lines)-in.H()))
	for y, l := range lines[skip:] {
		in.Print(0, y, l...)
	}
}

// auditLines is where the audit of a benchmark stands, in lines of w cells.
func (b *benchmarks) auditLines(name string, w int) [][]widget.Span {
	a := b.audits[name]
	switch {
	case a == nil:
		return [][]widget.Span{nil, {faint("audit: not made here; "), {Text: "a", Ink: widget.Key}, faint(" makes it")}}
	case !a.over:
		return append([][]widget.Span{nil}, wrapped(widget.Busy, "● audit: "+a.doing, w)...)
	case a.err != nil:
		return append([][]widget.Span{nil}, wrapped(widget.Bad, "✗ audit: "+a.err.Error(), w)...)
	}
	return append([][]widget.Span{nil}, reportLines(a.report, w)...)
}

// wrapped is a text in one ink, in lines of w cells; all but the first stand in.
func wrapped(ink widget.Ink, text string, w int) [][]widget.Span {
	var lines [][]widget.Span
	for i, l := range wrap(text, w-2) {
		if i > 0 {
			l = "  " + l
		}
		lines = append(lines, []widget.Span{{Text: l, Ink: ink}})
	}
	return lines
}

// reportLines says what an audit found, the verdict first.
func reportLines(r *audit.Report, w int) [][]widget.Span {
	lines := wrapped(widget.Good, "✓ audit: no shape of evidence gives the label away", w)
	if r.Leak {
		lines = wrapped(widget.Bad, "✗ audit: LEAK, the shape of evidence gives the label away", w)
	}
	for i := range r.Sources {
		s := &r.Sources[i]
		ink, mark, worst := widget.Good, "✓ ", "the shape is the same everywhere"
		if s.Leak {
			ink, mark = widget.Bad, "✗ "
		}
		effect := math.Inf(-1)
		for _, t := range s.Tests {
			if t.Effect > effect {
				effect = t.Effect
				worst = fmt.Sprintf("at most %+.1f points (%s from %s, p %.3f)", t.Effect, t.Target, t.Family, t.P)
			}
		}
		lines = append(lines, wrapped(ink, mark+strings.TrimSpace(s.Kind+" "+s.Name)+": "+worst, w)...)
	}
	for _, o := range r.Overlaps {
		lines = append(lines, wrapped(widget.Plain, fmt.Sprintf("%s and %s share %d texts, %d near ones, %d pictures", o.First, o.Second, o.Exact, o.Near, o.Pictures), w)...)
	}
	for _, p := range r.Pictures {
		lines = append(lines, wrapped(widget.Plain, fmt.Sprintf("pictures of %s: %d named, %d missing, %d broken, %d known broken", p.Split, p.Named, p.Missing, len(p.Broken), p.Known), w)...)
	}
	return lines
}

// Draw implements screen.
func (s *samples) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	header(c.In(top), s.env, []string{"data", s.query.Benchmark, string(s.query.Split)}, s.status(), nil)
	var example, list widget.Rect
	if rest.W >= 110 {
		list, example = s.across(c, "samples.list", rest, rest.W*2/5)
	} else {
		example, list = s.down(c, "samples.example", rest, rest.H*2/3)
	}
	at := s.at()
	drawAnswer(c.In(example), &at.Answer, &s.picture, func(w int) [][]widget.Span { return sampleLines(&at, w) })
	note := []widget.Span{faint(fmt.Sprintf("%d of %d", min(s.cursor+1, s.page.Total), s.page.Total))}
	in := widget.Panel(c.In(list), []widget.Span{strong("examples")}, note, true)
	widget.Table{
		Name: "samples", Len: s.page.Total, Cursor: s.cursor, Focused: true, Bare: true, Empty: s.empty(),
		Columns: []widget.Column{{Width: 11}, {Width: 20, Grow: true}},
		Row: func(i int) [][]widget.Span {
			if i -= s.page.Of.From; i >= 0 && i < len(s.page.Rows) {
				e := s.page.Rows[i].Example
				return [][]widget.Span{{faint(e.ID)}, {plain(strings.Join(e.Tokens, " "))}}
			}
			return [][]widget.Span{{faint("…")}}
		},
	}.Draw(in)
}

func (s *samples) empty() string {
	if !s.loaded {
		return "reading …"
	}
	return "no example holds these words"
}

func (s *samples) status() []widget.Span {
	if t := s.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	if !s.loaded {
		return []widget.Span{faint("reading …")}
	}
	if s.query.Words != "" {
		return []widget.Span{plain(fmt.Sprintf("%d of %d hold ", s.page.Total, s.page.All)), strong(s.query.Words)}
	}
	return []widget.Span{plain(plural(s.page.Total, "example"))}
}

// sampleLines is a sample in lines of w cells.
func sampleLines(s *Sample, w int) [][]widget.Span {
	var lines [][]widget.Span
	ink := func(scoring.Span) widget.Ink { return widget.Focus }
	if s.Example.Relation != "" {
		lines = append(lines, sentence(&s.Answer, ends(s.Example), w, ink)...)
		lines = append(lines, nil, []widget.Span{faint("relation  "), strong(s.Example.Relation)})
	} else {
		lines = append(lines, sentence(&s.Answer, s.Gold, w, ink)...)
	}
	for _, c := range s.Captions {
		lines = append(lines, nil, []widget.Span{faint("caption, " + c.Name)})
		for _, l := range wrap(c.Value, w) {
			lines = append(lines, []widget.Span{plain(l)})
		}
	}
	return lines
}
