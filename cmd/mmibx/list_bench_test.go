package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

// BenchmarkProcess is the program from its start to its end, on a store of 10,000
// runs of 20 points. Writing these journals is most of the wait; TMPDIR=/dev/shm
// shortens it.
func BenchmarkProcess(b *testing.B) {
	dir := b.TempDir()
	program, store := filepath.Join(dir, "mmibx"), mmibx.Store(filepath.Join(dir, "store"))
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	for i := range 10_000 {
		s, err := mmibx.Resolve(map[string]any{"benchmark": "mini-mnre", "model": "mmib", "seed": i % 5, "ib.beta_text": float64(1+i/5) / 1000})
		if err != nil {
			b.Fatal(err)
		}
		id := s.ID(mmibx.Inputs{})
		w, err := journal.Create(store.Journal(id, 1), journal.Header{Run: id, Arm: s.Arm(mmibx.Inputs{}), Attempt: 1, Spec: s.Values(), Started: time.Now()})
		for step := int64(0); step < 20 && err == nil; step++ {
			err = w.Log(step, mmibx.Metric{Name: mmibx.DevF1, Value: float64(i%1000) / 10})
		}
		if err == nil {
			err = w.Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if _, err := tracker.Sync(b.Context(), store); err != nil {
		b.Fatal(err)
	}
	for _, args := range []string{
		"fields", "runs list --limit 100", "runs list dev.f1>70 --sort -dev.f1 --limit 100", "runs list --by-arm --limit 100",
		"export metrics --format csv", "export points --format parquet",
	} {
		b.Run(args, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Command(program, append([]string{"--store", string(store)}, strings.Fields(args)...)...)
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %.300s", err, out)
				}
			}
		})
	}
}
