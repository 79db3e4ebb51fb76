package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// How often the store is read: four times a second while things move, less and
// less often when they do not.
const (
	pollFast = 250 * time.Millisecond
	pollSlow = 3 * time.Second
	readFor  = 10 * time.Second // a read is given up after this
	lateFor  = 2 * time.Second  // and said to be late after this
)

// tick sends a message after a while. In tests no time passes.
var tick = tea.Tick

// poll paces the reading of a screen. There is never more than one read under
// way.
type poll struct {
	ctx   context.Context
	ask   func() read
	seq   int // of the last read
	busy  bool
	again bool // something changed that the read under way does not know
	wait  time.Duration
	late  bool
	err   error
}

// read is one look at the store. It runs beside the UI, so what it needs of the
// screen is copied before it starts.
type read func(context.Context) tea.Msg

type (
	pollDue  struct{ seq int }
	pollLate struct{ seq int }
)

// begin starts to poll, anew each time that the screen comes to the top.
func (p *poll) begin(ctx context.Context, ask func() read) tea.Cmd {
	p.ctx, p.ask = ctx, ask
	p.busy, p.again, p.wait = false, false, pollFast
	return p.now()
}

// now reads at once, or as soon as the read under way is over.
func (p *poll) now() tea.Cmd {
	if p.busy {
		p.again = true
		return nil
	}
	p.seq++
	p.busy = true
	seq, parent, look := p.seq, p.ctx, p.ask()
	return tea.Batch(
		func() tea.Msg {
			ctx, cancel := context.WithTimeout(parent, readFor)
			defer cancel()
			return look(ctx)
		},
		tick(lateFor, func(time.Time) tea.Msg { return pollLate{seq} }),
	)
}

// done takes the answer of a read and waits for the next.
func (p *poll) done(changed bool, err error) tea.Cmd {
	if changed {
		p.wait = pollFast
	} else {
		p.wait = min(p.wait*3/2, pollSlow)
	}
	return p.every(p.wait, err)
}

// every takes the answer of a read and waits so long for the next.
func (p *poll) every(wait time.Duration, err error) tea.Cmd {
	p.busy, p.late, p.err = false, false, err
	if p.again {
		p.again = false
		return p.now()
	}
	seq := p.seq
	return tick(wait, func(time.Time) tea.Msg { return pollDue{seq} })
}

// rest takes the answer of a read that is not to be repeated by itself unless it
// failed; more asks at once for what is still missing.
func (p *poll) rest(err error, more bool) tea.Cmd {
	if err != nil {
		return p.every(pollSlow, err)
	}
	p.busy, p.late, p.err = false, false, nil
	if p.again || more {
		p.again = false
		return p.now()
	}
	return nil
}

// update takes poll's own messages.
func (p *poll) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case orderOver:
		return p.now()
	case pollDue:
		if msg.seq == p.seq && !p.busy {
			return p.now()
		}
	case pollLate:
		p.late = msg.seq == p.seq && p.busy
	}
	return nil
}

// trouble says what is wrong with the store, "" when nothing is.
func (p *poll) trouble() string {
	switch {
	case p.err != nil:
		return p.err.Error()
	case p.late:
		return "the store does not answer; what is shown may be old"
	}
	return ""
}
