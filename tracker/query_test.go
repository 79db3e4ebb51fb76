package tracker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// shelf is a store with six runs, named by letters in their notes.
//
//	a text seed 1, dev.f1 70 then 60       b mmib beta .01, 80     c mmib beta .1, 82
//	d mmib beta 1, diverged                e concat, lost          f text seed 2, no score
func shelf(t testing.TB) (*lab, map[string]string, *DB) {
	l := newLab(t)
	ids := map[string]string{
		"a": l.done(map[string]any{"model": "text", "seed": 1}, mmibx.DevF1, 70, 60),
		"b": l.done(map[string]any{"ib.beta_text": 0.01, "ib.size": 32}, mmibx.DevF1, 80),
		"c": l.done(map[string]any{"ib.beta_text": 0.1, "model.key_mask": false}, mmibx.DevF1, 82),
		"f": l.done(map[string]any{"model": "text", "seed": 2}, mmibx.Loss, 0.5),
	}
	h := l.header(map[string]any{"ib.beta_text": 1.0})
	h.Sweep = "other"
	w := l.create(h)
	l.must(w.Close(journal.Trailer{State: mmibx.Diverged, Class: mmibx.FailDiverged, Error: "NaN", Finished: time.Now()}))
	ids["d"] = h.Run
	h = l.header(map[string]any{"model": "concat"})
	l.must(l.create(h).Abandon())
	ids["e"] = h.Run
	for name, id := range ids {
		l.must(Note(l.store, []string{id}, name))
	}
	l.must(Tag(l.store, []string{ids["a"], ids["b"]}, "paper", "main"))
	l.must(Tag(l.store, []string{ids["c"]}, "paper"))
	return l, ids, l.synced()
}

// letters are the notes of runs, sorted where their order does not matter.
func letters(rows []RunRow) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r.Note)
	}
	return b.String()
}

func sorted(s string) string {
	b := []byte(s)
	slices.Sort(b)
	return string(b)
}

// TensorBoard's users put colons into names.
func TestMetricWithColon(t *testing.T) {
	l := newLab(t)
	id := l.done(map[string]any{"model": "text"}, "eval:loss:min", 3, 1, 2)
	db := l.synced()
	keys, err := db.Keys(context.Background())
	l.must(err)
	if !slices.Contains(keys, Key{Name: "eval:loss:min", Metric: true}) {
		t.Errorf("keys are %v", keys)
	}
	rows := l.runs(db, Query{Filter: "eval:loss:min = 2 and eval:loss:min:max = 3", Columns: []string{"eval:loss:min", "eval:loss:min:min"}})
	if len(rows) != 1 || rows[0].ID != id || rows[0].Values["eval:loss:min"] != 2.0 || rows[0].Values["eval:loss:min:min"] != 1.0 {
		t.Errorf("%+v", rows)
	}
	if _, err := db.Runs(context.Background(), Query{Filter: "eval:loss > 1"}); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("half a name: %v", err)
	}
}

