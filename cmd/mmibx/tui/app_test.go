package tui

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/teatest/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// fuzzKeys are pressed at random: every key that some screen knows, and some that
// none does.
var fuzzKeys = []string{
	"enter", "esc", "tab", "shift+tab", "up", "down", "left", "right", "pgdown", "pgup", "home", "end", "backspace", "delete", "space", "ctrl+u", "ctrl+w", "ctrl+a",
	"a", "b", "c", "d", "e", "f", "g", "h", "j", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "v", "w", "x", "y",
	"A", "B", "C", "D", "E", "G", "L", "M", "S", "T", "X", "=", "0", "<", ">", "#", "+", "-", "?", ":", "/", "U", "ctrl+t", "ctrl+o", "é", "字", "🏳️‍🌈", "\x1b", "\u202e",
}

// TestExactSize plays 10,000 keys, clicks, pastes and resizes at random, beginning
// on each screen in turn: nothing panics, and every view is exactly as large as
// the terminal.
func TestExactSize(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	f := newFake()
	screens := len(allScreens(fakeEnv(f)))
	played, seen := 0, map[string]int{}
	for i := range screens {
		a := shown(t, f, func(e *env) screen { return newHome(e) }, 80, 24)
		follow(a, a.push(allScreens(a.env)[i]))
		for range 10_000/screens + 1 {
			fuzz(a, f, r)
			seen[a.top().Title()]++
			if played++; played%5 == 0 {
				exactly(t, ansi.Strip(a.View().Content), a.env.w, a.env.h)
			}
		}
	}
	for _, name := range Screens {
		if seen[name] == 0 {
			t.Errorf("of %d events none was on the screen %s", played, name)
		}
	}
}

// fuzz is one event, with what it asks for.
func fuzz(a *App, f *fake, r *rand.Rand) {
	var msg tea.Msg
	switch r.IntN(24) {
	case 0:
		msg = tea.WindowSizeMsg{Width: 20 + r.IntN(281), Height: 5 + r.IntN(96)}
	case 1, 2:
		x, y := r.IntN(a.env.w), r.IntN(a.env.h)
		moves := []tea.MouseMsg{tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}, tea.MouseMotionMsg{X: x, Y: y, Button: tea.MouseLeft}, tea.MouseReleaseMsg{X: x, Y: y}}
		if cmd := mouse(a.draw(), moves[r.IntN(len(moves))]); cmd != nil {
			msg = cmd()
		}
	case 3:
		button := []tea.MouseButton{tea.MouseWheelDown, tea.MouseWheelUp}[r.IntN(2)]
		if cmd := mouse(a.draw(), tea.MouseWheelMsg{X: r.IntN(a.env.w), Y: r.IntN(a.env.h), Button: button}); cmd != nil {
			msg = cmd()
		}
	case 4:
		f.board.Version++
		msg = refill(a)
	case 5:
		msg = tea.PasteMsg{Content: tweets[r.IntN(len(tweets))][0]}
	default:
		msg = keyPress(fuzzKeys[r.IntN(len(fuzzKeys))])
	}
	_, cmd := a.Update(msg)
	follow(a, cmd)
}

// refill is the answer to what the screen on top would ask now.
func refill(a *App) tea.Msg {
	l := a.top()
	if s, ok := l.screen.(interface{ ask() read }); ok {
		return letter{l.id, l.generation, s.ask()(context.Background())}
	}
	return nil
}

// TestStaleDropped: what a screen asked for before it was covered or left is
// dropped unread.
func TestStaleDropped(t *testing.T) {
	f := newFake()
	a := shown(t, f, func(e *env) screen { return newHome(e) }, 80, 24)
	old := refill(a)
	follow(a, a.push(newBoard(a.env, "beta-study")))
	h := a.stack[0].screen.(*home)
	h.sweeps = nil
	a.Update(old)
	if h.sweeps != nil {
		t.Error("a covered screen read a message")
	}
	press(a, "esc")
	if h.sweeps == nil {
		t.Fatal("the screen did not ask again when it came back")
	}
	h.sweeps = nil
	a.Update(old)
	if h.sweeps != nil {
		t.Error("a screen read a message to its earlier generation")
	}
}

