package tui

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/audit"
	"github.com/mmibx/mmibx/internal/shell"
)

// benchmarks shows what data there is: found or not, verified or not, how much of
// what, and what an audit finds.
type benchmarks struct {
	*env
	poll   poll
	names  []string
	read   []BenchmarkInfo // of the first names
	faults []string        // by name, why one could not be read
	cursor int
	onTop  bool // the cursor is in the list, not in what is below
	scroll int  // of what is below
	audits map[string]*auditing
}

// auditing is an audit under way, or its end.
type auditing struct {
	*job
	report *audit.Report
	err    error
	over   bool
}

type benchmarkRead struct {
	name string
	info BenchmarkInfo
	err  error
}

type auditOver struct {
	name   string
	report *audit.Report
	err    error
}

func newBenchmarks(e *env) *benchmarks {
	return &benchmarks{env: e, names: mmibx.BenchmarkNames(), onTop: true, audits: map[string]*auditing{}}
}

func (*benchmarks) Title() string { return "data" }

// Init implements screen.
func (b *benchmarks) Init(ctx context.Context) tea.Cmd {
	for name, a := range b.audits { // those under way ended when the screen was left
		if !a.over {
			delete(b.audits, name)
		}
	}
	return b.poll.begin(ctx, b.ask)
}

// ask reads one benchmark after the other, so that each is there as soon as it
// can be.
func (b *benchmarks) ask() read {
	if len(b.read) == len(b.names) {
		return func(context.Context) tea.Msg { return benchmarkRead{} }
	}
	shelf, name := b.shelf, b.names[len(b.read)]
	return func(ctx context.Context) tea.Msg {
		info, err := shelf.Benchmark(ctx, name)
		return benchmarkRead{name, info, err}
	}
}

// Update implements screen.
func (b *benchmarks) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case benchmarkRead:
		if msg.name != "" && len(b.read) < len(b.names) && msg.name == b.names[len(b.read)] {
			fault := ""
			if msg.err != nil {
				fault = msg.err.Error()
			}
			b.read, b.faults = append(b.read, msg.info), append(b.faults, fault)
		}
		return b.poll.rest(nil, len(b.read) < len(b.names))
	case jobNews:
		for _, a := range b.audits {
			if a.job == msg.of && !a.over {
				return a.take(msg)
			}
		}
	case auditOver:
		if a := b.audits[msg.name]; a != nil {
			a.report, a.err, a.over = msg.report, msg.err, true
		}
	case wheeled:
		b.onTop = msg.Name == "benchmarks"
		return b.move(msg.by)
	case clicked:
		b.onTop = msg.Name == "benchmarks"
		if b.onTop {
			return b.move(msg.Row - b.cursor)
		}
	}
	return b.poll.update(msg)
}

func (b *benchmarks) move(by int) tea.Cmd {
	if !b.onTop {
		b.scroll = max(0, min(b.scroll+by, 500))
		return nil
	}
	b.cursor, b.scroll = max(0, moved(b.cursor, by, len(b.names))), 0
	return nil
}

// at is the benchmark under the cursor, ok when it was found.
func (b *benchmarks) at() (info BenchmarkInfo, ok bool) {
	if b.cursor < len(b.read) {
		info = b.read[b.cursor]
	}
	return info, info.Found
}

// Actions implements screen.
func (b *benchmarks) Actions() []action {
	info, ok := b.at()
	open := action{
		name: "data show", keys: []string{"enter"}, label: "samples", help: "its examples, one by one, with what stands for their pictures",
		cli: b.cli("data show", b.names[b.cursor]), to: func() tea.Msg { return push{newSamples(b.env, info.Name)} },
	}
	check := action{
		name: "audit", keys: []string{"a"}, label: "audit", cli: b.cli("audit", b.names[b.cursor]), run: b.audit,
		help: "does the shape of its evidence give the label away? takes minutes, and ends when the screen is left",
	}
	if !ok {
		open.why, check.why = "it is not there, or not read yet", "it is not there, or not read yet"
	}
	if a := b.audits[b.names[b.cursor]]; a != nil && !a.over {
		check.why = "it is being audited"
	}
	return append([]action{
		open, check,
		{name: "panel", keys: []string{"tab", "shift+tab"}, label: "scroll", help: "scroll what is below, or choose a benchmark", run: func() tea.Cmd { b.onTop = !b.onTop; return nil }},
		{name: "data verify", keys: []string{"v"}, label: "verify", help: "read all of them again and hold them against what is known", cli: b.cli("data verify"), run: func() tea.Cmd {
			b.read, b.faults = nil, nil
			return b.poll.now()
		}},
	}, moves(b.move)...)
}

