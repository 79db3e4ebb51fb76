package tui

import (
	"context"
	"maps"
	"os/exec"
)

// fakeHabits keeps habits in memory.
type fakeHabits struct {
	*fake
	kept map[string]string
}

// Habits implements Habits.
func (f fakeHabits) Habits(context.Context) (map[string]string, error) {
	return maps.Clone(f.kept), f.err
}

// Keep implements Habits.
func (f fakeHabits) Keep(_ context.Context, name, value string) error {
	if f.err == nil {
		f.kept[name] = value
	}
	return f.err
}

// fakeShell has two commands, one of which every screen does itself.
type fakeShell struct {
	*fake
	outer string
}

// Outer implements Shell.
func (f fakeShell) Outer(context.Context) string { return f.outer }

// Commands implements Shell.
func (fakeShell) Commands() []Pair {
	return []Pair{{"doctor", "Look at everything that mmibx needs"}, {"machine", "Show processors"}}
}

// Command implements Shell.
func (f fakeShell) Command(line string) *exec.Cmd {
	_ = f.tell("run %s", line)
	return exec.Command("true")
}
