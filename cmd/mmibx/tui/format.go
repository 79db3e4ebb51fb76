package tui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// sign is a state in one character, so that colour is never alone.
func sign(s mmibx.State) widget.Span {
	switch s {
	case mmibx.Running:
		return widget.Span{Text: "▶", Ink: widget.Busy}
	case mmibx.Done:
		return widget.Span{Text: "✓", Ink: widget.Good}
	case mmibx.Failed:
		return widget.Span{Text: "✗", Ink: widget.Bad}
	case mmibx.Diverged:
		return widget.Span{Text: "∅", Ink: widget.Bad}
	case mmibx.Stopped:
		return widget.Span{Text: "◌", Ink: widget.Warn}
	case mmibx.Lost:
		return widget.Span{Text: "?", Ink: widget.Warn}
	case mmibx.Pruned:
		return widget.Span{Text: "╌", Ink: widget.Faint}
	}
	return widget.Span{Text: "·", Ink: widget.Faint}
}

// countOrder is how counts are read: what is over, what goes on, what waits,
// then what needs a hand.
var countOrder = []mmibx.State{
	mmibx.Done, mmibx.Running, mmibx.Queued,
	mmibx.Failed, mmibx.Diverged, mmibx.Stopped, mmibx.Lost, mmibx.Pruned,
}

// tally is counts by state; the states that need a hand only where there are
// such runs, and by their name too if named.
func tally(counts Counts, named bool) []widget.Span {
	var spans []widget.Span
	for i, s := range countOrder {
		n := counts[s]
		if n == 0 && i > 2 {
			continue
		}
		mark := sign(s)
		ink := widget.Plain
		if n == 0 {
			ink, mark.Ink = widget.Faint, widget.Faint
		}
		text := " " + strconv.Itoa(n)
		if named && i > 2 {
			text += " " + string(s)
		}
		spans = append(spans, mark, widget.Span{Text: text + "   ", Ink: ink})
	}
	return spans
}

// trouble counts the runs that need a hand.
func trouble(c Counts) int {
	return c[mmibx.Failed] + c[mmibx.Diverged] + c[mmibx.Lost]
}

// over counts the runs that are not run again by themselves.
func over(c Counts) int {
	n := 0
	for s, k := range c {
		if s.Final() {
			n += k
		}
	}
	return n
}

// clock is a time that runs: 00:41:07.
func clock(d time.Duration) string {
	s := int(max(0, d).Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// rough is a duration as people say it: 41 s, 5 m 12 s, 1 h 12 m, 3 d 4 h.
func rough(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", max(0, s))
	case s < 3600:
		return fmt.Sprintf("%d m %02d s", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%d h %02d m", s/3600, s/60%60)
	}
	return fmt.Sprintf("%d d %d h", s/86400, s/3600%24)
}

// dayTime is how a time is written that may be of another day.
const dayTime = "01-02 15:04"

// ago is how long something is past, in its largest unit: 41 s ago, 5 m ago, 3 d ago.
func ago(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	parts := strings.Fields(rough(now.Sub(at)))
	return parts[0] + " " + parts[1] + " ago"
}

// score prints a score in percent, "" when there is none.
func score(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// loss prints a loss; one that is not finite says so.
func loss(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.Abs(v) >= 1000:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// deviation prints the deviation of n seeds: one seed has none.
func deviation(sd float64, n int) string {
	if n < 2 || math.IsNaN(sd) {
		return ""
	}
	return "±" + strconv.FormatFloat(sd, 'f', 1, 64)
}

// brief is a run's id as far as people read it.
func brief(id string) string { return id[:min(6, len(id))] }

// bytes prints a size: 812 kB, 1.4 GB.
func bytes(n int64) string {
	switch {
	case n >= 1e10:
		return fmt.Sprintf("%.0f GB", float64(n)/1e9)
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%d kB", (n+999)/1000)
}

// copied says what was copied: the text, or how long it is.
func copied(text string) string {
	if n := strings.Count(strings.TrimRight(text, "\n"), "\n") + 1; n > 1 || len(text) > 200 {
		return plural(n, "line")
	}
	return text
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}

// faint, strong and plain shorten what is painted most.
func faint(text string) widget.Span  { return widget.Span{Text: text, Ink: widget.Faint} }
func strong(text string) widget.Span { return widget.Span{Text: text, Ink: widget.Strong} }
func plain(text string) widget.Span  { return widget.Span{Text: text} }
