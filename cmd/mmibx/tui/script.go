package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/mmibx/mmibx"
)

// Script is keys to be played, and what to wait for between them.
type Script []step

// step is one line of a script.
type step struct {
	file string
	line int
	do   func(context.Context, *player) error
}

// patience is how long a script waits for a text to appear.
const patience = 10 * time.Minute

// ParseScript reads a script: `press KEY...`, `type TEXT`, `until TEXT` (the screen
// shows it), `wait DURATION`, `size WxH`; # begins a comment.
func ParseScript(file, text string) (Script, error) {
	var s Script
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		verb, rest, _ := strings.Cut(line, " ")
		do, err := parseStep(verb, strings.TrimSpace(rest))
		if err != nil {
			err.File, err.Line = file, i+1
			return nil, err
		}
		s = append(s, step{file, i + 1, do})
	}
	return s, nil
}

func parseStep(verb, rest string) (func(context.Context, *player) error, *mmibx.InputError) {
	fault := func(expected string) (func(context.Context, *player) error, *mmibx.InputError) {
		return nil, &mmibx.InputError{Key: verb, Found: strconv.Quote(rest), Expected: expected}
	}
	switch verb {
	case "press":
		var keys []tea.KeyPressMsg
		for _, name := range strings.Fields(rest) {
			key, ok := keyNamed(name)
			if !ok {
				return fault("keys as `?` shows them, such as enter, esc, tab, up, space, ctrl+u, q")
			}
			keys = append(keys, key)
		}
		if len(keys) == 0 {
			return fault("one or more keys")
		}
		return func(ctx context.Context, p *player) error { return p.press(ctx, keys...) }, nil
	case "type":
		return func(ctx context.Context, p *player) error {
			for _, r := range rest {
				if err := p.press(ctx, tea.KeyPressMsg{Code: r, Text: string(r)}); err != nil {
					return err
				}
			}
			return nil
		}, nil
	case "until":
		if rest == "" {
			return fault("a text that the screen will show")
		}
		return func(ctx context.Context, p *player) error { return p.until(ctx, rest) }, nil
	case "wait":
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return fault("a duration such as 500ms or 2s")
		}
		return func(ctx context.Context, p *player) error { return p.wait(ctx, d) }, nil
	case "size":
		var w, h int
		if n, _ := fmt.Sscanf(rest, "%dx%d", &w, &h); n != 2 || w < 20 || h < 5 {
			return fault("columns x rows, as in 80x24")
		}
		return func(_ context.Context, p *player) error {
			p.record.resize(w, h)
			p.program.Send(tea.WindowSizeMsg{Width: w, Height: h})
			return nil
		}, nil
	}
	return nil, &mmibx.InputError{Key: "the first word", Found: strconv.Quote(verb), Expected: "press, type, until, wait or size"}
}

// keyNamed is the message of a key by its name.
func keyNamed(name string) (tea.KeyPressMsg, bool) {
	special := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft,
		"right": tea.KeyRight, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace,
		"delete": tea.KeyDelete,
	}
	if name == "space" {
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}, true
	}
	if key, ok := strings.CutPrefix(name, "ctrl+"); ok && len(key) == 1 {
		return tea.KeyPressMsg{Code: rune(key[0]), Mod: tea.ModCtrl}, true
	}
	if name == "shift+tab" {
		return tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}, true
	}
	if code, ok := special[name]; ok {
		return tea.KeyPressMsg{Code: code}, true
	}
	cluster, w := ansi.FirstGraphemeCluster(name, ansi.GraphemeWidth)
	r, _ := utf8.DecodeRuneInString(name)
	return tea.KeyPressMsg{Code: r, Text: name}, cluster == name && w > 0
}

// player plays a script to a program that shows itself to nobody, or to a
// recording.
type player struct {
	program *tea.Program
	pause   time.Duration // after each key, for eyes
	record  *recording
}

// look is a question to the App, asked between two messages.
type look func(*App)

// screen is what the terminal shows now.
func (p *player) screen(ctx context.Context) (string, error) {
	seen := make(chan string, 1)
	p.program.Send(look(func(a *App) { seen <- ansi.Strip(a.draw().String(a.theme)) }))
	select {
	case text := <-seen:
		return text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (p *player) press(ctx context.Context, keys ...tea.KeyPressMsg) error {
	for _, k := range keys {
		p.program.Send(k)
		if err := p.wait(ctx, p.pause); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *player) until(ctx context.Context, text string) error {
	for deadline := time.Now().Add(patience); ; {
		now, err := p.screen(ctx)
		if err != nil || strings.Contains(now, text) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the screen never showed %q in %s; it shows\n%s", text, rough(patience), now)
		}
		if err := p.wait(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// Play opens the UI in a terminal of its own of w x h cells, plays a script and
// returns what the terminal showed in the end. A recording, where one is wanted, is
// an asciinema file, version 2.
func Play(ctx context.Context, o Options, s Script, w, h int, record io.Writer) (last string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e := o.env()
	p := &player{}
	out := io.Discard
	if record != nil {
		p.record = newRecording(record, w, h, e.clock)
		p.pause, out = 150*time.Millisecond, p.record
	}
	var played error
	over := make(chan struct{})
	err = o.run(ctx, opened(ctx, e, o.Sweep), func(program *tea.Program) {
		p.program = program
		go func() {
			defer close(over)
			last, played = p.play(ctx, s)
			program.Quit()
		}()
	}, tea.WithInput(nil), tea.WithOutput(out), tea.WithWindowSize(w, h), tea.WithColorProfile(colorprofile.TrueColor),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor"}))
	cancel()
	<-over
	switch {
	case played != nil && (err == nil || errors.Is(err, mmibx.ErrInterrupted)): // it says at which line
		if err == nil || !errors.Is(played, context.Canceled) {
			return last, played
		}
		return last, fmt.Errorf("%w: %w", err, played)
	case err != nil:
		return last, err
	}
	return last, p.record.fault()
}

func (p *player) play(ctx context.Context, s Script) (last string, err error) {
	for _, step := range s {
		if err := step.do(ctx, p); err != nil {
			return last, fmt.Errorf("%s:%d: %w", step.file, step.line, err)
		}
	}
	return p.screen(ctx)
}
