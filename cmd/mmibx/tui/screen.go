package tui

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// screen is one full view. It asks by commands and learns by messages; it never
// does I/O itself.
type screen interface {
	// Init is called each time the screen comes to the top. The context ends
	// when something covers it; answers to what it asked before are dropped.
	Init(context.Context) tea.Cmd
	Update(tea.Msg) tea.Cmd
	// Draw paints all of the canvas and changes nothing.
	Draw(widget.Canvas)
	// Actions is everything that can be done here: keys, footer, palette and
	// help all read it.
	Actions() []action
	// Title names the screen in one word, as --snapshot does.
	Title() string
}

// modal is a screen that at times reads text: then only its own actions listen.
type modal interface{ modal() bool }

// scoped is a screen about some of the runs: what its filter lets through is listed
// when runs are asked for.
type scoped interface{ scope() string }

// overlay marks a screen that is painted over the one below, which stays awake.
type overlay interface{ overlay() }

// action is one thing that can be done on a screen.
type action struct {
	name  string   // as in the CLI where it exists there: "runs retry"
	keys  []string // the first is shown
	label string   // for the footer; "" keeps it out of there
	spare string   // for the footer where there is room left
	help  string   // one line
	cli   string   // the command line that does the same; "" where it is about the screen only
	why   string   // why it cannot be done now; "" when it can
	// One of these does it: run asks the screen, to tells App where to go (push,
	// pop, chosen), which happens before the next key is read.
	run func() tea.Cmd
	to  func() tea.Msg
}

// env is what every screen is given.
type env struct {
	reader  Reader
	control Control
	judge   Judge
	author  Author
	press   Press
	archive Archive
	curator Curator
	shelf   Shelf
	monitor Monitor
	habits  Habits
	shell   Shell
	live    func(context.Context) ([]string, error)
	theme   string             // by its name; "": as the terminal is
	shares  map[string]float64 // of the first of two panels, by the border between them
	marked  []mark             // in the order in which they were marked
	clock   func() time.Time
	store   string // as people call it
	here    string // what a command line needs to find it, such as " --store DIR"
	w, h    int    // cells of the terminal
}

// cli is a command line that works on the store shown.
func (e *env) cli(words ...string) string { return "mmibx " + strings.Join(words, " ") + e.here }

// cliOf is one about runs, which it names all, however many they are: it can be run.
func (e *env) cliOf(runs []string, words ...string) string { return e.cli(append(words, runs...)...) }

// Messages from a screen to App.
type (
	push   struct{ screen screen } // put a screen on top
	swap   struct{ screen screen } // put a screen in place of the one on top
	pop    struct{}                // back to the screen below
	chosen struct{ act action }    // an overlay closes and this is done instead
	clip   struct{ text string }   // to the clipboard, by the terminal (OSC 52)
	notice struct {                // say something for a few seconds, on whatever screen
		text string
		cli  string // the command line that does the same
		bad  bool
		undo *reversal // takes back what was done
	}
)

// Messages from the mouse to a screen.
type (
	clicked struct{ widget.Hit }
	wheeled struct {
		widget.Hit
		by int
	}
)

// outside has another program take the terminal until it ends. What back makes of
// its end goes to the screen on top.
type outside struct {
	cmd  *exec.Cmd
	back func(error) tea.Msg
}

// returned says that the terminal is ours again, and what is to be done then.
type returned struct{ msg tea.Msg }

func send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// find returns the action of a key.
func find(actions []action, key string) (action, bool) {
	i := slices.IndexFunc(actions, func(a action) bool { return slices.Contains(a.keys, key) })
	if i < 0 {
		return action{}, false
	}
	return actions[i], true
}

// moves are the actions that move a cursor by rows.
func moves(move func(by int) tea.Cmd) []action {
	by := func(n int) func() tea.Cmd { return func() tea.Cmd { return move(n) } }
	return []action{
		{name: "down", keys: []string{"down", "j"}, help: "next row", run: by(1)},
		{name: "up", keys: []string{"up", "k"}, help: "row before", run: by(-1)},
		{name: "page down", keys: []string{"pgdown", "ctrl+f"}, help: "ten rows on", run: by(10)},
		{name: "page up", keys: []string{"pgup", "ctrl+b"}, help: "ten rows back", run: by(-10)},
		{name: "first", keys: []string{"home", "g"}, help: "first row", run: by(-1 << 30)},
		{name: "last", keys: []string{"end", "G"}, help: "last row", run: by(1 << 30)},
	}
}

// moved is a cursor moved within n rows.
func moved(cursor, by, n int) int { return max(0, min(cursor+by, n-1)) }
