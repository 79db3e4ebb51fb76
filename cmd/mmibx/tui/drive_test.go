package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// keyPress is the message of a key by its name.
func keyPress(name string) tea.KeyPressMsg {
	key, _ := keyNamed(name)
	return key
}

func init() {
	tick = func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }
}