// TestOneRead: however many keys are pressed, there is one read at a time.
func TestOneRead(t *testing.T) {
	f := newFake()
	a := shown(t, f, theBoard, 120, 40)
	before := f.reads
	b := a.top().screen.(*board)
	for range 50 {
		a.Update(keyPress("down"))
	}
	if !b.poll.busy || !b.poll.again {
		t.Fatalf("busy %v, again %v after fifty keys", b.poll.busy, b.poll.again)
	}
	_, cmd := a.Update(refill(a))
	follow(a, cmd)
	if n := f.reads - before; n > 3 {
		t.Errorf("%d reads for fifty keys", n)
	}
}

// TestOrders: what is hard to reverse is asked about, and each order reaches the
// control once.
func TestOrders(t *testing.T) {
	f := newFake()
	a := shown(t, f, theBoard, 120, 40)
	press(a, "s", "esc")
	if len(f.told) > 0 {
		t.Fatalf("esc gave an order: %v", f.told)
	}
	press(a, "s", "enter", "p", "r", "y")
	want := []string{"stop beta-study", "pause beta-study", "retry [4f5a787ab02c 4f7967 7ab02c]"}
	if len(f.told) != 3 || f.told[0] != want[0] || f.told[1] != want[1] || !strings.HasPrefix(f.told[2], "retry [") {
		t.Errorf("told %q", f.told)
	}
	press(a, "c")
	if a.toast.text != "it is running" {
		t.Errorf("a disabled key says %q", a.toast.text)
	}
}

// TestTypedAhead: keys that come faster than messages mean what they would have
// meant slowly.
func TestTypedAhead(t *testing.T) {
	f := newFake()
	a := shown(t, f, theBoard, 120, 40)
	var cmds []tea.Cmd
	for _, k := range []string{":", "s", "t", "o", "p", "enter", "enter", "enter", "esc"} {
		_, cmd := a.Update(keyPress(k))
		cmds = append(cmds, cmd)
	}
	for _, cmd := range cmds {
		follow(a, cmd)
	}
	if !slices.Equal(f.told, []string{"stop beta-study"}) {
		t.Errorf("told %q", f.told)
	}
	if _, ok := a.top().screen.(*board); !ok {
		t.Errorf("%T is on top", a.top().screen)
	}
}

func TestStart(t *testing.T) {
	f := newFake()
	f.empty = true
	a := shown(t, f, func(e *env) screen { return newHome(e) }, 120, 40)
	press(a, "down", "enter", "+", "enter")
	if !slices.Equal(f.told, []string{"start beta 3"}) {
		t.Errorf("told %q", f.told)
	}
	if b, ok := a.top().screen.(*board); !ok || b.sweep != "beta" {
		t.Errorf("after the start %T is shown", a.top().screen)
	}
	f.empty = false
	press(a, "esc")
	if h, ok := a.top().screen.(*home); !ok || h.focus != onSweeps {
		t.Errorf("esc from the board of a started study leads to %T, and the cursor is not on the sweeps", a.top().screen)
	}
}

// TestOpened: the board of the only live sweep is there before the first key, and
// home stays where esc leads to it.
func TestOpened(t *testing.T) {
	f := newFake()
	a := opened(t.Context(), fakeEnv(f), "")
	if b, ok := a.top().screen.(*board); !ok || b.sweep != "beta-study" {
		t.Errorf("opened on %T", a.top().screen)
	}
	press(a, "esc", "enter", "esc")
	if _, ok := a.top().screen.(*home); !ok {
		t.Errorf("esc leads to %T", a.top().screen)
	}
	if b, ok := opened(t.Context(), fakeEnv(f), "demo").top().screen.(*board); !ok || b.sweep != "demo" {
		t.Error("the sweep that was asked for is not shown")
	}
	f.empty = true
	if s := opened(t.Context(), fakeEnv(f), "").top().screen; s.Title() != "home" {
		t.Errorf("an empty store opens on %T", s)
	}
}

// TestHere: every command line that is shown finds the store that is shown.
func TestHere(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	e.here = " --store paper/runs"
	lines := 0
	for _, s := range allScreens(e) {
		a := newApp(t.Context(), e, s)
		a.env.w, a.env.h = 200, 60
		fill(t.Context(), a)
		for _, act := range a.actions() {
			if act.cli == "" {
				continue
			}
			if lines++; !strings.HasSuffix(act.cli, e.here) {
				t.Errorf("%s: %q leaves out the store", s.Title(), act.cli)
			}
		}
		for _, line := range strings.Split(ansi.Strip(a.View().Content), "\n") {
			if strings.Contains(line, "$ mmibx") && !strings.Contains(line, e.here) {
				t.Errorf("%s: %s", s.Title(), line)
			}
		}
	}
	if lines < 8 {
		t.Errorf("%d command lines", lines)
	}
	if text := farewellTo(t.Context(), e); strings.Count(text, e.here) != 2 {
		t.Errorf("farewell: %s", text)
	}
}

