package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
)

// progress tells people how a sweep goes: on a terminal in one line that is
// written over, elsewhere a line per run that ended. What went wrong is a line
// that stays, in both.
type progress struct {
	w     io.Writer
	width int // of the terminal, 0: none
	total int
	quiet bool
}

func newProgress(f *os.File, total int, quiet bool) *progress {
	p := &progress{w: f, total: total, quiet: quiet}
	if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil {
		if p.width = int(size.Col); p.width < 20 {
			p.width = 80 // it does not know
		}
	}
	return p
}

func (p *progress) report(e experiments.Event) {
	if p.quiet {
		return
	}
	if line := p.line(e); line != "" {
		p.clear()
		fmt.Fprintln(p.w, line)
	}
	p.clear()
	if p.width > 0 && e.Kind != experiments.Finished {
		fmt.Fprint(p.w, cut(p.bar(e), p.width-1))
	}
}

// clear wipes the line that is written over.
func (p *progress) clear() {
	if p.width > 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// line is what stays of an event, "" for most on a terminal.
func (p *progress) line(e experiments.Event) string {
	what := strings.TrimSpace(e.Run + " " + name(e))
	switch e.Kind {
	case experiments.Ended:
		switch e.State {
		case mmibx.Done:
			if p.width > 0 {
				return ""
			}
			return fmt.Sprintf("%s done %s in %s%s", p.share(e), what, round(e.Took), left(e))
		case mmibx.Stopped:
			return fmt.Sprintf("%s stopped %s", p.share(e), what)
		}
		return fmt.Sprintf("%s %s %s: %s", p.share(e), e.State, what, mmibx.FirstLine(e.Text))
	case experiments.Retrying:
		return fmt.Sprintf("%s %s %s, will be tried again: %s", p.share(e), e.State, what, mmibx.FirstLine(e.Text))
	case experiments.Waiting:
		return fmt.Sprintf("%s waits for %s: %s", p.share(e), what, e.Text)
	case experiments.Told:
		return "told: " + e.Text
	case experiments.Warned:
		return "warning: " + e.Text
	}
	return ""
}

// share reads "[12/72]": the runs that are final, of all.
func (p *progress) share(e experiments.Event) string {
	final := 0
	for s, n := range e.Counts {
		if s.Final() {
			final += n
		}
	}
	return fmt.Sprintf("[%*d/%d]", len(fmt.Sprint(p.total)), final, p.total)
}

func (p *progress) bar(e experiments.Event) string {
	text := p.share(e) + " " + countsLine(e.Counts) + left(e)
	if e.Paused {
		text += ", paused"
	}
	if e.Label != "" {
		text += "  " + name(e)
	}
	return text
}

// name says in words which run an event is about.
func name(e experiments.Event) string {
	if e.Label == "" {
		return ""
	}
	return fmt.Sprintf("%s, %s, seed %d", e.Label, e.Benchmark, e.Seed)
}

func left(e experiments.Event) string {
	if e.Left <= 0 {
		return ""
	}
	return ", about " + round(e.Left).String() + " left"
}

// round keeps two or three digits of a duration.
func round(d time.Duration) time.Duration {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

// cut shortens a line to a width in characters.
func cut(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}