func TestFilter(t *testing.T) {
	l, ids, db := shelf(t)
	var last time.Time // midnight may pass meanwhile
	for _, r := range l.runs(db, Query{}) {
		if r.Started.After(last) {
			last = r.Started
		}
	}
	today := last.Local().Format("2006-01-02")
	for filter, want := range map[string]string{
		"":                        "abcdef",
		"model=mmib":              "bcd",
		"model.name = 'mmib'":     "bcd",
		"model!=mmib":             "aef",
		"model in (text, concat)": "aef",
		"model not in (text, concat) and state=done":    "bc",
		"ib.beta_text<0.1":                              "b",
		"ib.beta_text<=1e-1":                            "bc",
		"ib.beta_text is missing":                       "aef",
		"ib.beta_text is not missing":                   "bcd",
		"ib.beta_text!=0.1":                             "abdef",
		"dev.f1>=70":                                    "abc",
		"dev.f1:last<70":                                "a",
		"dev.f1:n=2":                                    "a",
		"dev.f1 is missing":                             "def",
		"dev.rate_text > 1":                             "", // known, never logged
		"model=mmib and ib.beta_text<0.1 and dev.f1>70": "b",
		"model=text or model=mmib and dev.f1>81":        "acf",
		"(model=text or model=mmib) and dev.f1>81":      "c",
		"not (model=text or state=diverged)":            "bce",
		"NOT model=text AND state=done":                 "bc",
		"tag=paper":                                     "abc",
		"tag=paper and tag=main":                        "ab",
		"tag!=paper":                                    "def",
		"tag is missing":                                "def",
		"tag ~ pa*":                                     "abc",
		"note ~ [ab]":                                   "ab",
		"state in (lost, diverged)":                     "de",
		"class=diverged":                                "d",
		"class is missing":                              "abcf",
		"sweep=other":                                   "d",
		"sweep=bet*":                                    "abcef",
		"seed=1":                                        "a",
		"seed in (1,2)":                                 "af",
		"model.key_mask=false":                          "c",
		"model.key_mask=true":                           "bd",
		"id=" + ids["a"]:                                "a",
		"id ~ " + ids["a"][:6] + "*":                    "a",
		"started=" + today + " or started<" + today:     "abcdef",
		"started > 2001-01-01 and started < 2001-01-01T10:00": "",
		"finished is missing":         "",
		"train.loss<1":                "f",
		"error=NaN":                   "d",
		"host=here":                   "abcdef",
		"benchmark=mini-*":            "abcdef",
		"label~'*beta_text=0.1*'":     "c",
		`note in ("a", 'b')`:          "ab",
		`"note"=a and 'dev.f1:n' = 2`: "a",
		`note='it''s' or note="c"`:    "c",
		"attempts=1":                  "abcdef",
	} {
		if got := sorted(letters(l.runs(db, Query{Filter: filter}))); got != want {
			t.Errorf("%s: got %s, want %s", filter, got, want)
		}
		if n, err := db.Count(context.Background(), Query{Filter: filter}); err != nil || n != len(want) {
			t.Errorf("count of %s is %d (%v), want %d", filter, n, err, len(want))
		}
	}
}

func TestFilterFaults(t *testing.T) {
	l, _, db := shelf(t)
	for filter, want := range map[string]struct {
		pos int
		msg string
	}{
		"modl=x":                       {0, "did you mean model?"},
		"model=text and dev.f2>3":      {15, "did you mean dev.f1?"},
		"model=text and":               {14, "expected a key"},
		"model":                        {5, "expected = !="},
		"model=":                       {6, "expected a value"},
		"model=text)":                  {10, "expected and, or"},
		"(model=text":                  {11, "expected )"},
		"model=text model=mmib":        {11, "expected and, or"},
		"dev.f1>high":                  {7, "a number, found high"},
		"ib.beta_text=nan":             {13, "a number"},
		"model.key_mask=maybe":         {15, "true or false"},
		"started>yesterday":            {8, "a date such as"},
		"note='open":                   {5, "not closed"},
		"note='open''":                 {5, "not closed"},
		`note="a" "b"`:                 {9, "expected and, or"},
		`(model=text ")"`:              {12, "expected ), found ')'"},
		`seed in "(" 1)`:               {8, "expected ("},
		`seed in (1 "," 2)`:            {11, "expected , or )"},
		`"modl"=x`:                     {0, "did you mean model?"},
		"seed in (1 2)":                {11, "expected , or )"},
		"seed in 1":                    {8, "expected ("},
		"model is gone":                {9, "expected missing"},
		"tag<x":                        {4, "is a set"},
		"seed~1*":                      {5, "is no text"},
		"dev.f1:mean>3":                {0, "has :last, :min"},
		"test.f1>3":                    {0, "unknown key"},
		strings.Repeat("(", 300) + "a": {100, "too many parentheses"},
		"not not":                      {7, "expected a key"},
		"= 3":                          {0, "expected a key"},
	} {
		_, err := db.Runs(context.Background(), Query{Filter: filter})
		var fault *FilterError
		if !errors.As(err, &fault) || fault.Pos != want.pos || !strings.Contains(fault.Msg, want.msg) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%s: %v; want %q at %d", filter, err, want.msg, want.pos)
		}
		if check := db.CheckFilter(context.Background(), filter); fmt.Sprint(check) != fmt.Sprint(err) {
			t.Errorf("%s: CheckFilter says %v", filter, check)
		}
	}
	if _, err := db.Runs(context.Background(), Query{Sort: "-modl"}); err == nil || !strings.Contains(err.Error(), "did you mean model?") {
		t.Errorf("sort by an unknown key: %v", err)
	}
	if err := db.CheckFilter(context.Background(), "tag=x"); err != nil {
		t.Error(err)
	}
	l.must(db.Close())
}

