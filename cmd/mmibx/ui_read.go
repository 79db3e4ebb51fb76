package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/internal/machine"
	"github.com/mmibx/mmibx/tracker"
)

// ui is the store as the terminal UI sees it. It keeps the database open and
// remembers of each sweep what it has read. Its exported methods take turns.
type ui struct {
	app   *app
	store mmibx.Store

	mu      sync.Mutex
	db      *tracker.DB // nil until there is a store
	version int64       // of the database, when it was last synced
	behind  string
	studied []tui.Study
	plans   map[string]*experiments.Plan // of studies
	sweeps  map[string]*uiSweep

	// Answers that are good while nothing was committed since.
	overview kept[tui.Overview]
	planning kept[tui.Plan]
	drafted  kept[tui.Plan]
	page     kept[tui.RunsPage]
	rows     kept[[]tui.RunRow]
	run      kept[tui.Run]
	stamp    kept[string]
	dry      map[string]int64 // version at which nothing came after the end of a curve

	data    sync.Mutex // guards what is read of benchmarks
	albums  map[string]*datasets.PictureFolder
	monitor machine.Monitor
	leafed  map[string]*leafed // benchmarks whose samples were looked at

	sizing    sync.Mutex // held while the store is measured
	storeSize int64      // bytes
	measure   time.Time  // when that is due again

	judge judge
}

// kept is an answer, with all that it depends on in words.
type kept[T any] struct {
	of    string
	value T
}

// get is the answer that is kept where it is of the same, else a new one.
func (k *kept[T]) get(of string, read func() (T, error)) (T, error) {
	if k.of == of {
		return k.value, nil
	}
	value, err := read()
	k.of, k.value = of, value
	if err != nil {
		k.of = ""
	}
	return value, err
}

// now says what an answer depends on: the database, and what was asked.
func (u *ui) now(asked ...any) string { return fmt.Sprintf("%d %#v", u.version, asked) }

func newUI(a *app) *ui {
	return &ui{app: a, store: mmibx.Store(a.storeDir), dry: map[string]int64{}, plans: map[string]*experiments.Plan{}, sweeps: map[string]*uiSweep{}, albums: map[string]*datasets.PictureFolder{}, leafed: map[string]*leafed{}}
}

func (u *ui) close() {
	if u.db != nil {
		_ = u.db.Close()
	}
}

// synced returns the database, as fresh as it can be, or nil where there is no
// store yet: looking makes none.
func (u *ui) synced(ctx context.Context) (*tracker.DB, error) {
	if db, err := u.opened(); db == nil {
		return nil, err
	}
	stats, err := u.db.Sync(ctx)
	u.behind = ""
	switch {
	case errors.Is(err, tracker.ErrReadOnly):
		u.behind = "the store is read-only; what is shown may be old"
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil: // one bad journal, or a full disk, hides nothing of what is there
		u.behind = mmibx.FirstLine(err.Error())
	case stats.Busy:
		u.behind = fmt.Sprintf("%d kB behind", (stats.Behind+1023)/1024)
	}
	version, err := u.db.Version(ctx)
	if err != nil {
		return nil, err
	}
	if version != u.version {
		u.version = version
		clear(u.dry)
	}
	return u.db, nil
}

// opened returns the database as it is, or nil where there is no store yet.
func (u *ui) opened() (*tracker.DB, error) {
	if u.db != nil || !u.exists() {
		return u.db, nil
	}
	db, err := tracker.Open(u.store)
	if err != nil {
		var readOnly error
		if db, readOnly = tracker.OpenReadOnly(u.store); readOnly != nil {
			return nil, err
		}
	}
	u.db = db
	return db, nil
}

// exists says that the folder is a store: it holds a database, or what one is
// made of.
func (u *ui) exists() bool {
	for _, path := range []string{u.store.Database(), filepath.Join(u.app.storeDir, "runs"), u.store.Sweep(""), u.store.People()} {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return true // or it cannot be looked at, which opening it says
		}
	}
	return false
}

// Studies implements tui.Reader.
func (u *ui) Studies(context.Context) ([]tui.Study, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.studied == nil {
		list, err := u.app.studies()
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			u.studied = append(u.studied, tui.Study{Name: s.Name, Title: s.Title, Question: oneLine(s.Question)})
		}
	}
	return u.studied, nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// plan is the plan of a study, made once, or of a sweep file.
func (u *ui) plan(study string) (*experiments.Plan, error) {
	if strings.HasSuffix(study, ".toml") { // which may have changed
		return u.app.planOf(study, &sweepFlags{})
	}
	if p := u.plans[study]; p != nil {
		return p, nil
	}
	p, err := u.app.planOf(study, &sweepFlags{})
	if err == nil {
		u.plans[study] = p
	}
	return p, err
}

// Plan implements tui.Reader.
func (u *ui) Plan(ctx context.Context, study string, workers int) (tui.Plan, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	p, err := u.plan(study)
	if err != nil {
		return tui.Plan{}, err
	}
	db, err := u.synced(ctx)
	if err != nil {
		return tui.Plan{}, err
	}
	return u.planning.get(u.now(study, p.Hash, workers), func() (tui.Plan, error) {
		out, err := plannedIn(ctx, db, p, workers)
		out.Study = tui.Study{Name: study, Title: p.Title, Question: oneLine(p.Question)}
		return out, err
	})
}

