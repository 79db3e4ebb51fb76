package mmibx

import (
	"maps"
	"slices"
	"sync/atomic"
)

// Benchmark is what a plan must know of a benchmark without opening it.
type Benchmark struct {
	Name  string `json:"name"`
	Title string `json:"title"` // as figures and tables print it
	Task  Task   `json:"task"`
	// Miniature benchmarks are generated, not read; their best scores are known.
	Miniature bool `json:"miniature,omitempty"`
	// Own benchmarks are the user's: a benchmark.toml in the folder of the name
	// describes them. Where that folder is not at hand, they are known as the journals
	// of their runs describe them.
	Own bool `json:"own,omitempty"`
	// Evidence lists the kinds of evidence that exist for it, the usual one first.
	Evidence []string `json:"evidence"`
}

// builtIn lists the benchmarks that need no description.
var builtIn = []Benchmark{
	{Name: "twitter2015", Title: "Twitter-2015", Task: MNER, Evidence: []string{"captions", "pixels", "features"}},
	{Name: "twitter2017", Title: "Twitter-2017", Task: MNER, Evidence: []string{"captions", "pixels", "features"}},
	{Name: "mnre", Title: "MNRE", Task: MRE, Evidence: []string{"captions", "pixels", "features"}},
	{Name: "mini-twitter2015", Title: "mini Twitter-2015", Task: MNER, Miniature: true, Evidence: []string{"grid", "pixels"}},
	{Name: "mini-twitter2017", Title: "mini Twitter-2017", Task: MNER, Miniature: true, Evidence: []string{"grid", "pixels"}},
	{Name: "mini-mnre", Title: "mini MNRE", Task: MRE, Miniature: true, Evidence: []string{"grid", "pixels"}},
}

// registered holds builtIn and what was registered since; a list is never changed
// once it is there, since goroutines read it.
var registered atomic.Pointer[[]Benchmark]

func init() { registered.Store(&builtIn) }

// Benchmarks lists the benchmarks in the order in which tables show them: those
// that are built in, and then the user's own.
func Benchmarks() []Benchmark { return slices.Clone(*registered.Load()) }

// RegisterBenchmark makes a benchmark of the user's own known under its name; what
// was known of it before is forgotten. It answers false, and does nothing, for
// the name of one that is not the user's.
func RegisterBenchmark(b Benchmark) bool {
	for {
		old := registered.Load()
		list := slices.Clone(*old)
		i := slices.IndexFunc(list, func(known Benchmark) bool { return known.Name == b.Name })
		switch {
		case i < 0:
			list = append(list, b)
		case !list[i].Own:
			return false
		default:
			list[i] = b
		}
		if registered.CompareAndSwap(old, &list) {
			return true
		}
	}
}

// BenchmarkNames lists the names of Benchmarks.
func BenchmarkNames() []string {
	list := *registered.Load()
	names := make([]string, len(list))
	for i, b := range list {
		names[i] = b.Name
	}
	return names
}

// LookupBenchmark finds a benchmark by name.
func LookupBenchmark(name string) (Benchmark, bool) {
	list := *registered.Load()
	i := slices.IndexFunc(list, func(b Benchmark) bool { return b.Name == name })
	if i < 0 {
		return Benchmark{}, false
	}
	return list[i], true
}

// BenchmarksOf lists the benchmarks that runs are of, each once, in the order in
// which tables show them. One that is not known here, whose runs are no less true, stands
// behind the others with its name as its title.
func BenchmarksOf[Run any](runs []Run, name func(Run) string) []Benchmark {
	found := map[string]bool{}
	for _, r := range runs {
		found[name(r)] = true
	}
	var list []Benchmark
	for _, b := range Benchmarks() {
		if found[b.Name] {
			list = append(list, b)
			delete(found, b.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		list = append(list, Benchmark{Name: name, Title: name, Own: true})
	}
	return list
}