// TestFilterAgainstPlainGo holds compiled filters against their meaning.
func TestFilterAgainstPlainGo(t *testing.T) {
	l, _, db := shelf(t)
	all := l.runs(db, Query{Columns: []string{"ib.beta_text", "ib.size"}})
	atoms := []struct {
		text string
		of   func(r RunRow) bool
	}{
		{"model=mmib", func(r RunRow) bool { return r.Model == "mmib" }},
		{"ib.beta_text>=0.1", func(r RunRow) bool { v, ok := r.Values["ib.beta_text"].(float64); return ok && v >= 0.1 }},
		{"ib.size=32", func(r RunRow) bool { return r.Values["ib.size"] == 32 }},
		{"dev.f1>75", func(r RunRow) bool { return r.DevF1 != nil && *r.DevF1 > 75 }},
		{"tag=main", func(r RunRow) bool { return slices.Contains(r.Tags, "main") }},
		{"state in (done, lost)", func(r RunRow) bool { return r.State == mmibx.Done || r.State == mmibx.Lost }},
		{"train.loss is missing", func(r RunRow) bool { return r.Loss == nil }},
	}
	type filter struct {
		text string
		of   func(r RunRow) bool
	}
	var draw func(rt *rapid.T, depth int) filter
	draw = func(rt *rapid.T, depth int) filter {
		shape := rapid.IntRange(0, 3).Draw(rt, "shape")
		if depth == 0 || shape == 0 {
			a := rapid.SampledFrom(atoms).Draw(rt, "atom")
			return filter{a.text, a.of}
		}
		left := draw(rt, depth-1)
		if shape == 1 {
			return filter{"not (" + left.text + ")", func(r RunRow) bool { return !left.of(r) }}
		}
		right := draw(rt, depth-1)
		if shape == 2 {
			return filter{"(" + left.text + " and " + right.text + ")", func(r RunRow) bool { return left.of(r) && right.of(r) }}
		}
		return filter{"(" + left.text + " or " + right.text + ")", func(r RunRow) bool { return left.of(r) || right.of(r) }}
	}
	rapid.Check(t, func(rt *rapid.T) {
		f := draw(rt, 3)
		rows, err := db.Runs(context.Background(), Query{Filter: f.text})
		if err != nil {
			rt.Fatal(err)
		}
		var want []RunRow
		for _, r := range all {
			if f.of(r) {
				want = append(want, r)
			}
		}
		if letters(rows) != letters(want) {
			rt.Fatalf("%s: got %s, want %s", f.text, letters(rows), letters(want))
		}
	})
}

func TestSortAndPages(t *testing.T) {
	l, _, db := shelf(t)
	for sort, want := range map[string]string{
		"dev.f1":        "abc", // the others have none and come last
		"-dev.f1":       "cba",
		"-ib.beta_text": "dcb",
		"ib.beta_text":  "bcd",
	} {
		if got := letters(l.runs(db, Query{Sort: sort}))[:3]; got != want {
			t.Errorf("by %s: %s, want %s", sort, got, want)
		}
	}
	whole := letters(l.runs(db, Query{Sort: "-dev.f1"}))
	paged := ""
	for offset := 0; offset < 6; offset += 4 {
		paged += letters(l.runs(db, Query{Sort: "-dev.f1", Limit: 4, Offset: offset}))
	}
	if paged != whole {
		t.Errorf("in pages %s, at once %s", paged, whole)
	}
}

