package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// pictured marks a screen that shows pictures.
type pictured interface{ pictured() }

func (*errorsScreen) pictured() {}
func (*samples) pictured()      {}

// throughTmux says that tmux lets sequences through to a terminal outside of it.
type throughTmux struct{ terminal string }

// meet learns what terminal there is. Kitty (from 0.28) and Ghostty know images
// behind placeholders. Inside tmux it is asked whether it lets them through.
func (a *App) meet(name string) tea.Cmd {
	if strings.HasPrefix(name, "tmux") {
		shell, parent := a.env.shell, a.ctx
		return func() tea.Msg {
			ctx, cancel := context.WithTimeout(parent, 2*time.Second)
			defer cancel()
			return throughTmux{shell.Outer(ctx)}
		}
	}
	if showsImages(name) {
		a.album = &widget.Album{}
	}
	return nil
}

// showsImages judges a terminal by its name and version, as it says them.
func showsImages(name string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(strings.ToLower(name), "kitty(%d.%d", &major, &minor); n == 2 {
		return major > 0 || minor >= 28
	}
	return strings.HasPrefix(strings.ToLower(name), "ghostty")
}

// present has the terminal hold the images of what is shown.
func (a *App) present() tea.Cmd {
	if a.album == nil {
		return nil
	}
	var placed []widget.Placed
	if _, ok := a.stack[a.base()].screen.(pictured); ok {
		placed = a.draw().Placed()
	}
	if sequence := a.album.Show(placed); sequence != "" {
		a.beside.waiting += sequence
		return tea.Raw(&a.beside)
	}
	return nil
}

// outbox is what waits to be written to the terminal beside the views. Commands
// overtake one another: whichever is first takes all, in the order of its making.
// Only the goroutine that updates writes, so it needs no lock.
type outbox struct{ waiting string }

// String takes what waits.
func (o *outbox) String() string {
	all := o.waiting
	o.waiting = ""
	return all
}

// painter is what pictures are painted by: images need colours, for their ids are
// colours.
func (a *App) painter() widget.Painter {
	if a.album != nil && a.colours && a.env.theme != "mono" {
		return widget.Kitty{}
	}
	return widget.HalfBlocks{}
}

// tmuxed has sequences pass through tmux.
func (a *App) tmuxed(terminal string) tea.Cmd {
	if showsImages(terminal) {
		a.album = &widget.Album{Wrap: ansi.TmuxPassthrough}
	}
	return nil
}
