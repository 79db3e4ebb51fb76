package tracker

import (
	"math"
	"os/exec"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/internal/needs"
)

// The views as stock SQLite shows them, while the database is open for writing.
func TestViewsInStockSQLite(t *testing.T) {
	program := needs.Program(t, "sqlite3")
	l, _, db := shelf(t)
	for query, want := range map[string]string{
		"SELECT state, count(*) FROM runs GROUP BY state ORDER BY state":                                                 "diverged|1\ndone|4\nlost|1",
		"SELECT model, tags, note, sweeps FROM runs WHERE note = 'a'":                                                    "text|main paper|a|beta",
		"SELECT type, number, value FROM params p JOIN runs r ON r.id = p.run WHERE note = 'b' AND key = 'ib.beta_text'": "real|0.01|0.01",
		"SELECT type, value FROM params p JOIN runs r ON r.id = p.run WHERE note = 'c' AND key = 'model.key_mask'":       "bool|0",
		"SELECT n, last, max, max_step FROM metrics m JOIN runs r ON r.id = m.run WHERE note = 'a'":                      "2|60.0|70.0|0",
		"SELECT step, value, kind FROM points p JOIN runs r ON r.id = p.run WHERE note = 'a'":                            "0|70.0|finite\n1|60.0|finite",
		"SELECT last_kind, min_step FROM metrics m JOIN runs r ON r.id = m.run WHERE note = 'f'":                         "finite|0",
		"SELECT count(*) FROM looks":                                       "0",
		"PRAGMA integrity_check":                                           "ok",
		"PRAGMA foreign_key_check":                                         "",
		"SELECT count(*) FROM entries":                                     "8",
		"SELECT started LIKE '20__-__-__T__:__:__.___Z' FROM runs LIMIT 1": "1",
	} {
		out, err := exec.Command(program, "-readonly", l.store.Database(), query).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s:\ngot  %s (%v)\nwant %s", query, got, err, want)
		}
	}
	l.must(db.Close())
}

const pandas = `
import sqlite3, sys
import pandas as pd
db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
points = pd.read_sql("SELECT * FROM points", db)
runs = pd.read_sql("SELECT * FROM runs", db, parse_dates=["started", "finished"])
assert points.value.dtype == "float64", points.dtypes
assert list(points[points.metric == "train.loss"].kind) == ["finite", "nan", "+inf"], points
assert points.value.isna().sum() == 2
assert runs.started.dt.year.min() > 2000
params = pd.read_sql("SELECT * FROM params", db).set_index("key")
assert params.number.dtype == "float64", params.dtypes
assert params.number["ib.beta_text"] == 0.01 and params.number["model.key_mask"] == 1 and params.number["seed"] == 0, params.number
assert params.text["model.name"] == "mmib" and params.text.isna()["seed"] and params.number.isna()["model.name"]
assert set(params.type) == {"int", "real", "text", "bool"}, params.type
metrics = pd.read_sql("SELECT * FROM metrics", db).set_index("metric").loc["train.loss"]
assert metrics["n"] == 3 and metrics.last_kind == "+inf" and pd.isna(metrics["last"]) and metrics.last_step == 2, metrics
assert metrics["min"] == metrics["max"] == 2.5 and metrics.max_step == 0, metrics
print(len(runs), points.value.max())
`

func TestViewsInPandas(t *testing.T) {
	python := needs.Python(t, "pandas")
	l := newLab(t)
	l.done(map[string]any{"ib.beta_text": 0.01}, "train.loss", 2.5, math.NaN(), math.Inf(1))
	l.must(l.synced().Close())
	out, err := exec.Command(python, "-c", pandas, l.store.Database()).CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != "1 2.5" {
		t.Errorf("%v: %s", err, got)
	}
}
