package mmibx

import "slices"

// Benchmark is what a plan must know of a benchmark without opening it.
type Benchmark struct {
	Name  string
	Title string // as figures and tables print it
	Task  Task
	// Miniature benchmarks are generated, not read; their best scores are known.
	Miniature bool
	// Own benchmarks are the user's: a benchmark.toml in the folder of the name
	// describes them.
	Own bool
	// Evidence lists the kinds of evidence that exist for it, the usual one first.
	Evidence []string
}

// Benchmarks lists the benchmarks in the order in which tables show them: those
// that are built in, and then the user's own.
var Benchmarks = []Benchmark{
	{Name: "twitter2015", Title: "Twitter-2015", Task: MNER, Evidence: []string{"captions", "pixels", "features"}},
	{Name: "twitter2017", Title: "Twitter-2017", Task: MNER, Evidence: []string{"captions", "pixels", "features"}},
	{Name: "mnre", Title: "MNRE", Task: MRE, Evidence: []string{"captions", "pixels", "features"}},
	{Name: "mini-twitter2015", Title: "mini Twitter-2015", Task: MNER, Miniature: true, Evidence: []string{"grid", "pixels"}},
	{Name: "mini-twitter2017", Title: "mini Twitter-2017", Task: MNER, Miniature: true, Evidence: []string{"grid", "pixels"}},
	{Name: "mini-mnre", Title: "mini MNRE", Task: MRE, Miniature: true, Evidence: []string{"grid", "pixels"}},
}

// RegisterBenchmark makes a benchmark of the user's own known under its name; what
// was known of it before is forgotten. It answers false, and does nothing, for
// the name of one that is not the user's. A program does so before its first
// spec, from one goroutine.
func RegisterBenchmark(b Benchmark) bool {
	i := slices.IndexFunc(Benchmarks, func(known Benchmark) bool { return known.Name == b.Name })
	switch {
	case i < 0:
		Benchmarks = append(Benchmarks, b)
	case Benchmarks[i].Own:
		Benchmarks[i] = b
	default:
		return false
	}
	return true
}

// BenchmarkNames lists the names of Benchmarks.
func BenchmarkNames() []string {
	names := make([]string, len(Benchmarks))
	for i, b := range Benchmarks {
		names[i] = b.Name
	}
	return names
}

// LookupBenchmark finds a benchmark by name.
func LookupBenchmark(name string) (Benchmark, bool) {
	i := slices.IndexFunc(Benchmarks, func(b Benchmark) bool { return b.Name == name })
	if i < 0 {
		return Benchmark{}, false
	}
	return Benchmarks[i], true
}