// A run that has not begun may have a priority; 0 takes it away.
func TestPriorities(t *testing.T) {
	l := newLab(t)
	l.must(Prioritize(l.store, 2, "aaaaaaaaaaaa", "bbbbbbbbbbbb"))
	l.must(Prioritize(l.store, -1, "cccccccccccc"))
	l.must(Prioritize(l.store, 0, "bbbbbbbbbbbb"))
	db := l.open()
	l.sync(db)
	got, err := db.Priorities(context.Background(), []string{"aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "dddddddddddd"})
	if want := (map[string]int{"aaaaaaaaaaaa": 2, "cccccccccccc": -1}); err != nil || !maps.Equal(got, want) {
		t.Errorf("priorities %v, want %v, %v", got, want, err)
	}
}

func TestStatesAndResolve(t *testing.T) {
	l, ids, db := shelf(t)
	ctx := context.Background()
	states, err := db.States(ctx, []string{ids["a"], ids["d"], ids["e"], "unknown"})
	l.must(err)
	want := map[string]mmibx.State{ids["a"]: mmibx.Done, ids["d"]: mmibx.Diverged, ids["e"]: mmibx.Lost}
	if fmt.Sprint(states) != fmt.Sprint(want) {
		t.Errorf("states are %v, want %v", states, want)
	}
	if id, err := db.Resolve(ctx, ids["a"][:8]); err != nil || id != ids["a"] {
		t.Errorf("resolved %s, %v", id, err)
	}
	for _, prefix := range []string{"zzz", "", "%"} {
		if _, err := db.Resolve(ctx, prefix); !errors.Is(err, mmibx.ErrNotFound) {
			t.Errorf("resolve %q: %v", prefix, err)
		}
	}
	if _, err := db.Run(ctx, "zzz"); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("run zzz: %v", err)
	}
	one := l.done(map[string]any{"seed": 77}, mmibx.Loss, 1)
	other := one[:11] + map[bool]string{true: "1", false: "0"}[one[11] == '0']
	h := l.header(map[string]any{"seed": 78})
	h.Run = other
	l.end(l.create(h), mmibx.Done)
	l.sync(db)
	if _, err := db.Resolve(ctx, one[:11]); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("an ambiguous prefix: %v", err)
	}
}

func TestSummaries(t *testing.T) {
	l, ids, db := shelf(t)
	h := l.header(map[string]any{"seed": 5})
	w := l.create(h)
	for step, m := range [][2]float64{{70, 9}, {85, 4}, {80, 3}} {
		l.must(w.Log(int64(step), mmibx.Metric{Name: mmibx.DevF1, Value: m[0]}, mmibx.Metric{Name: mmibx.RateText, Value: m[1]}))
	}
	l.end(w, mmibx.Done)
	l.sync(db)
	values, err := db.Summaries(context.Background(), mmibx.Done, []string{mmibx.RateText, mmibx.DevF1, mmibx.Loss}, Query{Filter: "model=mmib", IDs: []string{h.Run, ids["a"]}})
	l.must(err)
	if len(values) != 2 || values[0].Metric != mmibx.DevF1 || *values[0].Chosen != 85 {
		t.Fatalf("scores and rates are %+v", values)
	}
	if v := values[1]; v.Run != h.Run || v.Metric != mmibx.RateText || *v.Chosen != 4 || v.Last != 3 || v.Max != 9 {
		t.Errorf("rates are %+v", v)
	}
	l.must(Remove(l.store, ids["c"]))
	l.sync(db)
	values, err = db.Summaries(context.Background(), mmibx.Done, []string{mmibx.DevF1}, Query{})
	l.must(err)
	var scores []float64
	for _, v := range values {
		scores = append(scores, v.Max)
	}
	slices.Sort(scores)
	if fmt.Sprint(scores) != "[70 80 85]" {
		t.Errorf("scores are %v: c is in the bin, d and e are not done, f has none", scores)
	}
	h = l.header(map[string]any{"seed": 6})
	w = l.create(h)
	for step, f1 := range []float64{60, 65, 61} {
		l.must(w.Log(int64(step), mmibx.Metric{Name: mmibx.DevF1, Value: f1}))
	}
	l.end(w, mmibx.Pruned)
	l.sync(db)
	values, err = db.Summaries(context.Background(), mmibx.Pruned, []string{mmibx.DevF1}, Query{})
	l.must(err)
	if len(values) != 1 || values[0].Run != h.Run || *values[0].Chosen != 65 {
		t.Errorf("of pruned runs: %+v", values)
	}
	of, err := db.Values(context.Background(), []string{h.Run, ids["a"], ids["c"], ids["e"], ids["f"]}, mmibx.DevF1)
	if want := (map[string]float64{ids["a"]: 70, ids["c"]: 82}); err != nil || !maps.Equal(of, want) {
		t.Errorf("a search sees %v (%v), want %v: what is in the bin was tried too", of, err, want)
	}
	if of, err := db.Values(context.Background(), nil, mmibx.DevF1); err != nil || len(of) != 0 {
		t.Errorf("of no run: %v, %v", of, err)
	}
}

