package tui

import (
	"context"
	"math"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

const (
	pointsAtOnce = 2000   // rows per read
	pointsKept   = 20_000 // a longer curve is thinned to every other point
)

// curve is one metric of one run, read piece by piece.
type curve struct {
	run, metric string
	x, y        []float64
	last        int64 // step of the last point read
	stride      int   // every so many points are kept
	skipped     int   // since the last one kept
	attempt     int   // of the run, 0: not known
	over        bool  // the attempt had ended, and all of it was read
}

// of is the curve to go on from when a metric of a run is asked for: itself, or
// an empty one.
func (c curve) of(run, metric string) curve {
	if c.run == run && c.metric == metric {
		return c
	}
	return curve{run: run, metric: metric, last: math.MinInt64, stride: 1}
}

// readOn reads on in the curve of a run that stands in a row. One of a run that is
// over is read once; another attempt is read from its beginning, for it may have
// gone on from any checkpoint.
func readOn(ctx context.Context, r Reader, c curve, row RunRow) (curve, error) {
	if c.attempt != row.Attempt {
		c = curve{}.of(c.run, c.metric)
		c.attempt = row.Attempt
	} else if c.over {
		return c, nil
	}
	grown, err := readCurve(ctx, r, c)
	grown.over = err == nil && row.State.Final() && grown.last == c.last
	return grown, err
}

// readCurve reads what came after the curve's last point.
func readCurve(ctx context.Context, r Reader, c curve) (curve, error) {
	if c.run == "" {
		return c, nil
	}
	points, err := r.Curve(ctx, c.run, c.metric, c.last, pointsAtOnce)
	if err != nil || len(points) == 0 {
		return c, err
	}
	grown := c
	grown.x = append([]float64(nil), c.x...) // the screen may be drawing the old one
	grown.y = append([]float64(nil), c.y...)
	for _, p := range points {
		grown.add(p)
	}
	return grown, nil
}

func (c *curve) add(p mmibx.Point) {
	c.last = p.Step
	if c.skipped++; c.skipped < c.stride {
		return
	}
	c.skipped = 0
	c.x, c.y = append(c.x, float64(p.Step)), append(c.y, p.Value)
	if len(c.x) < pointsKept {
		return
	}
	half := len(c.x) / 2
	for i := range half {
		c.x[i], c.y[i] = c.x[2*i+1], c.y[2*i+1]
	}
	c.x, c.y, c.stride = c.x[:half], c.y[:half], c.stride*2
}

// draw paints the curve in a panel that says whose it is.
func (c curve) draw(at widget.Canvas, metric, label string) {
	title := []widget.Span{strong(metric), faint(" by step")}
	if c.run != "" {
		title = append(title, faint("  "+brief(c.run)+"  "), plain(label))
	}
	in := widget.Panel(at, title, nil, false)
	empty := "no run is chosen"
	if c.run != "" {
		empty = "no point yet"
	}
	widget.Chart{Series: []widget.Series{{X: c.x, Y: c.y, Ink: widget.Line}}, Empty: empty}.Draw(in)
}
