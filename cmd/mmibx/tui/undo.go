package tui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"
)

// reversal takes an order back.
type reversal struct {
	what string // was done
	cli  string // the command line that takes it back
	do   func(context.Context) error
}

// deed is what an order does. It says how it is taken back, nil where it cannot be.
type deed func(context.Context) (*reversal, error)

// back is a deed with its reversal.
func back(do func(context.Context) error, r *reversal) deed {
	return func(ctx context.Context) (*reversal, error) { return r, do(ctx) }
}

// forSome is a reversal for the runs that an order changed, nil where it changed none.
func forSome(changed []string, r *reversal) *reversal {
	if len(changed) == 0 {
		return nil
	}
	return r
}

// order runs a deed, under a deadline, and says how it went and which command line
// does the same.
func order(cli, say string, do deed) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		r, err := do(ctx)
		if err != nil {
			return notice{text: err.Error(), bad: true}
		}
		return notice{text: say, cli: cli, undo: r}
	}
}

// ErrBusy says that the store was used by others for so long that an order was given
// up: it may be tried again.
var ErrBusy = errors.New("the store is busy")

// undoAction takes back the last order that can be. One that cannot be is no longer
// asked for, unless its fault may pass: it would keep those before it from their turn.
func (a *App) undoAction() action {
	act := action{name: "undo", keys: []string{"U"}, help: "take back the last order"}
	n := len(a.undos)
	if n == 0 {
		act.why = "nothing was ordered that can be taken back"
		return act
	}
	last := a.undos[n-1]
	act.help, act.cli = "take back: "+last.what, last.cli
	act.run = func() tea.Cmd {
		a.undos = a.undos[:n-1]
		return func() tea.Msg {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			said := notice{text: "taken back: " + last.what, cli: last.cli}
			if err := last.do(ctx); err != nil {
				said = notice{text: err.Error(), bad: true}
				if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrBusy) {
					said.undo = last
				}
			}
			return tea.BatchMsg{send(said), send(orderOver{})}
		}
	}
	return act
}
