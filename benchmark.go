package mmibx

import "slices"

// Benchmark is what a plan must know of a benchmark without opening it.
type Benchmark struct {
	Name  string
	Title string // as figures and tables print it
	Task  Task
	// Miniature benchmarks are generated, not read; their best scores are known.
	Miniature bool
	// Evidence lists the kinds of evidence that exist for it, the usual one first.
	Evidence []string
}

// Benchmarks lists the benchmarks in the order in which tables show them.
var Benchmarks = []Benchmark{
	{Name: "twitter2015", Title: "Twitter-2015", Task: MNER, Evidence: []string{"captions", "pixels", "features"}},
	{Name: "twitter2017", Title: "Twitter-2017", Task: MNER, Evidence: []string{"captions", "pixels", "features"}},
	{Name: "mnre", Title: "MNRE", Task: MRE, Evidence: []string{"captions", "pixels", "features"}},
	{Name: "mini-twitter2015", Title: "mini Twitter-2015", Task: MNER, Miniature: true, Evidence: []string{"grid", "pixels"}},
	{Name: "mini-twitter2017", Title: "mini Twitter-2017", Task: MNER, Miniature: true, Evidence: []string{"grid", "pixels"}},
	{Name: "mini-mnre", Title: "mini MNRE", Task: MRE, Miniature: true, Evidence: []string{"grid", "pixels"}},
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
