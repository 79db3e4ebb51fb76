package tui

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/shell"
)

// Actions implements screen.
func (r *runs) Actions() []action {
	if r.typing != nil {
		return r.typingActions()
	}
	acts := []action{r.openAction(), r.markAction(), r.errorsAction()}
	acts = append(acts, r.listActions()...)
	acts = append(acts, r.orders()...)
	acts = append(acts, r.onMarked()...)
	return append(acts, moves(r.move)...)
}

func (r *runs) typingActions() []action {
	keep := action{name: "keep", keys: []string{"enter"}, label: "keep", help: "list what this lets through", run: func() tea.Cmd { return r.typedFilter(true) }}
	if f := r.page.Fault; f != nil && r.typing.faulty == r.typing.line.Text {
		keep.why = f.Text
	}
	return []action{
		keep,
		{name: "complete", keys: []string{"tab"}, label: "complete", help: "put the chosen word, or the first, into the filter", run: r.complete},
		{name: "next word", keys: []string{"down", "ctrl+n"}, label: "choose", help: "the next word that may follow", run: func() tea.Cmd { return r.choose(1) }},
		{name: "word before", keys: []string{"up", "ctrl+p"}, help: "the word before", run: func() tea.Cmd { return r.choose(-1) }},
		{name: "clear", keys: []string{"ctrl+u"}, label: "clear", help: "delete up to the cursor", run: func() tea.Cmd { return r.typed(r.typing.line.Key("ctrl+u"), "") }},
		{name: "give up", keys: []string{"esc"}, label: "as before", help: "the filter before", run: func() tea.Cmd { return r.typedFilter(false) }},
	}
}

func (r *runs) openAction() action {
	at := r.row(r.cursor)
	open := action{
		name: "runs show", keys: []string{"enter"}, label: "open", help: "all of the run; of an arm its runs",
		cli: r.cli("runs show", at.ID), to: func() tea.Msg { return push{newRun(r.env, at.ID, "dev.f1")} },
	}
	switch {
	case at.ID == "":
		open.why, open.cli = "no run is listed", ""
	case r.page.Of.ByArm:
		filter := "arm=" + at.ID
		open.name, open.cli = "runs list", r.cli("runs list", filter)
		open.to = func() tea.Msg {
			of := newRuns(r.env, filter)
			of.list.Columns, of.own = r.list.Columns, true
			return push{of}
		}
	}
	return open
}

func (r *runs) errorsAction() action {
	at := r.row(r.cursor)
	a := action{
		name: "runs errors", keys: []string{"x"}, help: "what the run got wrong on dev, sentence by sentence",
		cli: r.cli("runs errors", at.ID), to: func() tea.Msg { return push{newErrors(r.env, at.ID)} },
	}
	if at.State != mmibx.Done || r.page.Of.ByArm {
		a.why, a.cli = "only a run that is done has kept its predictions", ""
	}
	return a
}

func (r *runs) markAction() action {
	a := action{name: "mark", keys: []string{"space"}, label: "mark", help: "mark the row, or take its mark away", run: func() tea.Cmd {
		r.toggle(r.markAt(r.cursor))
		return r.move(1)
	}}
	if r.row(r.cursor).ID == "" {
		a.why = "no run is listed"
	}
	return a
}

// cliList is the command line that lists the same.
func (r *runs) cliList() string { return r.cliListing("runs list") }

// cliSave is the one that keeps it under a name.
func (r *runs) cliSave(name string) string { return r.cliListing("runs save", name) }

func (r *runs) cliListing(words ...string) string {
	if r.list.Filter != "" {
		words = append(words, shell.Word(r.list.Filter))
	}
	if r.list.Sort != "" {
		words = append(words, "--sort", shell.Word(r.list.Sort))
	}
	if r.list.ByArm {
		words = append(words, "--by-arm")
	}
	if r.list.Bin && words[0] == "runs list" {
		words = append(words, "--bin")
	}
	return r.cli(append(words, "--columns", strings.Join(r.list.Columns, ","))...)
}

// listActions change what is listed, and how.
func (r *runs) listActions() []action {
	otherWay := action{name: "reverse", keys: []string{"S"}, help: "the other way round", run: func() tea.Cmd {
		return r.sortBy(strings.TrimPrefix(r.list.Sort, "-"))
	}}
	if r.list.Sort == "" {
		otherWay.why = "it is sorted by nothing yet: s chooses a key"
	}
	none := action{name: "unmark", keys: []string{"u"}, help: "take all marks away", run: func() tea.Cmd { r.marked = nil; return nil }}
	if len(r.marked) == 0 {
		none.why = "nothing is marked"
	}
	group := "by arm"
	if r.list.ByArm {
		group = "by run"
	}
	return []action{
		{name: "runs list", keys: []string{"/"}, label: "filter", help: "list what a filter lets through", cli: r.cliList(), run: r.typeFilter},
		{name: "sort", keys: []string{"s"}, label: "sort", help: "by any key; again: the other way round", run: r.pickSort},
		otherWay,
		{name: "columns", keys: []string{"c"}, label: "columns", help: "choose the columns; they are saved", run: r.pickColumns},
		{name: "by arm", keys: []string{"a"}, label: group, help: "runs that differ in their seed alone as one row", run: r.byArm},
		{name: "mark all", keys: []string{"A"}, help: "mark all that the filter lets through", run: r.markAll},
		none,
		{name: "saved list", keys: []string{"v"}, help: "a list that was saved", run: r.pickList},
		{name: "runs save", keys: []string{"w"}, help: "save filter, order and columns under a name", cli: r.cliSave("NAME"), run: r.saveAs},
		{name: "bin", keys: []string{"B"}, help: "what is in the bin, and back", run: func() tea.Cmd {
			l := r.list
			l.Bin = !l.Bin
			return r.show(l)
		}},
	}
}

