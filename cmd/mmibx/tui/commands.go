package tui

import (
	"context"
	"os/exec"
	"slices"

	tea "charm.land/bubbletea/v2"
)

// Shell is the rest of the program: what no screen does is run as a command line,
// in the terminal, while the UI waits.
type Shell interface {
	// Commands are all commands by their names, with what they do.
	Commands() []Pair
	// Command runs a line and waits for a key before it ends.
	Command(line string) *exec.Cmd
	// Outer is the terminal outside of tmux, as it names itself, where tmux lets
	// sequences through to it; else "".
	Outer(ctx context.Context) string
}

// commands are the commands that are no action of the screen. Each asks for the rest
// of its line first.
func (a *App) commands() []action {
	var list []action
	here := a.actions()
	for _, c := range a.env.shell.Commands() {
		if slices.ContainsFunc(here, func(act action) bool { return act.name == c.Name }) {
			continue
		}
		list = append(list, action{name: c.Name, help: c.Value, cli: "mmibx " + c.Name, to: func() tea.Msg {
			return push{newAsk("run in this terminal", "mmibx "+c.Name+" ", a.outside)}
		}})
	}
	return list
}

// outside runs a command line in place of the UI until it ends.
func (a *App) outside(line string) action {
	return action{name: "run", run: func() tea.Cmd {
		return send(outside{a.env.shell.Command(line), func(err error) tea.Msg {
			if err != nil {
				return notice{text: line + ": " + err.Error(), bad: true}
			}
			return orderOver{} // it may have changed the store
		}})
	}}
}
