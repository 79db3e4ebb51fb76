//go:build torch

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/internal/needs"
)

// screenOf is a terminal of 120x40 in which the UI runs, on a tmux server of its
// own.
type screenOf struct {
	*lab
	tmux string
}

func (s screenOf) do(args ...string) string {
	s.Helper()
	cmd := exec.Command(s.tmux, append([]string{"-L", "e2e", "-f", os.DevNull}, args...)...)
	cmd.Env = append(os.Environ(), "TMUX=", "TMUX_TMPDIR="+s.dir, "MMIBX_DATA=", "MMIBX_WORKER=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// open starts the UI in a session and returns its process.
func (s screenOf) open(session string) (pid int) {
	s.Helper()
	program := filepath.Join(s.bin, "mmibx")
	out := s.do("new-session", "-d", "-P", "-F", "#{pane_pid}", "-s", session, "-x", "120", "-y", "40", "-c", s.dir,
		"exec '"+program+"' --store '"+string(s.store)+"'")
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		s.Fatal(err)
	}
	return pid
}

// see waits until the terminal shows one of some texts.
func (s screenOf) see(session string, texts ...string) {
	s.Helper()
	screen := ""
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		screen = s.do("capture-pane", "-p", "-t", session)
		for _, text := range texts {
			if strings.Contains(screen, text) {
				return
			}
		}
	}
	s.Fatalf("the terminal never showed %q; now it shows\n%s", texts, screen)
}

func (s screenOf) keys(session string, keys ...string) {
	s.Helper()
	s.do(append([]string{"send-keys", "-t", session}, keys...)...)
}

// ended says whether a process is gone, or waits for its parent to take note.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err != nil || strings.HasPrefix(state, "Z")
}

// testTerminalUI starts a sweep in the UI, kills the UI, opens it again, sees the
// sweep finish, and looks at what a run got wrong, through resizes.
func testTerminalUI(t *testing.T, bin string) {
	s := screenOf{newLab(t, bin), needs.Program(t, "tmux")}
	// A file of the name of a study, where one stands, is taken for the study.
	s.write("demo", `
name = "demo"
title = "a small one"
benchmarks = ["mini-mnre"]
seeds = 6
[base]
train.epochs = 2
[[arm]]
name = "text"
model = "text"
`)
	s.do("new-session", "-d", "-s", "keeper", "-x", "10", "-y", "10", "cat") // the server outlives the UI
	t.Cleanup(func() { s.do("kill-server") })
	pid := s.open("first")
	s.see("first", "an empty store")
	s.keys("first", "d") // the plan of the demo
	s.see("first", "6 runs")
	s.keys("first", "Enter")
	s.see("first", "● running")
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.wait("the end of the UI", func() bool { return ended(pid) })
	if out := s.must("sweep", "status", "demo"); !strings.Contains(out, "demo: live") {
		t.Errorf("after the death of the UI, the sweep stands so:\n%s", out)
	}

	s.open("second")
	s.see("second", "✓ finished", "6/6") // on the board, which opens by itself while the sweep is live, or in the list of sweeps
	s.keys("second", "L")                // all runs of the store
	s.see("second", "runs   6 runs")
	s.keys("second", "/", "C-u", "seed<3") // from a board the list is that of its sweep
	s.see("second", "3 runs of 6 pass")
	s.do("resize-window", "-t", "second", "-x", "80", "-y", "24")
	s.keys("second", "Enter", "x") // what the first of them got wrong
	s.see("second", "mini-mnre dev  F1")
	s.do("resize-window", "-t", "second", "-x", "120", "-y", "40")
	s.keys("second", "q")

	var status experiments.Status
	if err := json.Unmarshal([]byte(s.must("sweep", "status", "demo", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	if status.Live || status.Counts[mmibx.Done] != 6 {
		t.Errorf("in the end the sweep stands so: %+v", status)
	}
	if all := s.read(); len(all.done) != 6 || len(all.open) > 0 {
		t.Errorf("%d runs were done and %d are open, want 6 and none", len(all.done), len(all.open))
	}
}

// testJourney plays the guide's journey: from an empty store to a sweep that runs
// to its end and to its table, by keys alone.
func testJourney(t *testing.T, bin string) {
	l := newLab(t, bin)
	keys, err := filepath.Abs("../../docs/guide/journey.keys")
	if err != nil {
		t.Fatal(err)
	}
	last := l.must("--script", keys, "--record", "journey.cast", "--size", "110x32")
	if !strings.Contains(last, "journey.tex") {
		t.Errorf("in the end the terminal shows\n%s", last)
	}
	if all := l.read(); len(all.done) != 6 || len(all.open) > 0 {
		t.Errorf("%d runs were done and %d are open, want 6 and none", len(all.done), len(all.open))
	}
	table, err := os.ReadFile(filepath.Join(l.dir, "journey.tex"))
	if err != nil || !strings.Contains(string(table), "Text only &") || !strings.Contains(string(table), "Concat &") || strings.Contains(string(table), "MMIB") {
		t.Errorf("the table is no table (%v):\n%s", err, table)
	}
	plan := l.must("plan", "journey.toml", "--json") // what the form wrote is what the CLI reads
	var read struct {
		Counts map[mmibx.State]int `json:"counts"`
	}
	if err := json.Unmarshal([]byte(plan), &read); err != nil || read.Counts[mmibx.Done] != 6 {
		t.Errorf("of the plan of the saved file %v (%v)", read.Counts, err)
	}
	if cast, err := os.ReadFile(filepath.Join(l.dir, "journey.cast")); err != nil || !strings.HasPrefix(string(cast), "{") {
		t.Errorf("the recording: %v", err)
	}
}
