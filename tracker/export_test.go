package tracker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/tracker/journal"
)

// export writes a table as text.
func (l *lab) export(db *DB, name, format string, q ExportQuery) []byte {
	l.Helper()
	t, ok := LookupTable(name)
	if !ok {
		l.Fatal("no table ", name)
	}
	var b bytes.Buffer
	w, err := NewRowWriter(format, &b, t.Columns)
	l.must(err)
	l.must(db.Export(context.Background(), t, q, w.Row, nil))
	l.must(w.Close())
	return b.Bytes()
}

// fourStates is a store whose first run has a number of each state and two
// attempts, and whose second has another metric.
func fourStates(t testing.TB) (*lab, string, *DB) {
	l := newLab(t)
	h := l.header(map[string]any{"ib.beta_text": 0.25})
	w := l.create(h)
	for step, v := range []float64{2.5, math.NaN(), math.Inf(1), 99} {
		l.log(w, int64(step), mmibx.Loss, v)
	}
	l.must(w.Abandon())
	first := h.Run
	h.Attempt, h.ResumeAttempt, h.ResumeStep = 2, 1, 2
	w = l.create(h)
	l.log(w, 3, mmibx.Loss, math.Inf(-1))
	l.end(w, mmibx.Done)
	l.done(map[string]any{"seed": 3}, mmibx.DevF1, 61.25, 60)
	l.must(Tag(l.store, []string{first}, "with, comma", `with "quotes"`))
	l.must(Note(l.store, []string{first}, "two\nlines"))
	return l, first, l.synced()
}

func TestExportText(t *testing.T) {
	l, run, db := fourStates(t)
	at := func(text string) string { // times vary
		lines := strings.Split(strings.TrimSpace(text), "\n")
		for i, line := range lines {
			if cut := strings.LastIndexAny(line, ",{"); cut > 0 {
				lines[i] = line[:cut]
			}
		}
		return strings.ReplaceAll(strings.Join(lines, "\n"), run, "RUN")
	}
	points := ExportQuery{Query: Query{IDs: []string{run}}}
	if got, want := at(string(l.export(db, "points", "csv", points))), `run,metric,step,value,kind,attempt
RUN,train.loss,0,2.5,finite,1
RUN,train.loss,1,NaN,nan,1
RUN,train.loss,2,+Inf,+inf,1
RUN,train.loss,3,-Inf,-inf,2`; got != want {
		t.Errorf("points as CSV:\n%s\nwant:\n%s", got, want)
	}
	if got, want := at(string(l.export(db, "points", "jsonl", points))), `{"run":"RUN","metric":"train.loss","step":0,"value":2.5,"kind":"finite","attempt":1
{"run":"RUN","metric":"train.loss","step":1,"value":"NaN","kind":"nan","attempt":1
{"run":"RUN","metric":"train.loss","step":2,"value":"+Inf","kind":"+inf","attempt":1
{"run":"RUN","metric":"train.loss","step":3,"value":"-Inf","kind":"-inf","attempt":2`; got != want {
		t.Errorf("points as JSON lines:\n%s\nwant:\n%s", got, want)
	}
	metrics := string(l.export(db, "metrics", "csv", ExportQuery{Query: Query{Filter: "train.loss is not missing or seed=3", Sort: "seed"}}))
	if want := "run,metric,n,last,last_kind,last_step,min,min_step,max,max_step\n" + run + ",train.loss,4,-Inf,-inf,3,2.5,0,2.5,0\n"; !strings.HasPrefix(metrics, want) {
		t.Errorf("metrics:\n%s\nwant to begin with:\n%s", metrics, want)
	}
	params := string(l.export(db, "params", "csv", points))
	for _, want := range []string{"\n" + run + ",ib.beta_text,real,0.25,\n", "\n" + run + ",benchmark,text,,mini-mnre\n", "\n" + run + ",model.key_mask,bool,"} {
		if !strings.Contains(params, want) {
			t.Errorf("params lack %q:\n%s", want, params)
		}
	}
}

func TestExportChooses(t *testing.T) {
	_, run, db := fourStates(t)
	for want, q := range map[string]ExportQuery{
		"0 61.25 1 60":                   {Query: Query{Filter: "seed=3"}},
		"0 2.5 1 NaN 2 +Inf 3 -Inf":      {Metrics: []string{"train.*"}},
		"":                               {Query: Query{IDs: []string{run}}, Metrics: []string{"dev.f1", "nothing"}},
		"0 61.25 1 60 0 2.5 1 NaN 2 +In": {Query: Query{Sort: "-seed"}, Metrics: []string{"dev.*", "train.loss"}},
	} {
		points, _ := LookupTable("points")
		var got []string
		heard := ""
		err := db.Export(context.Background(), points, q, func(v []any) error {
			got = append(got, fmt.Sprint(v[2], " ", v[3]))
			return nil
		}, func(runs, of int) { heard = fmt.Sprint(runs, of) })
		if text := strings.Join(got, " "); err != nil || !strings.HasPrefix(text, want) || want == "" && text != "" {
			t.Errorf("%+v: %q, %v, want %q", q, text, err, want)
		}
		if heard != "1 1" && heard != "2 2" {
			t.Errorf("%+v: progress ended with %q", q, heard)
		}
	}
	params, _ := LookupTable("params")
	err := db.Export(context.Background(), params, ExportQuery{Metrics: []string{"dev.*"}}, nil, nil)
	if !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("metrics of params: %v", err)
	}
	if err := db.Export(context.Background(), params, ExportQuery{Query: Query{Filter: "seed=x"}}, nil, nil); !strings.Contains(fmt.Sprint(err), "a number") {
		t.Errorf("a bad filter: %v", err)
	}
}

