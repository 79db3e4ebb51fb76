package tui

import (
	"context"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/audit"
	"github.com/mmibx/mmibx/datasets"
)

// Shelf is the benchmarks, whatever the store. Its methods are called as those of
// Reader are, but Audit takes minutes.
type Shelf interface {
	// Benchmark opens one and holds it against what is known of its name.
	Benchmark(ctx context.Context, name string) (BenchmarkInfo, error)
	// Samples reads a page of a split.
	Samples(ctx context.Context, q SampleQuery) (SamplePage, error)
	// Audit looks for leaks; tell hears how far it is. It ends with its context.
	Audit(ctx context.Context, name string, tell func(doing string, done, total int)) (*audit.Report, error)
}

// BenchmarkInfo is a benchmark as its folder has it.
type BenchmarkInfo struct {
	mmibx.Benchmark
	Found    bool
	Where    string // folder that it lies or belongs in, "" when it is generated
	Version  string
	Faults   []string // what tells it from the one that is known; none is good
	Labels   []string
	Counts   []datasets.Counts // by split
	Captions []string          // captioners whose files are there
	Features []string          // feature files that are there
	Pictures string            // folder of pictures, "" where there is none
	Digests  []Pair            // SHA-256 by file
}

// SampleQuery says which examples.
type SampleQuery struct {
	Benchmark   string
	Split       mmibx.Split
	Words       string // that each holds among its words, labels or id
	From, Limit int
}

// SamplePage is what was found.
type SamplePage struct {
	Of    SampleQuery
	Total int // that hold the words
	All   int
	Rows  []Sample
}

// Sample is an example with what stands for its picture.
type Sample struct {
	Answer
	Captions []Pair // by captioner
}
