package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker/journal"
)

// BenchmarkTableOfTenThousandRuns is from an open database to the LaTeX of a
// table with a row for each of 2,000 arms of five seeds.
func BenchmarkTableOfTenThousandRuns(b *testing.B) {
	var betas []string
	for i := range 2000 {
		betas = append(betas, fmt.Sprint(float64(i+1)/10_000))
	}
	store := plannedStore(b, "name = \"big\"\nbenchmarks = [\"mini-mnre\"]\nseeds = 5\n[base]\nmodel = \"mmib\"\n[grid]\nib.beta = ["+strings.Join(betas, ",")+"]\n",
		func(_ mmibx.Store, w *journal.Writer, place int, _ *experiments.Cell) mmibx.State {
			logged(b, w, 1, 50+float64(place%400)/10)
			return mmibx.Done
		})
	a := &app{storeDir: string(store), dataDir: b.TempDir()}
	db, err := a.synced(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	d := reports.NewDeclaration("big")
	d.Sweeps = []string{"big"}
	for b.Loop() {
		t, err := a.table(b.Context(), db, d, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		var out strings.Builder
		if err := t.LaTeX(&out); err != nil || out.Len() < 100_000 {
			b.Fatal(err, out.Len())
		}
	}
}