// plannedIn is a plan with what the store has of it, where there is one.
func plannedIn(ctx context.Context, db *tracker.DB, p *experiments.Plan, workers int) (tui.Plan, error) {
	var past history
	if db != nil {
		var err error
		if past, err = historyIn(ctx, db, p.IDs()); err != nil {
			return tui.Plan{}, err
		}
	}
	states, estimate := past.states, past.estimate(p, workers)
	takes := estimateLine(&estimate)
	if p.Hours > 0 {
		takes += "; " + budgetLine(p.Hours, past.spent, estimate.Work)
	}
	seeds := map[int]bool{}
	for i := range p.Cells {
		seeds[p.Cells[i].Spec.Seed] = true
	}
	out := tui.Plan{Axes: axesOf(p).list, Seeds: len(seeds), Total: len(p.Cells), Collapsed: p.Collapsed, Counts: countStates(p, states), Estimate: takes}
	labels := uiSweep{shared: sharedParts(p)}
	for _, row := range planRows(p, states) {
		out.Arms = append(out.Arms, tui.PlanArm{Benchmark: row.cell.Spec.Benchmark, Label: labels.short(row.cell.Label), Seeds: row.seeds, Done: row.done})
	}
	return out, nil
}

// Sweeps implements tui.Reader.
func (u *ui) Sweeps(ctx context.Context) ([]tui.Sweep, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	db, err := u.synced(ctx)
	if err != nil { // a store that cannot be read is no empty one
		return nil, err
	}
	names, err := experiments.Sweeps(u.store)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	var list []tui.Sweep
	for _, name := range names {
		s, err := u.follow(name)
		if err != nil {
			return nil, err
		}
		counts, err := s.counts.get(u.now(s.frozen), func() (tui.Counts, error) {
			if db == nil {
				return countStates(s.plan, nil), nil
			}
			return countKept(ctx, db, s.plan)
		})
		if err != nil {
			return nil, err
		}
		list = append(list, tui.Sweep{
			Name: name, Live: s.status.Live, Paused: s.status.Paused, Counts: counts, Total: counts.Total(), Updated: s.heard(),
		})
	}
	slices.SortStableFunc(list, func(x, y tui.Sweep) int {
		if x.Live != y.Live {
			return map[bool]int{true: -1, false: 1}[x.Live]
		}
		return y.Updated.Compare(x.Updated)
	})
	return list, nil
}

// Board implements tui.Reader.
func (u *ui) Board(ctx context.Context, sweep string) (tui.Board, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s, err := u.follow(sweep) // before the rows, so that these know at least what the runner told
	if err != nil {
		return tui.Board{}, err
	}
	db, err := u.synced(ctx)
	if err != nil {
		return tui.Board{}, err
	}
	if db == nil {
		return tui.Board{}, fmt.Errorf("sweep %s: %w", sweep, mmibx.ErrNotFound)
	}
	b, err := s.board(ctx, db, u.version)
	b.Notice = u.behind
	return b, err
}

// follow brings a sweep's status up to date, and its plan when it was replaced.
func (u *ui) follow(sweep string) (*uiSweep, error) {
	s := u.sweeps[sweep]
	if s == nil {
		s = &uiSweep{store: u.store, name: sweep}
		u.sweeps[sweep] = s
	}
	return s, s.update()
}

// Curve implements tui.Reader.
func (u *ui) Curve(ctx context.Context, run, metric string, after int64, limit int) ([]mmibx.Point, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	db, err := u.synced(ctx)
	end := fmt.Sprintf("%s %s %d", run, metric, after)
	if err != nil || db == nil || u.dry[end] == u.version {
		return nil, err
	}
	points, err := db.Points(ctx, run, metric, after, limit)
	if err == nil && len(points) == 0 {
		u.dry[end] = u.version
	}
	return points, err
}

// Rows implements tui.Reader.
func (u *ui) Rows(ctx context.Context, ids []string) ([]tui.RunRow, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	db, err := u.synced(ctx)
	if err != nil || db == nil {
		return nil, err
	}
	return u.rows.get(u.now(ids), func() ([]tui.RunRow, error) {
		found, err := db.Runs(ctx, tracker.Query{IDs: ids, Sort: "seed"})
		rows := make([]tui.RunRow, len(found))
		for i := range found {
			rows[i] = rowOf(&found[i], 0, time.Now())
		}
		return rows, err
	})
}

// tail is the end of a file, or what is known of it when it cannot be read.
func tail(path string, known []string) []string {
	const most = 16 << 10
	f, err := os.Open(path)
	if err != nil {
		return known
	}
	defer f.Close()
	whole := true
	if info, err := f.Stat(); err == nil && info.Size() > most {
		if _, err := f.Seek(-most, io.SeekEnd); err != nil {
			return known
		}
		whole = false
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil || len(text) == 0 {
		return known
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if !whole {
		lines = lines[1:] // cut
	}
	return lines
}

// rowOf is a run as the UI lists it.
func rowOf(r *tracker.RunRow, epochs int, now time.Time) tui.RunRow {
	row := tui.RunRow{
		ID: r.ID, Label: shortLabel(r.Label), Benchmark: r.Benchmark, Seed: r.Seed, State: r.State, Attempt: r.Attempts,
		Epochs: epochs, Dev: number(r.DevF1), Priority: r.Priority,
	}
	if r.Epoch != nil && mmibx.Finite(*r.Epoch) {
		row.Epoch = int(*r.Epoch)
	}
	switch {
	case r.Started.IsZero():
	case r.State == mmibx.Running:
		row.Took = max(0, now.Sub(r.Started)) // the clock may have gone back
	case !r.Finished.IsZero():
		row.Took = max(0, r.Finished.Sub(r.Started))
	}
	if r.State != mmibx.Done && r.State != mmibx.Running {
		row.Error = mmibx.FirstLine(cmp.Or(r.Error, string(r.Class)))
	}
	return row
}

// number is NaN where a run has logged none.
func number(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}
