package tui

import (
	"encoding/base64"
	"fmt"
	"image/png"
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/kitty"
)

// raws runs a command and what follows from it, and gathers what is written to the
// terminal beside the views.
func raws(a *App, cmd tea.Cmd) string {
	if cmd == nil {
		return ""
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		text := ""
		for _, c := range msg {
			text += raws(a, c)
		}
		return text
	case tea.RawMsg:
		return fmt.Sprint(msg.Msg)
	default:
		_, next := a.Update(msg)
		return raws(a, next)
	}
	return ""
}

func tell(a *App, msg tea.Msg) string {
	_, cmd := a.Update(msg)
	return raws(a, cmd)
}

// apc is one sequence of Kitty's graphics protocol: nothing but options of letters
// and digits, and base64.
var apc = regexp.MustCompile(`\x1b_G([a-zA-Z0-9=,]+)(?:;([A-Za-z0-9+/=]*))?\x1b\\`)

// TestKitty: a terminal that names itself Kitty gets the picture as PNG, in pieces
// of at most 4096 bytes, placed in as many cells as the view has placeholders; no byte
// of the data passes otherwise. The next picture takes its place.
func TestKitty(t *testing.T) {
	a := shown(t, newFake(), theErrors, 120, 40)
	press(a, "n", "n") // to one with a picture
	if strings.ContainsRune(a.View().Content, kitty.Placeholder) {
		t.Fatal("there are placeholders before the terminal is known")
	}
	text := tell(a, tea.TerminalVersionMsg{Name: "kitty(0.35.2)"})
	if rest := apc.ReplaceAllString(text, ""); rest != "" {
		t.Errorf("what is written is more than the protocol: %.200q", rest)
	}
	var data, placed, id string
	for _, m := range apc.FindAllStringSubmatch(text, -1) {
		if len(m[2]) > kitty.MaxChunkSize {
			t.Errorf("a piece of %d bytes", len(m[2]))
		}
		if !strings.Contains(m[1], "q=2") {
			t.Errorf("the terminal would answer to %q", m[1])
		}
		data += m[2]
		if strings.Contains(m[1], "U=1") {
			placed = m[1]
		}
		if found := regexp.MustCompile(`a=t.*i=(\d+)`).FindStringSubmatch(m[1]); found != nil {
			id = found[1]
		}
	}
	blob, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(strings.NewReader(string(blob)))
	if err != nil {
		t.Fatal(err)
	}
	s := a.top().screen.(*errorsScreen)
	p := s.picture
	r, g, b, _ := img.At(p.W-1, p.H-1).RGBA()
	if img.Bounds().Dx() != p.W || img.Bounds().Dy() != p.H || r>>8<<16|g>>8<<8|b>>8 != p.Pixels[len(p.Pixels)-1] {
		t.Errorf("the image is %v, the picture %dx%d", img.Bounds(), p.W, p.H)
	}
	view := a.View().Content
	exactly(t, ansi.Strip(view), 120, 40)
	rows, most := 0, 0
	for _, line := range strings.Split(view, "\n") {
		if n := strings.Count(line, string(kitty.Placeholder)); n > 0 {
			rows, most = rows+1, max(most, n)
		}
	}
	if !strings.Contains(placed, "i="+id) || !strings.Contains(placed, fmt.Sprintf("c=%d,r=%d", most, rows)) || !strings.Contains(view, "\x1b[0;38;5;"+id+"m"+string(kitty.Placeholder)) {
		t.Errorf("placed as %q, the view has %d rows of %d cells", placed, rows, most)
	}
	if again := tell(a, toastOver{}); again != "" {
		t.Errorf("it is sent again: %.80q", again)
	}
	if smaller := tell(a, tea.WindowSizeMsg{Width: 100, Height: 30}); strings.Contains(smaller, "a=t") || !strings.Contains(smaller, "a=p") {
		t.Errorf("a resize sends %.80q, want another placement alone", smaller)
	}
	if next := tell(a, keyPress("?")); next != "" {
		t.Errorf("what lies over it sends %.80q", next)
	}
	tell(a, keyPress("esc"))
	if left := tell(a, push{newHome(a.env)}); left != "\x1b_Ga=d,d=I,i="+id+",q=2\x1b\\" {
		t.Errorf("when the screen is left %q is sent, want that image %s is removed", left, id)
	}
}

// TestKittyInOrder: sequences are written in the order in which they were made,
// whichever of their commands is first; and when another program had the terminal the
// image is sent again.
func TestKittyInOrder(t *testing.T) {
	a := shown(t, newFake(), theErrors, 120, 40)
	press(a, "n", "n")
	_, show := a.Update(tea.TerminalVersionMsg{Name: "kitty(0.35.2)"})
	_, resize := a.Update(tea.WindowSizeMsg{Width: 100, Height: 30})
	text := raws(a, resize) + raws(a, show)
	if sent, first := strings.Index(text, "a=t"), strings.Index(text, "a=p"); sent < 0 || first < sent || strings.Count(text, "a=p") != 2 {
		t.Errorf("the image is sent at %d, first placed at %d", sent, first)
	}
	if back := tell(a, returned{toastOver{}}); !strings.Contains(back, "a=t") || !strings.Contains(back, "a=p") {
		t.Errorf("after another program the terminal is sent %.80q", back)
	}
	plain := shown(t, newFake(), theErrors, 120, 40)
	if text := tell(plain, returned{toastOver{}}); text != "" {
		t.Errorf("a terminal that knows no images is sent %.80q", text)
	}
}

// TestKittyNot: half blocks stay where images are not known to work: another or an
// older terminal, no colours, tmux that lets nothing through. Where it does, each
// sequence is wrapped.
func TestKittyNot(t *testing.T) {
	for name, outer := range map[string]string{
		"xterm(390)": "", "kitty(0.27.1)": "", "WezTerm 2024": "", "": "", "tmux 3.4": "", "tmux 3.5": "xterm(390)", "tmux 3.6": "kitty(0.40.0)",
	} {
		f := newFake()
		e := fakeEnv(f)
		e.shell = fakeShell{f, outer}
		a := shownOn(t, e, theErrors, 120, 40)
		press(a, "n", "n")
		text := tell(a, tea.TerminalVersionMsg{Name: name})
		through := strings.HasPrefix(outer, "kitty")
		if through != strings.ContainsRune(a.View().Content, kitty.Placeholder) || through != (text != "") {
			t.Errorf("%s in %q: %.80q", name, outer, text)
		}
		if through && (!strings.HasPrefix(text, "\x1bPtmux;\x1b\x1b_G") || strings.Count(text, "\x1bPtmux;") != strings.Count(text, "_G")) {
			t.Errorf("through tmux %.80q", text)
		}
	}
	a := shown(t, newFake(), theErrors, 120, 40)
	press(a, "n", "n")
	tell(a, tea.TerminalVersionMsg{Name: "ghostty 1.1.0"})
	if !strings.ContainsRune(a.View().Content, kitty.Placeholder) {
		t.Error("Ghostty shows no image")
	}
	a.dress(true, false)
	if text := tell(a, nil); strings.ContainsRune(a.View().Content, kitty.Placeholder) || !strings.Contains(text, "a=d") {
		t.Errorf("without colours: %q", text)
	}
}