func TestPointsInParts(t *testing.T) {
	l := newLab(t)
	var values []float64
	for i := range 100 {
		values = append(values, float64(i*i%17))
	}
	run := l.done(nil, mmibx.Loss, values...)
	db := l.synced()
	whole := l.points(db, run, mmibx.Loss)
	var parts []mmibx.Point
	for after := int64(Start); ; {
		p, err := db.Points(context.Background(), run, mmibx.Loss, after, 7)
		l.must(err)
		if len(p) == 0 {
			break
		}
		parts = append(parts, p...)
		after = p[len(p)-1].Step
	}
	if !slices.Equal(whole, parts) || len(whole) != 100 {
		t.Errorf("%d points at once, %d in parts", len(whole), len(parts))
	}
	if age := time.Since(whole[99].At); age < 0 || age > time.Minute {
		t.Errorf("the last point is of %v", whole[99].At)
	}
}

// FuzzFilter: whatever is typed is a fault with a place, or SQL that SQLite takes.
func FuzzFilter(f *testing.F) {
	l := newLab(f)
	l.done(map[string]any{"seed": 1}, mmibx.DevF1, 70)
	db := l.synced()
	for _, seed := range []string{
		"model=mmib and ib.beta_text<0.1 and not (dev.f1>70 or tag in (a, 'b c'))", "started>=2026-01-31 or note ~ x*", "dev.f1:min is not missing",
		"seed != 3", "train.loss=nan", "model.key_mask=true", "tag is missing", "label=*é*",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		_, err := db.Count(context.Background(), Query{Filter: filter})
		var fault *FilterError
		if err != nil && (!errors.As(err, &fault) || fault.Pos < 0 || fault.Pos > len(filter)) {
			t.Errorf("%q: %v", filter, err)
		}
	})
}

