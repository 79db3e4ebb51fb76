package tracker

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

func TestStitching(t *testing.T) {
	type attempt struct {
		resume int
		step   int64
		points string // "step:value"
	}
	for name, c := range map[string]struct {
		attempts []attempt
		want     string
		last     float64
		min      float64
		n        int64
	}{
		"one":         {[]attempt{{0, 0, "1:5 2:4"}}, "1:5 2:4", 4, 4, 2},
		"resumed":     {[]attempt{{0, 0, "1:5 2:4 3:1"}, {1, 2, "3:3 4:2"}}, "1:5 2:4 3:3 4:2", 2, 2, 4},
		"anew":        {[]attempt{{0, 0, "1:5 2:1"}, {0, 0, "1:6"}}, "1:6", 6, 6, 1},
		"twice":       {[]attempt{{0, 0, "1:9 2:8 3:0"}, {1, 2, "3:7 4:6 5:0"}, {2, 4, "5:5"}}, "1:9 2:8 3:7 4:6 5:5", 5, 5, 5},
		"skipping":    {[]attempt{{0, 0, "1:9 2:8 3:7"}, {1, 3, "4:0"}, {1, 2, "3:6"}}, "1:9 2:8 3:6", 6, 6, 3},
		"further up":  {[]attempt{{0, 0, "1:9 2:8 3:0"}, {1, 2, "3:7"}, {2, 1, "2:5"}}, "1:9 2:5", 5, 5, 2},
		"at the step": {[]attempt{{0, 0, "1:9 2:8"}, {1, 2, "2:7 3:6"}}, "1:9 2:7 3:6", 6, 6, 3},
		"no points":   {[]attempt{{0, 0, "1:9 2:8"}, {1, 1, ""}}, "1:9", 9, 9, 1},
		"any order":   {[]attempt{{0, 0, "5:1 3:2 4:9 3:7"}}, "3:7 4:9 5:1", 1, 1, 3},
		"replaced":    {[]attempt{{0, 0, "1:1 2:2 2:5 1:3"}}, "1:3 2:5", 5, 3, 2},
		"negative":    {[]attempt{{0, 0, "-3:1 0:2"}, {1, -3, "-1:4"}}, "-3:1 -1:4", 4, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			h := l.header(nil)
			db := l.open()
			for i, a := range c.attempts {
				h.Attempt, h.ResumeAttempt, h.ResumeStep = i+1, a.resume, a.step
				w := l.create(h)
				for _, p := range strings.Fields(a.points) {
					var step int64
					var v float64
					_, err := fmt.Sscanf(p, "%d:%g", &step, &v)
					l.must(err)
					l.log(w, step, mmibx.Loss, v)
					l.sync(db) // in the smallest parts
				}
				l.must(w.Abandon())
				l.sync(db)
			}
			check := func(db *DB) {
				t.Helper()
				if got := l.series(db, h.Run, mmibx.Loss); got != c.want {
					t.Errorf("points are %s, want %s", got, c.want)
				}
				view := strings.TrimSpace(l.table(db.read, "(SELECT group_concat(step || ':' || CAST(value AS INTEGER), ' ') FROM (SELECT * FROM points ORDER BY step))"))
				if view != c.want {
					t.Errorf("the view has %s, want %s", view, c.want)
				}
				s, err := db.Metrics(context.Background(), h.Run)
				l.must(err)
				if len(s) != 1 || s[0].Last != c.last || s[0].Min != c.min || s[0].N != c.n {
					t.Errorf("summary is %+v, want last %g, min %g, n %d", s, c.last, c.min, c.n)
				}
			}
			check(db)
			before := l.dump(db)
			again := l.remake()
			check(again)
			if after := l.dump(again); before != after {
				t.Error("the database made again differs", diff(before, after))
			}
		})
	}
}

// TestStitchingAgainstPlainGo logs at random, in any order, through attempts that
// go on from one another, syncs now and then, and holds points and summaries
// against a plain account of the same.
func TestStitchingAgainstPlainGo(t *testing.T) {
	l := newLab(t)
	db := l.open()
	seed := 0
	rapid.Check(t, func(rt *rapid.T) {
		seed++
		h := l.header(map[string]any{"seed": seed})
		var w *journal.Writer
		var told []account
		value := rapid.OneOf(rapid.Float64Range(-9, 9), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}))
		for range rapid.IntRange(1, 40).Draw(rt, "acts") {
			act := rapid.IntRange(0, 9).Draw(rt, "act")
			switch {
			case w == nil || act == 0:
				if w != nil {
					l.must(w.Abandon())
				}
				h.Attempt = len(told) + 1
				h.ResumeAttempt = rapid.IntRange(0, len(told)).Draw(rt, "resume")
				h.ResumeStep = rapid.Int64Range(0, 12).Draw(rt, "from")
				w = l.create(h)
				told = append(told, account{h.ResumeAttempt, h.ResumeStep, map[int64]float64{}})
			case act < 3:
				l.sync(db)
			default:
				step, v := rapid.Int64Range(0, 15).Draw(rt, "step"), value.Draw(rt, "value")
				l.log(w, step, mmibx.Loss, v)
				told[len(told)-1].points[step] = v + 0 // SQLite has no -0
			}
		}
		if w != nil {
			l.must(w.Abandon())
		}
		l.sync(db)
		want := plainly(told)
		got := map[int64]float64{}
		for _, p := range l.points(db, h.Run, mmibx.Loss) {
			got[p.Step] = p.Value
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("points are %v, want %v, of %v", got, want, told)
		}
		s, err := db.Metrics(context.Background(), h.Run)
		l.must(err)
		var sum summary
		for _, step := range slices.Sorted(maps.Keys(want)) {
			sum.add(step, want[step])
		}
		if len(want) == 0 {
			if len(s) != 0 {
				rt.Fatalf("summary of nothing is %+v", s)
			}
			return
		}
		if s[0].N != sum.n || s[0].LastStep != sum.lastStep || fmt.Sprint(s[0].Last) != fmt.Sprint(sum.last) ||
			sum.minStep.Valid && (s[0].Min != sum.min || s[0].Max != sum.max || s[0].MinStep != sum.minStep.Int64 || s[0].MaxStep != sum.maxStep.Int64) {
			rt.Fatalf("summary is %+v, want %+v, of %v", s[0], sum, told)
		}
	})
}

// account is what an attempt logged.
type account struct {
	resume int
	from   int64
	points map[int64]float64
}

// plainly goes back from the latest attempt; earlier ones fill in what the later
// ones left open.
func plainly(told []account) map[int64]float64 {
	points := map[int64]float64{}
	until := int64(math.MaxInt64)
	for n := len(told); n > 0; {
		a := told[n-1]
		for step, v := range a.points {
			if _, taken := points[step]; step <= until && !taken {
				points[step] = v
			}
		}
		n, until = a.resume, min(until, a.from)
	}
	return points
}
