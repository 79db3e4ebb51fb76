package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/internal/shell"
)

// exportAction writes what is marked, else all that a listing lets through.
func (e *env) exportAction(l Listing) action {
	return action{
		name: "export", keys: []string{"e", "E"}, help: "write what is marked, else all that is listed, as CSV, JSON lines or Parquet",
		cli: e.cliExport(l, "metrics", "metrics.csv"), run: func() tea.Cmd { return e.pickExport(l) },
	}
}

// copyAction copies the ids of what is marked, else some.
func (e *env) copyAction(ids string) action {
	if marked := runsOf(e.marked); len(marked) > 0 {
		ids = strings.Join(marked, " ")
	}
	act := action{name: "copy", keys: []string{"y"}, help: "copy the ids of what is marked or selected to the clipboard (OSC 52)", run: func() tea.Cmd { return send(clip{ids}) }}
	if ids == "" {
		act.why = "nothing is marked or selected"
	}
	return act
}

// pickExport asks what to write and where, then writes it.
func (e *env) pickExport(l Listing) tea.Cmd {
	return send(push{newPick("export", ExportTables, nil, func(chosen []string) action {
		table := chosen[0]
		return action{name: "export", run: func() tea.Cmd {
			return send(push{newAsk("write "+table+" to (.csv, .jsonl, .parquet)", table+".csv", func(file string) action {
				return action{name: "export", cli: e.cliExport(l, table, file), run: func() tea.Cmd { return e.export(l, table, file) }}
			})})
		}}
	})})
}

func (e *env) cliExport(l Listing, table, file string) string {
	words := []string{"export", table}
	if len(e.marked) > 0 {
		words = append(words, shell.Word(filterOf(runsOf(e.marked))))
	} else if l.Filter != "" {
		words = append(words, shell.Word(l.Filter))
	}
	if l.Bin {
		words = append(words, "--bin")
	}
	return e.cli(append(words, "-o", shell.Word(file))...)
}

func (e *env) export(l Listing, table, file string) tea.Cmd {
	x := Export{Table: table, Listing: l, File: file}
	if len(e.marked) > 0 {
		x.Runs = runsOf(e.marked)
	}
	curator, cli := e.curator, e.cliExport(l, table, file)
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		rows, err := curator.Export(ctx, x)
		if err != nil {
			return notice{text: err.Error(), bad: true}
		}
		return notice{text: fmt.Sprintf("%s has %s of %s", file, plural(rows, "row"), table), cli: cli}
	}
}
