package shell

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

var hostile = []string{"", "demo", "a b", "it's", "''", `\`, `a\'b`, "$HOME", "`x`", "*", "a;b&c|d", "ib.beta_text<0.1 and model='mmib'", "#", "~", "!x", "ä→b", "-o", "a\tb", "a\nb"}

func TestWordsComeBack(t *testing.T) {
	got, err := Words(Line(hostile...))
	if err != nil || !slices.Equal(got, hostile) {
		t.Errorf("%q, %v; want %q", got, err, hostile)
	}
	if _, err := Words("plot 'beta"); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("an open quote: %v", err)
	}
}

// A shell gives back what was quoted for it.
func TestAShellTakesWords(t *testing.T) {
	sh := needs.Program(t, "sh")
	out, err := exec.CommandContext(t.Context(), sh, "-c", `printf '%s\0' `+Line(hostile...)).Output()
	if want := strings.Join(hostile, "\x00") + "\x00"; err != nil || string(out) != want {
		t.Errorf("%q, %v; want %q", out, err, want)
	}
}

func TestWordsStayPlain(t *testing.T) {
	for in, want := range map[string]string{"main.tex": "main.tex", "a=b": "a=b", "MMIB, weak": "'MMIB, weak'", "文字": "文字", "": "''"} {
		if got := Word(in); got != want {
			t.Errorf("Word(%q) = %s, want %s", in, got, want)
		}
	}
}