func (r *runs) byArm() tea.Cmd {
	l := r.list
	l.ByArm = !l.ByArm
	return r.show(l)
}

// orders are what can be done with what is marked, else with the row under the
// cursor.
func (r *runs) orders() []action {
	ids := runsOf(r.targets())
	what := plural(len(ids), "run")
	tag := r.textOrder("runs tag", "#", "tag", "give "+what+" a tag", "tag for "+what, func(tag string) (string, deed) {
		return r.cliOf(ids, "runs tag", shell.Word(tag)), func(ctx context.Context) (*reversal, error) {
			fresh, err := r.curator.Tag(ctx, ids, tag)
			return forSome(fresh, &reversal{"tag " + tag, r.cliOf(fresh, "runs tag --remove", shell.Word(tag)), func(ctx context.Context) error { return r.curator.Untag(ctx, fresh, tag) }}), err
		}
	})
	note := r.textOrder("runs note", "n", "", "write a note on "+what, "note on "+what, func(text string) (string, deed) {
		return r.cliNote(ids, shell.Word(text)), func(ctx context.Context) (*reversal, error) {
			before, err := r.curator.Note(ctx, ids, text)
			return &reversal{"note on " + what, r.cliNotes(before), func(ctx context.Context) error { return r.notes(ctx, before) }}, err
		}
	})
	forgo := &reversal{"retry of " + what, r.cliOf(ids, "runs retry --undo"), func(ctx context.Context) error { return r.control.Forgo(ctx, "", ids) }}
	retry := r.sureOrder("runs retry", []string{"r"}, "retry "+what, "Another attempt is made when their sweep runs. A run that diverged does so again unless something outside its spec changed.", ids, back(func(ctx context.Context) error {
		return r.curator.RetryRuns(ctx, ids)
	}, forgo))
	copied, write := r.copyAction(strings.Join(ids, " ")), r.exportAction(r.list)
	acts := []action{tag, note, r.binOrder(ids, what), retry, copied, write}
	if len(ids) == 0 {
		for i := range acts {
			acts[i].why, acts[i].cli = "no run is listed", ""
		}
	}
	return acts
}

// binOrder puts runs into the bin, or takes them out where the bin is listed. Some of
// those that are marked may be on the other side already: they stay there when the
// order is taken back.
func (r *runs) binOrder(ids []string, what string) action {
	name, help, detail, do := "runs rm", "put "+what+" into the bin", "Lists and tables leave them out. Their files stay, and B leads to the bin, where the same key takes them out.", r.curator.Remove
	other, undo := "runs restore", r.curator.Restore
	if r.list.Bin {
		name, help, detail, do, other, undo = other, "take "+what+" out of the bin", "They are listed and counted again.", undo, name, do
	}
	return r.sureOrder(name, []string{"d", "delete"}, help, detail, ids, func(ctx context.Context) (*reversal, error) {
		changed, err := do(ctx, ids)
		return forSome(changed, &reversal{"the bin for " + plural(len(changed), "run"), r.cliOf(changed, other), func(ctx context.Context) error {
			_, err := undo(ctx, changed)
			return err
		}}), err
	})
}

func (r *runs) cliNote(ids []string, text string) string {
	return r.cliOf(append(slices.Clone(ids), text), "runs note")
}

// cliNotes are the command lines that put notes back, one for each text.
func (r *runs) cliNotes(before map[string]string) string {
	of := map[string][]string{}
	for _, id := range slices.Sorted(maps.Keys(before)) {
		of[before[id]] = append(of[before[id]], id)
	}
	var lines []string
	for _, text := range slices.Sorted(maps.Keys(of)) {
		lines = append(lines, r.cliNote(of[text], shell.Word(text)))
	}
	return strings.Join(lines, " && ")
}

// notes puts notes back where they stood.
func (r *runs) notes(ctx context.Context, before map[string]string) error {
	for id, text := range before {
		if _, err := r.curator.Note(ctx, []string{id}, text); err != nil {
			return err
		}
	}
	return nil
}

// textOrder is an order that takes a text, which is asked for.
func (r *runs) textOrder(name, key, label, help, question string, of func(text string) (cli string, do deed)) action {
	cli, _ := of("TEXT")
	return action{name: name, keys: []string{key}, label: label, help: help, cli: cli, to: func() tea.Msg {
		return push{newAsk(question, "", func(text string) action {
			cli, do := of(text)
			return action{name: name, cli: cli, run: func() tea.Cmd { return r.after(order(cli, "done", do)) }}
		})}
	}}
}