// audit starts one, and listens to it.
func (b *benchmarks) audit() tea.Cmd {
	name, shelf := b.names[b.cursor], b.shelf
	a := &auditing{job: newJob()}
	b.audits[name] = a
	return a.start(b.poll.ctx, func(ctx context.Context) tea.Msg {
		report, err := shelf.Audit(ctx, name, a.tell)
		return auditOver{name, report, err}
	})
}

// samples leafs through a benchmark.
type samples struct {
	*env
	poll    poll
	query   SampleQuery
	page    SamplePage
	loaded  bool
	cursor  int
	picture pictureOf
}

type samplesRead struct {
	page    SamplePage
	picture pictureOf
	err     error
}

func newSamples(e *env, benchmark string) *samples {
	return &samples{env: e, query: SampleQuery{Benchmark: benchmark, Split: mmibx.Train}}
}

func (*samples) Title() string { return "samples" }

// Init implements screen.
func (s *samples) Init(ctx context.Context) tea.Cmd { return s.poll.begin(ctx, s.ask) }

func (s *samples) ask() read {
	shelf, archive, q, have, at := s.shelf, s.archive, s.query, s.picture, s.at().Picture
	q.From, q.Limit = max(0, s.cursor-rowsAtOnce/2), rowsAtOnce
	page, fresh := s.page, s.loaded && s.page.Of == q
	return func(ctx context.Context) tea.Msg {
		if !fresh {
			var err error
			if page, err = shelf.Samples(ctx, q); err != nil {
				return samplesRead{err: err}
			}
		}
		return samplesRead{page: page, picture: have.read(ctx, archive, q.Benchmark, at)}
	}
}

// Update implements screen.
func (s *samples) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case samplesRead:
		if msg.err != nil {
			return s.poll.rest(msg.err, false)
		}
		of := msg.page.Of
		of.From, of.Limit = s.query.From, s.query.Limit
		if of != s.query { // of another split, or other words
			return s.poll.rest(nil, true)
		}
		s.page, s.loaded, s.picture = msg.page, true, msg.picture
		s.cursor = max(0, moved(s.cursor, 0, s.page.Total))
		return s.poll.rest(nil, s.at().Picture != s.picture.of)
	case wheeled:
		return s.move(msg.by)
	case clicked:
		return s.move(msg.Row - s.cursor)
	}
	return s.poll.update(msg)
}

// at is the sample under the cursor.
func (s *samples) at() Sample {
	if i := s.cursor - s.page.Of.From; i >= 0 && i < len(s.page.Rows) {
		return s.page.Rows[i]
	}
	return Sample{Answer: noAnswer()}
}

func (s *samples) move(by int) tea.Cmd {
	s.cursor = max(0, moved(s.cursor, by, s.page.Total))
	return s.poll.now()
}

// show asks for others, from the top.
func (s *samples) show(q SampleQuery) tea.Cmd {
	s.query, s.cursor, s.loaded = q, 0, false
	return s.poll.now()
}

// Actions implements screen.
func (s *samples) Actions() []action {
	cli := []string{"data show", s.query.Benchmark, "--split", string(s.query.Split)}
	if s.query.Words != "" {
		cli = append(cli, shell.Word(s.query.Words))
	}
	split := action{name: "split", keys: []string{"x"}, label: "split", help: "train, dev or test", cli: s.cli(cli...), run: func() tea.Cmd {
		q := s.query
		q.Split = mmibx.Splits[(slices.Index(mmibx.Splits, q.Split)+1)%len(mmibx.Splits)]
		return s.show(q)
	}}
	find := action{name: "data show", keys: []string{"/"}, label: "find", help: "examples with some words, labels or an id", cli: s.cli(cli...), to: func() tea.Msg {
		return push{newAsk("examples with the words", s.query.Words, func(text string) action {
			return action{name: "data show", run: func() tea.Cmd {
				q := s.query
				q.Words = text
				return s.show(q)
			}}
		})}
	}}
	all := action{name: "all", keys: []string{"u"}, label: "all", help: "all examples again", run: func() tea.Cmd {
		q := s.query
		q.Words = ""
		return s.show(q)
	}}
	if s.query.Words == "" {
		all.why = "all are listed"
	}
	return append([]action{
		{name: "next", keys: []string{"n"}, label: "next", help: "the next example", run: func() tea.Cmd { return s.move(1) }},
		{name: "before", keys: []string{"p"}, label: "before", help: "the example before", run: func() tea.Cmd { return s.move(-1) }},
		split, find, all,
	}, moves(s.move)...)
}
