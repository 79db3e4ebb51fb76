package tui

import (
	"context"
	"reflect"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// rowsAtOnce is a page: what lies so far around the cursor is read, and nothing
// else, however many runs there are.
const rowsAtOnce = 300

// runs lists the runs of the store, or its arms.
type runs struct {
	*env
	poll   poll
	list   Listing
	page   RunsPage
	loaded bool
	own    bool // the columns are another's choice already
	cursor int  // among all rows that pass
	typing *typing
}

// typing is a filter while it is typed. What it lets through is shown as soon as
// it makes sense.
type typing struct {
	line   widget.Input
	before string // comes back where it is given up
	words  Completion
	faulty string // what the fault of the page is of
	cursor int    // among the words; -1: none is chosen
}

type runsRead struct {
	page  RunsPage
	own   []string // columns that were chosen before; nil: none, or not asked for
	words Completion
	typed string // that the words go on from
	err   error
}

// usualColumns are those of a list that nobody changed.
var usualColumns = []string{"benchmark", "seed", "dev.f1", "train.loss", "seconds", "started"}

// newRuns lists what a filter lets through.
func newRuns(e *env, filter string) *runs {
	return &runs{env: e, list: Listing{Filter: filter, Columns: usualColumns}}
}

func (*runs) Title() string { return "runs" }

// modal says that keys are typed, not done.
func (r *runs) modal() bool { return r.typing != nil }

// Init implements screen.
func (r *runs) Init(ctx context.Context) tea.Cmd { return r.poll.begin(ctx, r.ask) }

// query is the page around the cursor.
func (r *runs) query() RunsQuery {
	q := RunsQuery{Listing: r.list, From: max(0, r.cursor-rowsAtOnce/2), Limit: rowsAtOnce}
	if r.typing != nil {
		q.Filter = r.typing.line.Text
	}
	return q
}

func (r *runs) ask() read {
	archive, q, fresh := r.archive, r.query(), !r.own
	typing, typed := r.typing != nil, ""
	if typing {
		typed = r.typing.line.Text[:r.typing.line.At]
	}
	return func(ctx context.Context) tea.Msg {
		own, err := chosenColumns(ctx, archive, fresh)
		if err != nil {
			return runsRead{err: err}
		}
		if own != nil {
			q.Columns = own
		}
		page, err := archive.Runs(ctx, q)
		if err != nil || !typing {
			return runsRead{page: page, own: own, err: err}
		}
		words, err := archive.Complete(ctx, typed)
		return runsRead{page, own, words, typed, err}
	}
}

// chosenColumns are those that somebody chose for all lists, nil where nobody did
// or it is not asked for.
func chosenColumns(ctx context.Context, archive Archive, wanted bool) ([]string, error) {
	if !wanted {
		return nil, nil
	}
	lists, err := archive.Lists(ctx)
	for _, l := range lists {
		if l.Name == "" {
			return l.Columns, err
		}
	}
	return nil, err
}

// Update implements screen.
func (r *runs) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case runsRead:
		return r.take(msg)
	case tea.KeyPressMsg:
		if r.typing != nil {
			return r.typed(r.typing.line.Key(msg.String()), msg.Text)
		}
	case tea.PasteMsg:
		if r.typing != nil {
			return r.typed(false, msg.Content)
		}
	case wheeled:
		return r.move(3 * msg.by)
	case clicked:
		return r.click(msg)
	case listRead:
		return r.open(msg)
	case markAll:
		return r.markRows(msg)
	}
	return r.poll.update(msg)
}

// take makes what was read the page that is shown.
func (r *runs) take(msg runsRead) tea.Cmd {
	if msg.err != nil {
		return r.poll.done(false, msg.err)
	}
	if !r.own && msg.own != nil {
		r.list.Columns = msg.own
	}
	r.own = true
	if r.typing != nil && msg.typed == r.typing.line.Text[:r.typing.line.At] {
		r.typing.words = msg.words
	}
	want := r.query()
	if !reflect.DeepEqual(msg.page.Of.Listing, want.Listing) {
		return r.poll.done(true, nil) // r.poll.again is set
	}
	if msg.page.Fault != nil { // the rows of the last filter that made sense stay
		r.page.Fault = msg.page.Fault
		if r.typing != nil {
			r.typing.faulty = msg.page.Of.Filter
		}
		return r.poll.done(false, nil)
	}
	changed := !reflect.DeepEqual(r.page, msg.page)
	at, same := r.row(r.cursor), reflect.DeepEqual(r.page.Of.Listing, msg.page.Of.Listing)
	r.page, r.loaded = msg.page, true
	if i := slices.IndexFunc(r.page.Rows, func(l Listed) bool { return l.ID == at.ID }); same && i >= 0 && r.cursor > 0 {
		r.cursor = r.page.Of.From + i // the cursor stays with its run while others come and go
	}
	r.cursor = max(0, moved(r.cursor, 0, r.page.Total))
	return r.poll.done(changed, nil)
}