// Every column of the views is exported, but for one that params says twice.
func TestExportHasTheColumnsOfTheViews(t *testing.T) {
	_, _, db := fourStates(t)
	for _, table := range Tables {
		var names []string
		for _, c := range table.Columns {
			names = append(names, c.Name)
		}
		rows, err := db.read.Query("SELECT name FROM pragma_table_info(?) WHERE name <> 'value' OR ? = 'points'", table.Name, table.Name)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			want = append(want, name)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(names) != fmt.Sprint(want) {
			t.Errorf("%s exports %v, the view has %v", table.Name, names, want)
		}
	}
}

// An export is one state of the database, whatever is synced while it goes on.
func TestExportIsOneState(t *testing.T) {
	l, _, db := fourStates(t)
	points, _ := LookupTable("points")
	n := 0
	err := db.Export(context.Background(), points, ExportQuery{}, func([]any) error {
		if n++; n == 1 {
			l.done(map[string]any{"seed": 4}, mmibx.Loss, 1, 2, 3)
			if l.sync(db).Points != 3 {
				t.Error("nothing was synced")
			}
		}
		return nil
	}, nil)
	if err != nil || n != 6 {
		t.Errorf("%d points, %v, want the 6 that were there", n, err)
	}
}

const readExports = `
import sys, math
import pandas as pd
folder, run = sys.argv[1:]
read_csv = lambda p: pd.read_csv(p, keep_default_na=False, na_values=["", "NaN"])  # else the kind nan is read as missing
for name, read in {"csv": read_csv, "jsonl": lambda p: pd.read_json(p, lines=True), "parquet": pd.read_parquet}.items():
    points = read(f"{folder}/points.{name}")
    assert points.value.dtype == "float64", (name, points.dtypes)
    loss = points[points.metric == "train.loss"].sort_values("step")
    v = list(loss.value)
    assert v[0] == 2.5 and math.isnan(v[1]) and v[2] == math.inf and v[3] == -math.inf and len(v) == 4, (name, v)
    assert list(loss.kind) == ["finite", "nan", "+inf", "-inf"], (name, loss)
    assert points.step.dtype == "int64" and list(loss.attempt) == [1, 1, 1, 2], (name, points.dtypes)
    at = pd.to_datetime(points["at"], utc=True)
    assert abs((at - pd.Timestamp.now(tz="UTC")).dt.total_seconds()).max() < 3600, (name, at)
    runs = read(f"{folder}/runs.{name}")
    r = runs[runs.id == run].iloc[0]
    assert r.note == "two\nlines" and r.tags == 'with "quotes" with, comma', (name, r)
    assert r.attempts == 2 and r.binned == False and r.state == "done" and r.seconds >= 0, (name, r)
    metrics = read(f"{folder}/metrics.{name}")
    m = metrics[metrics.run == run].iloc[0]
    assert m.n == 4 and m["last"] == -math.inf and m["min"] == 2.5 and m["last_kind"] == "-inf", (name, m)
    params = read(f"{folder}/params.{name}")
    p = params[(params.run == run) & (params.key == "ib.beta_text")].iloc[0]
    assert p.number == 0.25 and pd.isna(p.text), (name, p)
    print(name, len(points), len(runs))
odd = pd.read_parquet(f"{folder}/points.parquet", dtype_backend="pyarrow").value
assert odd.isna().sum() == 0, odd  # NaN is a value there, missing is not
runs = pd.read_parquet(f"{folder}/runs.parquet")
assert str(runs.started.dtype).startswith("datetime64[ms"), runs.started.dtype
`

func TestPandasReadsExports(t *testing.T) {
	python := needs.Python(t, "pandas", "pyarrow")
	l, run, db := fourStates(t)
	folder := t.TempDir()
	for _, table := range Tables {
		for _, format := range Formats {
			l.must(os.WriteFile(filepath.Join(folder, table.Name+"."+format), l.export(db, table.Name, format, ExportQuery{}), 0o600))
		}
	}
	out, err := exec.Command(python, "-c", readExports, folder, run).CombinedOutput()
	if got, want := strings.TrimSpace(string(out)), "csv 6 2\njsonl 6 2\nparquet 6 2"; err != nil || got != want {
		t.Errorf("%v: %s", err, got)
	}
}

// A run of another program or another time has no benchmark, an odd key and no
// end; it is exported all the same.
func TestExportOfStrangeRuns(t *testing.T) {
	l := newLab(t)
	w := l.create(journal.Header{Run: "00", Attempt: 1, Spec: map[string]any{"list": []int{1, 2}, "on": true}, Started: time.Now()})
	l.log(w, -5, "läuft", 1e300)
	db := l.synced()
	for _, table := range Tables {
		for _, format := range Formats {
			if got := l.export(db, table.Name, format, ExportQuery{}); format == "csv" && bytes.Count(got, []byte("\n")) < 2 {
				t.Errorf("%s: %s", table.Name, got)
			}
		}
	}
	if got := string(l.export(db, "params", "jsonl", ExportQuery{})); got != `{"run":"00","key":"list","type":"text","number":null,"text":"[1,2]"}
{"run":"00","key":"on","type":"bool","number":1,"text":null}
` {
		t.Errorf("params:\n%s", got)
	}
}
