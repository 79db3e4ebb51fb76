package tui

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"
)

// recording writes what a terminal gets as asciinema's version 2: a line of JSON
// about the terminal, then a line for each output with its time in seconds.
type recording struct {
	mu    sync.Mutex
	w     io.Writer
	clock func() time.Time
	began time.Time
	rest  []byte // of a character that is not whole yet
	err   error
}

func newRecording(w io.Writer, columns, rows int, clock func() time.Time) *recording {
	r := &recording{w: w, clock: clock, began: clock()}
	r.line(map[string]any{
		"version": 2, "width": columns, "height": rows, "timestamp": r.began.Unix(), "title": "mmibx", "idle_time_limit": 2,
		"env": map[string]string{"TERM": "xterm-256color"},
	})
	return r
}

// Write records output.
func (r *recording) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := append(r.rest, p...)
	whole := len(text)
	for i := 1; i <= min(utf8.UTFMax-1, len(text)); i++ { // a character that the next write ends
		if at := len(text) - i; utf8.RuneStart(text[at]) {
			if !utf8.FullRune(text[at:]) {
				whole = at
			}
			break
		}
	}
	r.rest = append([]byte(nil), text[whole:]...)
	if whole > 0 {
		r.event("o", string(text[:whole]))
	}
	return len(p), r.err
}

// resize records that the terminal has another size.
func (r *recording) resize(columns, rows int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.event("r", fmt.Sprintf("%dx%d", columns, rows))
}

func (r *recording) event(kind, data string) {
	seconds := float64(r.clock().Sub(r.began).Microseconds()) / 1e6
	r.line([]any{seconds, kind, data})
}

func (r *recording) line(v any) {
	blob, err := json.Marshal(v)
	if err == nil && r.err == nil {
		_, err = r.w.Write(append(blob, '\n'))
	}
	if r.err == nil {
		r.err = err
	}
}

// fault is what kept the recording from being written.
func (r *recording) fault() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}