// TestTroubleInFull: what keeps a store from being read is said to its end, with
// the cure, on a small terminal too.
func TestTroubleInFull(t *testing.T) {
	f := newFake()
	f.err = errors.New("mmibx-runs/mmibx.db has schema 99 and this mmibx knows up to 1: use the newer mmibx that wrote it, or move the file away")
	a := shown(t, f, func(e *env) screen { return newHome(e) }, 80, 24)
	if text := ansi.Strip(a.View().Content); !strings.Contains(text, "or move the file away") {
		t.Errorf("\n%s", text)
	}
}

// TestHome: the lists of the home screen are one way down, and enter opens what is
// under the cursor.
func TestHome(t *testing.T) {
	f := newFake()
	a := shown(t, f, func(e *env) screen { return newHome(e) }, 120, 40)
	h := a.top().screen.(*home)
	var way []int
	for range 12 {
		way = append(way, h.focus)
		press(a, "down")
	}
	if want := []int{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3}; !slices.Equal(way, want) {
		t.Errorf("the lists on the way down: %v, want %v", way, want)
	}
	press(a, "shift+tab", "home", "enter")
	if r, ok := a.top().screen.(*runScreen); !ok || r.id != "b01000aa11bb" {
		t.Errorf("enter on the best of mnre shows %T", a.top().screen)
	}
	press(a, "esc", "shift+tab", "home", "r", "y")
	if len(f.told) != 1 || !strings.HasPrefix(f.told[0], "retry [") {
		t.Errorf("retry on a run that failed told %q", f.told)
	}
	press(a, "end", "r")
	if !strings.Contains(a.toast.text, "mmibx runs retry 0c0ffee00aa1") {
		t.Errorf("retry of a run of no sweep says %q", a.toast.text)
	}
}

// TestActions holds the table to its rules.
func TestActions(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	for _, s := range allScreens(e) {
		for _, loaded := range []bool{false, true} {
			a := newApp(t.Context(), e, s)
			if loaded {
				fill(t.Context(), a)
			}
			seen := map[string]string{}
			for _, act := range a.actions() {
				if act.name == "" || act.help == "" || len(act.keys) == 0 || act.run == nil && act.to == nil && act.why == "" {
					t.Errorf("%s: %q lacks a name, a key, help or something to run", s.Title(), act.name)
				}
				for _, k := range act.keys {
					if other := seen[k]; other != "" {
						t.Errorf("%s: %q is the key of %s and of %s", s.Title(), k, other, act.name)
					}
					seen[k] = act.name
				}
			}
			for _, w := range []int{80, 120, 300} {
				n := len(footer(a.actions(), w))
				if n > mostKeys || loaded && (n < leastKeys && w > 80 || n < leastKeys-1) {
					t.Errorf("%s: the footer of %d cells shows %d keys, want 6 to 8", s.Title(), w, n)
				}
			}
		}
	}
}

// TestProgram runs the UI in a terminal of its own.
func TestProgram(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	tm := teatest.NewTestModel(t, opened(t.Context(), e, ""), teatest.WithInitialTermSize(120, 40))
	seen := func(text string) {
		t.Helper()
		teatest.WaitFor(t, tm.Output(), func(b []byte) bool { return strings.Contains(string(b), text) }, teatest.WithDuration(5*time.Second))
	}
	seen("leader board") // the only live sweep opens by itself
	tm.Send(keyPress("?"))
	seen("the same in a shell")
	tm.Send(keyPress("esc"))
	tm.Send(keyPress("esc"))
	seen("studies that ship")
	tm.Send(keyPress("q"))
	tm.WaitFinished(t, teatest.WithFinalTimeout(5*time.Second))
}

