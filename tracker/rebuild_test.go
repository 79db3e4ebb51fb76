package tracker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// TestMadeAgainIsTheSame does at random what runs, people, sweeps and imports do,
// syncs now and then, and holds the database against one that is made at once from
// the same journals.
func TestMadeAgainIsTheSame(t *testing.T) {
	folder, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		s := &story{lab: &lab{t, mmibx.Store(filepath.Join(folder, fmt.Sprint(n)))}, rt: rt, open: map[int]*journal.Writer{}, tries: map[int]int{}, done: map[int]bool{}}
		db := s.lab.open()
		defer db.Close()
		acts := []func(){s.begin, s.begin, s.log, s.log, s.log, s.log, s.end, s.kill, s.decide, s.decide, s.plan, s.foreign, s.own, func() { s.sync(db) }, func() { s.sync(db) }}
		for range rapid.IntRange(5, 40).Draw(rt, "acts") {
			rapid.SampledFrom(acts).Draw(rt, "act")()
		}
		for _, w := range s.open {
			s.must(w.Abandon())
		}
		s.sync(db)
		s.sync(db) // what is lost is seen by a look at its lock
		was := s.dump(db)
		s.must(db.Close())
		again := s.remake()
		if now := s.dump(again); now != was {
			rt.Fatalf("made again it differs: %s\nafter %v", diff(was, now), s.told)
		}
		s.must(again.Close())
	})
}

// story is a store and what was done with it.
type story struct {
	*lab
	rt    *rapid.T
	open  map[int]*journal.Writer // by seed
	tries map[int]int
	done  map[int]bool
	told  []string
}

func (s *story) tell(format string, args ...any) {
	s.told = append(s.told, fmt.Sprintf(format, args...))
}

func (s *story) seed() int { return rapid.IntRange(0, 3).Draw(s.rt, "seed") }

func (s *story) header(seed int) journal.Header {
	h := s.lab.header(map[string]any{"seed": seed})
	h.Attempt = s.tries[seed]
	return h
}

// begin starts an attempt, anew or from an earlier one, whatever became of that.
func (s *story) begin() {
	seed := s.seed()
	if s.done[seed] {
		return // it is not done again
	}
	s.drop(seed)
	s.tries[seed]++
	h := s.header(seed)
	h.ResumeAttempt = rapid.IntRange(0, h.Attempt-1).Draw(s.rt, "resume")
	h.ResumeStep = rapid.Int64Range(0, 6).Draw(s.rt, "from")
	s.open[seed] = s.create(h)
	s.tell("%d begins attempt %d from %d at %d", seed, h.Attempt, h.ResumeAttempt, h.ResumeStep)
}

func (s *story) drop(seed int) {
	if w := s.open[seed]; w != nil {
		s.must(w.Abandon())
		delete(s.open, seed)
	}
}

func (s *story) log() {
	seed := s.seed()
	w := s.open[seed]
	if w == nil {
		return
	}
	step := rapid.Int64Range(0, 9).Draw(s.rt, "step")
	v := rapid.SampledFrom([]float64{1, -2.5, math.NaN(), math.Inf(1), math.Inf(-1)}).Draw(s.rt, "value")
	s.must(w.Log(step, mmibx.Metric{Name: mmibx.Loss, Value: v}, mmibx.Metric{Name: "test.f1", Value: 1}))
	if step%4 == 0 {
		s.must(errors.Join(w.Event("epoch", fmt.Sprint(step)), w.Checkpoint(step, "last"), w.Artifact(journal.Artifact{Name: "a", SHA256: fmt.Sprint(step), Step: step})))
	}
	s.tell("%d logs %d: %v", seed, step, v)
}

func (s *story) end() {
	seed := s.seed()
	if w := s.open[seed]; w != nil {
		state := rapid.SampledFrom(endings).Draw(s.rt, "state")
		s.lab.end(w, state)
		delete(s.open, seed)
		s.done[seed] = s.done[seed] || state == mmibx.Done
		s.tell("%d ends %s", seed, state)
	}
}

// kill leaves an attempt without a word, its last record cut.
func (s *story) kill() {
	seed := s.seed()
	if s.open[seed] == nil {
		return
	}
	s.drop(seed)
	path := s.store.Journal(s.header(seed).Run, s.tries[seed])
	s.must(appendBytes(path, "\x02\x30\x00\x00\x00cut"))
	s.tell("%d is killed", seed)
}

func (s *story) decide() {
	seed := s.seed()
	run := []string{s.header(seed).Run}
	kind := rapid.IntRange(0, 6).Draw(s.rt, "kind")
	switch kind {
	case 0:
		s.must(Tag(s.store, run, "a", "b"))
	case 1:
		s.must(Untag(s.store, run, "a"))
	case 2:
		s.must(Note(s.store, run, fmt.Sprint("note ", len(s.told))))
	case 3:
		s.must(Remove(s.store, run...))
	case 4:
		s.must(Restore(s.store, run...))
	case 5:
		s.must(Prioritize(s.store, len(s.told), run...))
	case 6:
		if err := Retry(s.store, run...); !errors.Is(err, mmibx.ErrNotFound) {
			s.must(err)
		}
	}
	s.tell("%d is decided on: %d", seed, kind)
}

func (s *story) plan() {
	path := filepath.Join(s.store.Sweep("second"), "plan.json")
	s.must(os.MkdirAll(filepath.Dir(path), 0o777))
	s.must(os.WriteFile(path, fmt.Appendf(nil, `{"cells":[{"run":%q},{"run":"later %d"}]}`, s.header(s.seed()).Run, len(s.told)), 0o600))
	s.tell("a plan")
}

// foreign imports a run of another tracker, which may have grown.
func (s *story) foreign() {
	f := &Foreign{Format: "mlflow", Key: fmt.Sprint(s.seed()), Group: "g", Params: map[string]any{"lr": 0.5, "len": len(s.told) / 8}, Started: time.Unix(1e9, 0), State: mmibx.Done}
	for i := range len(s.told) / 4 {
		f.Points = append(f.Points, mmibx.Point{Metric: "loss", Step: int64(i), Value: float64(i), At: f.Started})
	}
	o, err := AddForeign(s.store, f, journal.Environment{})
	s.must(err)
	s.tell("foreign %s %s", f.Key, o)
}

func (s *story) own() {
	r, err := NewRun(s.store, "program", map[string]any{"seed": s.seed()})
	if errors.Is(err, ErrDone) {
		return
	}
	s.must(err)
	s.must(r.Log(1, mmibx.Metric{Name: "loss", Value: 1}))
	s.must(r.Finish([]error{nil, errors.New("boom")}[rapid.IntRange(0, 1).Draw(s.rt, "fails")]))
	s.tell("own run %d", r.Attempt)
}

func (s *story) sync(db *DB) {
	_, err := db.Sync(context.Background())
	s.must(err)
	s.tell("sync")
}