// TestArms: arms are ordered by the mean over their runs that are done, and each
// has the runs that pass.
func TestArms(t *testing.T) {
	l, ids, db := shelf(t)
	l.done(map[string]any{"model": "text", "seed": 3}, mmibx.DevF1, 78) // with a the arm's mean is 74, below b and c
	l.sync(db)
	order := func(q Query) string {
		t.Helper()
		arms, err := db.Arms(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, a := range arms {
			fmt.Fprintf(&b, "%s%d ", a.Runs[0].Note, len(a.Runs))
			for _, r := range a.Runs {
				if r.Arm != a.Arm {
					t.Errorf("run %s of arm %s stands under %s", r.ID, r.Arm, a.Arm)
				}
			}
		}
		return strings.TrimSpace(b.String())
	}
	for _, c := range []struct {
		q    Query
		want string
	}{
		{Query{Sort: "-dev.f1", Filter: "dev.f1 is not missing"}, "c1 b1 a2"},
		{Query{Sort: "dev.f1", Filter: "state=done"}, "a3 b1 c1"},
		{Query{Sort: "-dev.f1", Filter: "state=done", Limit: 1, Offset: 1}, "b1"},
		{Query{Sort: "seed", Filter: "model=text and seed<3"}, "a2"},
	} {
		if got := order(c.q); got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
	l.must(Remove(l.store, ids["b"]))
	l.sync(db)
	if n, err := db.CountArms(t.Context(), Query{}); err != nil || n != 4 {
		t.Errorf("%d arms outside the bin (%v), want those of a, c, d and e", n, err)
	}
	if n, err := db.Count(t.Context(), Query{Filter: "state=done"}); err != nil || n != 4 {
		t.Errorf("%d runs (%v), want a, c, f and the new one", n, err)
	}
}

func TestComplete(t *testing.T) {
	_, _, db := shelf(t)
	for _, c := range []struct {
		filter, first string // the first word; "" where there is to be none
		from          int
	}{
		{"", "", 0}, // any key
		{"benchm", "benchmark", 0},
		{"gn.tau", "align.tau", 0}, // what holds it, too
		{"state", "", 0},           // is one
		{"state ", "=", 6},
		{"state=", "queued", 6},
		{"state=fa", "failed", 6},
		{"state in (failed, l", "lost", 18},
		{"tag=pa", "paper", 4},
		{"sweep!=", "beta", 7},
		{"model=text a", "and", 11},
		{"(not model=text) or mod", "model", 20},
		{"model=", "concat", 6},
		{"ib.size=3", "32", 8},
		{"model.key_mask=f", "false", 15},
		{"dev.f1>", "", 7},
		{"dev.f1 is ", "missing", 10},
		{"note='x", "", 7},
	} {
		at, err := db.Complete(t.Context(), c.filter)
		if err != nil || at.From != c.from {
			t.Errorf("%q: from %d, want %d (%v)", c.filter, at.From, c.from, err)
		}
		switch {
		case c.filter == "":
			if len(at.Words) < 50 || !slices.Contains(at.Words, "dev.f1") {
				t.Errorf("an empty filter may begin with %d words: %v", len(at.Words), at.Words)
			}
		case c.first == "" && c.filter != "state" && len(at.Words) > 0:
			t.Errorf("%q goes on with %v, want nothing", c.filter, at.Words)
		case c.first != "" && (len(at.Words) == 0 || at.Words[0] != c.first):
			t.Errorf("%q goes on with %v, want %s", c.filter, at.Words, c.first)
		}
	}
}

// TestCompleteOffersNoFault: whatever was typed, each word that is offered leaves no
// fault where it stands, unless there was one before it.
func TestCompleteOffersNoFault(t *testing.T) {
	_, _, db := shelf(t)
	pieces := []string{
		"state", "model.name", "dev.f1", "tag", "ib.size", "started", "sta", "not", "and", "or", "in", "is", "missing", "failed", "0.1", "'a b'", "'",
		"=", "!=", "<", "~", "(", ")", ",",
	}
	rapid.Check(t, func(t *rapid.T) {
		filter := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 7).Draw(t, "pieces"), " ") + rapid.SampledFrom([]string{"", " "}).Draw(t, "end")
		at, err := db.Complete(context.Background(), filter)
		if err != nil {
			t.Fatal(err)
		}
		if parseAt(filter[:at.From]) < at.From {
			return
		}
		for _, w := range at.Words {
			if pos := parseAt(filter[:at.From] + w); pos < at.From+len(w) {
				t.Fatalf("%q with %q is at fault at %d", filter, w, pos)
			}
		}
	})
}

// parseAt is where a filter's grammar is at fault, its length where it is not.
func parseAt(filter string) int {
	_, err := parse(filter)
	var fault *FilterError
	if errors.As(err, &fault) {
		return fault.Pos
	}
	return len(filter)
}
