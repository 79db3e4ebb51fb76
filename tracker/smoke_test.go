package tracker

import (
	"context"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

func TestSmoke(t *testing.T) {
	store := mmibx.Store(t.TempDir())
	w, err := journal.Create(store.Journal("abc", 1), journal.Header{Run: "abc", Arm: "x", Attempt: 1, Started: time.Now(),
		Spec: map[string]any{"benchmark": "mini-mnre", "model.name": "text", "seed": 3, "train.lr": 1.0}, Sweep: "s"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		w.Log(int64(i), mmibx.Metric{Name: mmibx.Loss, Value: 1 / float64(i)}, mmibx.Metric{Name: mmibx.DevF1, Value: float64(i)})
	}
	w.Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()})
	db, err := Open(store)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	t.Log(db.Sync(ctx))
	t.Log(db.Sync(ctx))
	t.Log(db.Runs(ctx, Query{Filter: "model=text and dev.f1>7 and not tag=x and train.lr in (1, 2)", Sort: "-dev.f1"}))
	t.Log(db.Points(ctx, "abc", mmibx.Loss, Start, 3))
	t.Log(db.Metrics(ctx, "abc"))
	t.Log(db.Summaries(ctx, mmibx.Loss, ""))
}