// sureOrder is an order that is asked about first.
func (r *runs) sureOrder(name string, keys []string, help, detail string, ids []string, do deed) action {
	act := action{name: name, keys: keys, help: help, cli: r.cliOf(ids, name)}
	sure := act
	sure.run = func() tea.Cmd { return r.after(order(act.cli, "done", do)) }
	act.to = func() tea.Msg { return push{&confirm{question: help + "?", detail: detail, act: sure}} }
	return act
}

// after reads the list again when an order is over.
func (r *runs) after(cmd tea.Cmd) tea.Cmd {
	return func() tea.Msg { return tea.BatchMsg{send(cmd()), send(orderOver{})} }
}

type orderOver struct{}

// Choosing keys and lists takes a look at the store first.
type listRead struct {
	keys  []Pair
	lists []SavedList
	open  func(listRead) screen
	err   error
}

type markAll struct {
	page RunsPage
	err  error
}

func (r *runs) look(open func(listRead) screen) tea.Cmd {
	archive, parent := r.archive, r.poll.ctx
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(parent, readFor)
		defer cancel()
		keys, err := archive.Keys(ctx)
		if err != nil {
			return listRead{err: err}
		}
		lists, err := archive.Lists(ctx)
		return listRead{keys, lists, open, err}
	}
}

func (r *runs) open(msg listRead) tea.Cmd {
	if msg.err != nil {
		return send(notice{text: msg.err.Error(), bad: true})
	}
	return send(push{msg.open(msg)})
}

func (r *runs) pickSort() tea.Cmd {
	return r.look(func(l listRead) screen {
		return newPick("sort by", l.keys, []string{strings.TrimPrefix(r.list.Sort, "-")}, func(keys []string) action {
			return action{name: "sort", run: func() tea.Cmd { return r.sortBy(keys[0]) }}
		})
	})
}

func (r *runs) pickColumns() tea.Cmd {
	return r.look(func(l listRead) screen {
		p := newPick("columns", l.keys, r.list.Columns, func(keys []string) action {
			return action{name: "columns", run: func() tea.Cmd {
				l := r.list
				l.Columns = keys
				return tea.Batch(r.show(l), r.save(""))
			}}
		})
		p.many = true
		return p
	})
}

func (r *runs) pickList() tea.Cmd {
	return r.look(func(l listRead) screen {
		var names []Pair
		for _, s := range l.lists {
			if s.Name != "" {
				names = append(names, Pair{s.Name, orAll(s.Filter)})
			}
		}
		return newPick("saved lists", names, nil, func(chosen []string) action {
			return action{name: "saved list", run: func() tea.Cmd {
				i := slices.IndexFunc(l.lists, func(s SavedList) bool { return s.Name == chosen[0] })
				return r.show(l.lists[i].Listing)
			}}
		})
	})
}

func orAll(filter string) string {
	if filter == "" {
		return "all runs"
	}
	return filter
}

func (r *runs) saveAs() tea.Cmd {
	return send(push{newAsk("save this list as", "", func(name string) action {
		return action{name: "runs save", cli: r.cliSave(shell.Word(name)), run: func() tea.Cmd { return r.save(name) }}
	})})
}

// save keeps the list under a name; under none it is how the screen opens.
func (r *runs) save(name string) tea.Cmd {
	l := SavedList{Name: name, Listing: r.list}
	if name == "" {
		l.Filter, l.ByArm, l.Sort, l.Bin = "", false, "", false
	}
	curator := r.curator
	do := back(func(ctx context.Context) error { return curator.SaveList(ctx, l) }, nil)
	if name == "" {
		return order(r.cli("runs list --columns", strings.Join(l.Columns, ",")), "these columns are kept", do)
	}
	return order(r.cli("runs list --saved", shell.Word(name)), fmt.Sprintf("saved as %s; v shows it again", name), do)
}

// markAll reads all ids that pass, as many as one order may be about.
func (r *runs) markAll() tea.Cmd {
	archive, parent, q := r.archive, r.poll.ctx, RunsQuery{Listing: r.list, Limit: mostMarks}
	q.Columns = nil
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(parent, readFor)
		defer cancel()
		page, err := archive.Runs(ctx, q)
		return markAll{page, err}
	}
}

const mostMarks = 2000

func (r *runs) markRows(msg markAll) tea.Cmd {
	if msg.err != nil {
		return send(notice{text: msg.err.Error(), bad: true})
	}
	for _, l := range msg.page.Rows {
		if arm := msg.page.Of.ByArm; r.markOf(l.ID, arm) < 0 {
			r.marked = append(slices.Clip(r.marked), mark{id: l.ID, arm: arm, label: l.Label, runs: l.Runs})
		}
	}
	if n := msg.page.Total - len(msg.page.Rows); n > 0 {
		return send(notice{text: fmt.Sprintf("the first %d are marked, %d are not: narrow the filter", mostMarks, n), bad: true})
	}
	return nil
}
