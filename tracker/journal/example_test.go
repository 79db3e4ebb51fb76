package journal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// A program of one's own logs into a store by writing the journal of an attempt.
// While it does, it holds the lock of the run (see mmibx.Store.RunLock), so that
// others see it running.
func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := mmibx.Store(filepath.Join(dir, "mmibx-runs")).Journal("4f1c9a0b11ee", 1)

	w, err := journal.Create(path, journal.Header{Run: "4f1c9a0b11ee", Attempt: 1, Spec: map[string]any{"depth": 3}, Started: time.Now()})
	if err != nil {
		fmt.Println(err)
		return
	}
	for step := range int64(3) {
		if err := w.Log(step, mmibx.Metric{Name: mmibx.Loss, Value: 1 / float64(step+1)}); err != nil {
			fmt.Println(err)
		}
	}
	if err := w.Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()}); err != nil {
		fmt.Println(err)
	}

	_, err = journal.Read(path, 0, func(r journal.Record) error {
		switch r.Type {
		case journal.TypePoints:
			fmt.Printf("step %d: %s is %.2f\n", r.Step, r.Metrics[0].Name, r.Metrics[0].Value)
		case journal.TypeTrailer:
			fmt.Println(r.Trailer.State)
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// step 0: train.loss is 1.00
	// step 1: train.loss is 0.50
	// step 2: train.loss is 0.33
	// done
}
