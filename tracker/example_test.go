package tracker_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

// A program of one's own logs two runs, and asks for the better one.
func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store := mmibx.Store(dir) // mmibx --store DIR shows it

	for _, rate := range []float64{0.5, 0.1} {
		run, err := tracker.NewRun(store, "gradient descent", map[string]any{"rate": rate, "start": 3})
		if err != nil {
			log.Fatal(err)
		}
		x := 3.0
		for step := range int64(4) {
			if err := run.Log(step, mmibx.Metric{Name: "loss", Value: x * x}); err != nil {
				log.Fatal(err)
			}
			x -= rate * 2 * x
		}
		if err := run.Finish(nil); err != nil {
			log.Fatal(err)
		}
	}
	_, err = tracker.NewRun(store, "gradient descent", map[string]any{"rate": 0.5, "start": 3})
	fmt.Println("again:", errors.Is(err, tracker.ErrDone))

	ctx := context.Background()
	db, err := tracker.Open(store)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Sync(ctx); err != nil {
		log.Fatal(err)
	}
	runs, err := db.Runs(ctx, tracker.Query{Filter: "start=3 and loss<5", Sort: "loss", Columns: []string{"rate", "loss"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range runs {
		fmt.Println(r.Model, r.State, r.Values["rate"], r.Values["loss"])
	}
	points, err := db.Points(ctx, runs[1].ID, "loss", tracker.Start, 0)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range points {
		fmt.Printf("step %d: %.3f\n", p.Step, p.Value)
	}
	// Output:
	// again: true
	// gradient descent done 0.5 0
	// gradient descent done 0.1 2.359296
	// step 0: 9.000
	// step 1: 5.760
	// step 2: 3.686
	// step 3: 2.359
}
