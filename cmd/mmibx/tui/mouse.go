package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// mouse turns what the mouse does into what it does it to.
func mouse(c widget.Canvas, m tea.MouseMsg) tea.Cmd {
	at := m.Mouse()
	switch m.(type) {
	case tea.MouseMotionMsg:
		return send(dragged{at.X, at.Y})
	case tea.MouseReleaseMsg:
		return send(dropped{})
	case tea.MouseClickMsg:
		if g, ok := c.GripAt(at.X, at.Y); ok && at.Button == tea.MouseLeft {
			return send(gripped{g})
		}
	}
	hit, ok := c.At(at.X, at.Y)
	if !ok {
		return nil
	}
	switch m.(type) {
	case tea.MouseClickMsg:
		if at.Button == tea.MouseLeft {
			return send(clicked{hit})
		}
	case tea.MouseWheelMsg:
		by := map[tea.MouseButton]int{tea.MouseWheelUp: -1, tea.MouseWheelDown: 1}[at.Button]
		return send(wheeled{hit, by})
	}
	return nil
}

// click runs the action of the footer that was hit, or tells the screen; a double
// click is enter.
func (a *App) click(msg clicked) tea.Cmd {
	if msg.Name == footerSpot {
		if shown := footer(a.actions(), a.env.w); msg.Row < len(shown) {
			return a.do(shown[msg.Row])
		}
		return nil
	}
	now := a.env.clock()
	double := a.last.hit == msg.Hit && now.Sub(a.last.at) < 400*time.Millisecond
	a.last.hit, a.last.at = msg.Hit, now
	cmd := a.tell(a.top(), msg)
	if act, ok := find(a.actions(), "enter"); ok && double {
		return tea.Batch(cmd, a.do(act))
	}
	return cmd
}
