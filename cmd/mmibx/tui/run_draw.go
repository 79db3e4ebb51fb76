package tui

import (
	"fmt"
	"math"
	"strings"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// Draw implements screen: last values and spec at the left, a curve and the panel
// that has the focus beside them; all panels where there is room.
func (r *runScreen) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	var where []widget.Span
	if r.loaded {
		where = []widget.Span{faint(fmt.Sprintf("   %s on %s", r.data.Device, r.data.Host))}
	}
	header(c.In(top), r.env, []string{"run " + r.id}, r.status(), where)
	if !r.loaded {
		drawUnread(c.In(rest), "run", r.poll.trouble())
		return
	}
	left, right := r.across(c, "run.left", rest, min(46, rest.W*2/5))
	metrics, spec := r.down(c, "run.metrics", left, min(len(r.data.Metrics)+2, rest.H/2))
	r.drawLast(c.In(metrics))
	r.drawSpec(c.In(spec))
	if right.W < 130 || rest.H < 40 {
		curve, panel := r.down(c, "run.curve", right, max(8, rest.H*11/20))
		r.curve.draw(c.In(curve), r.metric, r.data.Label)
		r.drawPanel(c.In(panel), max(onOutput, r.focus), true)
		return
	}
	right, far := r.across(c, "run.right", right, right.W/2)
	curve, output := r.down(c, "run.output", right, rest.H*11/20)
	r.curve.draw(c.In(curve), r.metric, r.data.Label)
	r.drawPanel(c.In(output), onOutput, false)
	for p := onScores; p < numRunPanels; p++ {
		var at widget.Rect
		at, far = far.Top(r.share(p, far.H))
		r.drawPanel(c.In(at), p, false)
	}
}

// share is the height of a panel of those that stand one above the other: its rows,
// or a fair part of what is left of h.
func (r *runScreen) share(panel, h int) int {
	if panel == numRunPanels-1 {
		return h
	}
	return max(3, min(r.len(panel)+3, h/(numRunPanels-panel)+3))
}

// drawPanel paints one panel; as one of a row of tabs where it stands for all.
func (r *runScreen) drawPanel(c widget.Canvas, panel int, tabs bool) {
	title := []widget.Span{strong(runPanels[panel])}
	if tabs {
		title = r.tabs(c, panel)
	}
	in := widget.Panel(c, title, nil, r.focus == panel)
	switch panel {
	case onOutput:
		in.Spot(in.Bounds(), "output", 0)
		widget.Log(in, r.data.Output, r.cursor[onOutput], "it has written nothing")
	case onScores:
		r.drawTypes(in)
	case onDiagnostics:
		r.drawDiagnostics(in)
	case onTries:
		r.drawTries(in)
	case onProvenance:
		r.table(in, onProvenance, "nothing is known", pairColumns(r.data.Provenance, in.W()), func(i int) [][]widget.Span {
			p := r.data.Provenance[i]
			return [][]widget.Span{{faint(p.Name)}, {plain(p.Value)}}
		})
	case onFiles:
		r.table(in, onFiles, "it has kept no file", []widget.Column{{Width: 16}, {Width: 10, Right: true}, {Width: 8, Right: true}, {Width: 12, Grow: true}}, func(i int) [][]widget.Span {
			f := r.data.Files[i]
			return [][]widget.Span{{plain(f.Name)}, {faint(fmt.Sprintf("step %d", f.Step))}, {plain(bytes(f.Size))}, {faint(f.Path)}}
		})
	}
}

// tabs names all panels, from the one that is shown on; a click on one shows it.
func (r *runScreen) tabs(c widget.Canvas, panel int) []widget.Span {
	var spans []widget.Span
	x := 2
	const n = numRunPanels - onOutput
	for i := range n {
		p := onOutput + (panel-onOutput+i)%n
		name := faint(runPanels[p])
		if p == panel {
			name = strong(runPanels[p])
		}
		if i > 0 {
			spans = append(spans, faint(" · "))
			x += 3
		}
		spans = append(spans, name)
		c.Spot(widget.Rect{X: x, Y: 0, W: len(name.Text), H: 1}, "tabs", p)
		x += len(name.Text)
	}
	return spans
}

func (r *runScreen) table(in widget.Canvas, panel int, empty string, columns []widget.Column, row func(int) [][]widget.Span) {
	focused := r.focus == panel
	widget.Table{
		Name: runPanels[panel], Len: r.len(panel), Cursor: r.cursor[panel], Focused: focused, Bare: columns[0].Title == "", Empty: empty, Columns: columns, Row: row,
	}.Draw(in)
}

func (r *runScreen) drawTypes(in widget.Canvas) {
	columns := []widget.Column{{Title: "type", Width: 10, Grow: true, Most: 34}, {Title: "F1", Width: 6, Right: true}, {Title: "best", Width: 6, Right: true}, {Width: 20, Grow: true, Most: 40}}
	r.table(in, onScores, "no score by type yet", columns, func(i int) [][]widget.Span {
		t := r.data.Types[i]
		return [][]widget.Span{
			{plain(t.Type)}, {strong(fmt.Sprintf("%.2f", t.Last))}, {faint(fmt.Sprintf("%.2f", t.Best))}, widget.Bar(t.Last/100, 20, widget.Good),
		}
	})
}

