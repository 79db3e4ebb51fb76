package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

// TestRowsAreClean: what others wrote does not move the cursor; its lines stay.
func TestRowsAreClean(t *testing.T) {
	var b strings.Builder
	table := newTable(&b, "NAME")
	table.row("\x1b[2Jevil \u202e\nβ = 0.1 ± 0.02")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.ContainsAny(got, "\x1b\u202e") || !strings.Contains(got, "\nβ = 0.1 ± 0.02\n") {
		t.Errorf("%q", got)
	}
}

// TestArmFinished: an arm ended when its last run did, whichever began last.
func TestArmFinished(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 1, d, 12, 0, 0, 0, time.UTC) }
	runs := []tracker.RunRow{{Started: day(1), Finished: day(9)}, {Started: day(2), Finished: day(3)}}
	if got := armCell(runs, "finished", false); got != dateTime(day(9)) {
		t.Errorf("finished %s", got)
	}
	if got := armCell(runs, "started", false); got != dateTime(day(2)) {
		t.Errorf("started %s", got)
	}
}

// TestTableCommand: a table that was not tested is made again without a test.
func TestTableCommand(t *testing.T) {
	d := reports.NewDeclaration("two-dev")
	d.Sweeps = []string{"two"}
	if got := tableCommand("", d); got != "mmibx table --sweep two --split dev -o two-dev.tex" {
		t.Error(got)
	}
	if d.Baseline = "Text only"; !strings.Contains(tableCommand("", d), " --baseline 'Text only' ") {
		t.Error(tableCommand("", d))
	}
	if got := tableCommand("my table.toml", d); got != "mmibx table 'my table.toml' --sweep two --split dev -o two-dev.tex" { // the file has its baseline
		t.Error(got)
	}
}

// TestCommandLine: a command that is kept can be pasted into a shell.
func TestCommandLine(t *testing.T) {
	usual := os.Args
	defer func() { os.Args = usual }()
	os.Args = []string{"/bin/mmibx", "table", "--filter", "id in (a, b)", "-o", "x.tex"}
	if got := commandLine(); got != "mmibx table --filter 'id in (a, b)' -o x.tex" {
		t.Error(got)
	}
}