// row is a row of the list, empty where it has not been read.
func (r *runs) row(i int) Listed {
	if i -= r.page.Of.From; i >= 0 && i < len(r.page.Rows) {
		return r.page.Rows[i]
	}
	return Listed{}
}

// move moves the cursor, and reads on before it comes to the end of what was read.
func (r *runs) move(by int) tea.Cmd {
	r.cursor = max(0, moved(r.cursor, by, r.page.Total))
	const margin = 120 // no terminal shows so many rows
	first, last := r.page.Of.From, r.page.Of.From+len(r.page.Rows)
	if first > 0 && r.cursor < first+margin || last < r.page.Total && r.cursor > last-margin {
		return r.poll.now()
	}
	return nil
}

func (r *runs) click(msg clicked) tea.Cmd {
	switch msg.Name {
	case "runs":
		return r.move(msg.Row - r.cursor)
	case "runs.title":
		if msg.Row >= firstColumn && msg.Row-firstColumn < len(r.list.Columns) {
			return r.sortBy(r.list.Columns[msg.Row-firstColumn])
		}
	case "filter":
		return r.typeFilter()
	case "words":
		r.typing.cursor = msg.Row
		return r.complete()
	}
	return nil
}

// show lists otherwise, from the top.
func (r *runs) show(l Listing) tea.Cmd {
	r.list, r.cursor, r.page.Fault = l, 0, nil
	return r.poll.now()
}

// sortBy sorts by a key, and the other way round where it is sorted by it already.
func (r *runs) sortBy(key string) tea.Cmd {
	l := r.list
	if l.Sort == "-"+key {
		l.Sort = key
	} else {
		l.Sort = "-" + key
	}
	return r.show(l)
}

func (r *runs) typeFilter() tea.Cmd {
	r.typing = &typing{line: widget.Input{Text: r.list.Filter, At: len(r.list.Filter)}, before: r.list.Filter, cursor: -1}
	return r.poll.now()
}

// typed takes a key of the filter: one that edits, or text.
func (r *runs) typed(edited bool, text string) tea.Cmd {
	if !edited && text == "" {
		return nil
	}
	if !edited {
		r.typing.line.Insert(text)
	}
	r.typing.cursor, r.typing.words = -1, Completion{}
	r.cursor, r.page.Fault = 0, nil
	return r.poll.now()
}

// complete puts the chosen word into the filter, the first where none is chosen.
func (r *runs) complete() tea.Cmd {
	t := r.typing
	i := max(0, t.cursor)
	if i >= len(t.words.Words) || t.words.From > t.line.At {
		return nil
	}
	t.line.Text = t.line.Text[:t.words.From] + t.line.Text[t.line.At:]
	t.line.At = t.words.From
	word := t.words.Words[i]
	if rest := t.line.Text[t.line.At:]; rest == "" && word[len(word)-1] != '(' {
		word += " "
	}
	return r.typed(false, word)
}

// choose moves among the words that are offered.
func (r *runs) choose(by int) tea.Cmd {
	n := len(r.typing.words.Words)
	r.typing.cursor = max(-1, min(r.typing.cursor+by, n-1))
	return nil
}

// typedFilter ends typing: the filter stays, or the one before comes back.
func (r *runs) typedFilter(keep bool) tea.Cmd {
	l := r.list
	if l.Filter = r.typing.before; keep {
		l.Filter = r.typing.line.Text
	}
	r.typing = nil
	return r.show(l)
}

// targets is what an order is about: what is marked, else the row under the cursor.
func (r *runs) targets() []mark {
	if len(r.marked) > 0 {
		return r.marked
	}
	if m := r.markAt(r.cursor); m.id != "" {
		return []mark{m}
	}
	return nil
}

func (r *runs) markAt(i int) mark {
	l := r.row(i)
	return mark{id: l.ID, arm: r.page.Of.ByArm, label: l.Label, runs: l.Runs}
}
