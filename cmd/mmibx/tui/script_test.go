package tui

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
)

// TestScript plays a tour: what the terminal shows in the end comes back, and the
// recording shows it too.
func TestScript(t *testing.T) {
	s, err := ParseScript("tour", "# a tour\nuntil leader board\npress tab tab space\n\nsize 80x24\npress ?\nuntil keys of board\npress esc esc\nuntil studies that ship\nwait 1ms\n")
	if err != nil {
		t.Fatal(err)
	}
	var cast strings.Builder
	o := fakeOptions()
	start := time.Now()
	o.Clock = func() time.Time { return noon.Add(time.Since(start)) }
	last, err := Play(t.Context(), o, s, 120, 40, &cast)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(last, "studies that ship") || strings.Count(last, "\n") != 23 {
		t.Errorf("in the end\n%s", last)
	}
	lines := strings.Split(strings.TrimSpace(cast.String()), "\n")
	var head struct{ Version, Width, Height int }
	if err := json.Unmarshal([]byte(lines[0]), &head); err != nil || head.Version != 2 || head.Width != 120 || head.Height != 40 {
		t.Fatalf("the header is %s (%v)", lines[0], err)
	}
	before, shown, resized := 0.0, "", false
	for _, l := range lines[1:] {
		var event []any
		if err := json.Unmarshal([]byte(l), &event); err != nil || len(event) != 3 {
			t.Fatalf("%s: %v", l, err)
		}
		at, kind, data := event[0].(float64), event[1].(string), event[2].(string)
		if at < before {
			t.Errorf("time goes back from %g to %g", before, at)
		}
		before, resized = at, resized || kind == "r" && data == "80x24"
		shown += data
	}
	if !resized || !strings.Contains(shown, "leader board") || !strings.Contains(shown, "studies") {
		t.Errorf("the recording lacks something: resized %v", resized)
	}
}

// TestRecordingWhole: a character that two writes share is in one event.
func TestRecordingWhole(t *testing.T) {
	var cast strings.Builder
	r := newRecording(&cast, 80, 24, func() time.Time { return noon })
	for _, part := range []string{"a\xe6", "\x96\x87b", "\xff"} {
		if _, err := r.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if text := cast.String(); !strings.Contains(text, `"a"]`) || !strings.Contains(text, `"文b"]`) {
		t.Errorf("%s", text)
	}
}

func TestScriptFaults(t *testing.T) {
	for text, want := range map[string]string{
		"press enter\nclick x": "script:2: the first word", "press F99": "script:1: press", "press": "one or more keys", "wait long": "a duration", "size big": "columns x rows", "until": "a text",
	} {
		if _, err := ParseScript("script", text); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	s, err := ParseScript("script", "press ctrl+c")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Play(t.Context(), fakeOptions(), s, 80, 24, nil); !errors.Is(err, mmibx.ErrInterrupted) {
		t.Errorf("ctrl+c ends with %v, want ErrInterrupted", err)
	}
}