// drawDiagnostics shows the last epoch's diagnostics, those with a bound as a bar
// that is full there.
func (r *runScreen) drawDiagnostics(in widget.Canvas) {
	columns := []widget.Column{{Width: 19}, {Width: 9, Right: true}, {Width: 12, Grow: true}}
	r.table(in, onDiagnostics, "the model has none, or no epoch is over", columns, func(i int) [][]widget.Span {
		g := r.data.Diagnostics[i]
		note := []widget.Span{plain(g.Unit + "  "), faint(g.Doc)}
		if !math.IsNaN(g.Bound) && g.Bound > 0 {
			note = append([]widget.Span{faint(fmt.Sprintf("of %.2f  ", g.Bound))}, widget.Bar(g.Value/g.Bound, 10, widget.Line)...)
		}
		return [][]widget.Span{{plain(strings.TrimPrefix(g.Name, "dev."))}, {strong(g.Pair.Value)}, note}
	})
}

func (r *runScreen) drawTries(in widget.Canvas) {
	columns := []widget.Column{
		{Title: "", Width: 3}, {Title: "took", Width: 9, Right: true}, {Title: "from", Width: 13}, {Title: "where", Width: 12, Grow: true}, {Title: "started", Width: 14},
	}
	focused := r.focus == onTries
	widget.Table{
		Name: runPanels[onTries], Len: len(r.data.Tries), Cursor: r.cursor[onTries], Focused: focused, Columns: columns,
		Row: func(i int) [][]widget.Span {
			t := r.data.Tries[i]
			took, from := "", "anew"
			if t.Took > 0 {
				took = rough(t.Took)
			}
			if t.From != "" {
				from = t.From
			}
			note := plain(t.Where)
			if t.Error != "" {
				note = widget.Span{Text: t.Error, Ink: widget.Bad}
			}
			return [][]widget.Span{{sign(t.State), plain(fmt.Sprintf(" %d", t.Number))}, {plain(took)}, {faint(from)}, {note}, {faint(t.Started.Format("01-02 15:04:05"))}}
		},
	}.Draw(in)
}

func (r *runScreen) status() []widget.Span {
	if t := r.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	if !r.loaded {
		return []widget.Span{faint("reading …")}
	}
	d := r.data
	spans := []widget.Span{sign(d.State), plain(" " + string(d.State) + "   ")}
	if d.Epochs > 0 {
		spans = append(spans, faint("epoch "), plain(fmt.Sprintf("%d/%d   ", d.Epoch, d.Epochs)))
	}
	if s := score(d.Dev); s != "" {
		spans = append(spans, faint("dev "), strong(s), plain("   "))
	}
	if d.Attempt > 1 {
		spans = append(spans, faint(fmt.Sprintf("attempt %d   ", d.Attempt)))
	}
	if r.markOf(r.id, false) >= 0 {
		spans = append(spans, widget.Span{Text: "● marked   ", Ink: widget.Key})
	}
	for _, tag := range d.Tags {
		spans = append(spans, widget.Span{Text: "#" + tag + " ", Ink: widget.Line})
	}
	if d.Error != "" {
		spans = append(spans, widget.Span{Text: d.Error, Ink: widget.Bad})
	}
	return append(spans, faint(d.Note))
}

// drawSpec lists the spec; what differs from the preset stands out.
func (r *runScreen) drawSpec(c widget.Canvas) {
	note := []widget.Span{faint(fmt.Sprintf("%d unusual", r.data.Unusual))}
	in := widget.Panel(c, []widget.Span{strong("spec")}, note, r.focus == onSpec)
	widget.Table{
		Name: "spec", Len: len(r.data.Spec), Cursor: r.cursor[onSpec], Focused: r.focus == onSpec, Bare: true, Empty: "none yet", Columns: pairColumns(r.data.Spec, in.W()),
		Row: func(i int) [][]widget.Span {
			p := r.data.Spec[i]
			if i < r.data.Unusual {
				return [][]widget.Span{{strong(p.Name)}, {strong(p.Value)}}
			}
			return [][]widget.Span{{faint(p.Name)}, {plain(p.Value)}}
		},
	}.Draw(in)
}

// pairColumns share w cells: names have what they need, values the rest and ten cells
// at least.
func pairColumns(pairs []Pair, w int) []widget.Column {
	names := 12
	for _, p := range pairs {
		names = max(names, widget.Width(plain(p.Name)))
	}
	return []widget.Column{{Width: max(1, min(names, 34, w-12))}, {Width: 10, Grow: true}}
}

// drawLast lists what the run logged last.
func (r *runScreen) drawLast(c widget.Canvas) {
	of := []widget.Span{faint(fmt.Sprintf("%s  seed %d", r.data.Benchmark, r.data.Seed))}
	in := widget.Panel(c, []widget.Span{strong("last values")}, of, false)
	widget.Table{
		Name: "metrics", Len: len(r.data.Metrics), Cursor: -1, Bare: true, Empty: "none yet", Columns: pairColumns(r.data.Metrics, in.W()),
		Row: func(i int) [][]widget.Span {
			return [][]widget.Span{{faint(r.data.Metrics[i].Name)}, {plain(r.data.Metrics[i].Value)}}
		},
	}.Draw(in)
}