// TestPanic: a panic, wherever it is, leaves a report, the terminal as it was, and
// an error.
func TestPanic(t *testing.T) {
	for _, where := range []string{"a read", "Update", "Draw"} {
		t.Run(where, func(t *testing.T) {
			o := Options{Reader: newFake(), Reports: t.TempDir(), Clock: func() time.Time { return noon }}
			shown := make(chan struct{})
			a := newApp(t.Context(), o.env(), &broken{where: where, shown: shown})
			out := seen{look: func(text string) bool { return strings.Contains(text, ansi.SetModeAltScreenSaveCursor) }, then: func() { close(shown) }}
			in, hold := newPipe(t)
			defer hold()
			err := o.run(t.Context(), a, func(*tea.Program) {}, tea.WithInput(in), tea.WithOutput(&out), tea.WithWindowSize(80, 24))
			if err == nil || !strings.Contains(err.Error(), "sweeps go on") {
				t.Fatalf("the error is %v", err)
			}
			reports, _ := filepath.Glob(filepath.Join(o.Reports, "ui-panic-*.txt"))
			if len(reports) != 1 {
				t.Fatalf("%d reports", len(reports))
			}
			text, err := os.ReadFile(reports[0])
			if err != nil || !strings.Contains(string(text), where+" broke") || !strings.Contains(string(text), "app_test.go") {
				t.Errorf("the report lacks the reason or the place: %s %v", text, err)
			}
			all := out.text.String()
			if n := strings.Count(all, ansi.SetModeAltScreenSaveCursor); n == 0 || n != strings.Count(all, ansi.ResetModeAltScreenSaveCursor) {
				t.Errorf("the alternate screen was entered %d times and not left as often", n)
			}
		})
	}
}

// broken is a screen that panics when it has been shown.
type broken struct {
	where string
	shown chan struct{}
	due   bool
}

func (b *broken) Init(context.Context) tea.Cmd {
	return func() tea.Msg {
		<-b.shown
		b.fail("a read")
		return clicked{}
	}
}

func (b *broken) fail(where string) {
	if b.where == where {
		panic(where + " broke")
	}
}

func (b *broken) Update(tea.Msg) tea.Cmd { b.fail("Update"); b.due = true; return nil }
func (b *broken) Actions() []action      { return nil }
func (b *broken) Title() string          { return "broken" }
func (b *broken) Draw(widget.Canvas) {
	if b.due {
		b.fail("Draw")
	}
}

func newPipe(t *testing.T) (*os.File, func()) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, func() { w.Close(); r.Close() }
}

func TestSnapshot(t *testing.T) {
	for _, name := range Screens {
		still, err := Snapshot(t.Context(), fakeOptions(), name, "", 100, 30)
		if err != nil {
			t.Fatal(name, err)
		}
		exactly(t, strings.TrimSuffix(still.Text(), "\n"), 100, 30)
	}
	_, err := Snapshot(t.Context(), Options{Reader: newFake()}, "bored", "", 80, 24)
	if err == nil || !strings.Contains(err.Error(), "board") {
		t.Errorf("an unknown screen: %v", err)
	}
}

// BenchmarkView paints the board of ten thousand runs.
func BenchmarkView(b *testing.B) {
	f := newFake()
	for i := range 10_000 {
		f.board.Runs = append(f.board.Runs, fakeRun(i))
	}
	for _, size := range sizes {
		a := shown(b, f, theBoard, size[0], size[1])
		a.top().screen.(*board).focus = onRuns
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.View()
			}
		})
	}
}

// BenchmarkKey is a key and the picture that follows it.
func BenchmarkKey(b *testing.B) {
	f := newFake()
	for i := range 10_000 {
		f.board.Runs = append(f.board.Runs, fakeRun(i))
	}
	a := shown(b, f, theBoard, 120, 40)
	a.top().screen.(*board).focus = onRuns
	for i := 0; b.Loop(); i++ {
		a.Update(keyPress([]string{"down", "up"}[i%2]))
		a.View()
	}
}

// TestRunPanels: tab leads through every panel of a run, and on a wide terminal all
// of them are there at once.
func TestRunPanels(t *testing.T) {
	a := shown(t, newFake(), theRun, 80, 24)
	for _, want := range []string{"epoch 4  loss", "84.20", "of 3.47", "1 at step 800", "mmibx sweep beta", "predictions.dev"} {
		if text := ansi.Strip(a.View().Content); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
		press(a, "tab")
	}
	a.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	for _, want := range []string{"epoch 4  loss", "84.20", "of 3.47", "1 at step 800", "mmibx sweep beta", "predictions.dev"} {
		if text := ansi.Strip(a.View().Content); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	press(a, "space")
	if len(a.env.marked) != 1 || a.env.marked[0].id != "4f1c9a77ab02" {
		t.Errorf("marked %+v", a.env.marked)
	}
}
