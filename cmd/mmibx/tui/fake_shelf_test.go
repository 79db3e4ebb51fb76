package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/audit"
	"github.com/mmibx/mmibx/datasets"
)

// fakeShelf has one benchmark as it is known, one that differs, one that is not
// there, and one that cannot be read; the audit of the first finds a leak.
type fakeShelf struct{ *fake }

func (f fakeShelf) Benchmark(_ context.Context, name string) (BenchmarkInfo, error) {
	var info BenchmarkInfo
	info.Benchmark, _ = mmibx.LookupBenchmark(name)
	info.Where = "data/" + name
	switch name {
	case "mnre":
		return info, nil
	case "mini-mnre":
		return info, errors.New("train.txt line 7: found B-DOG, expected one of PER, LOC, ORG, MISC")
	case "twitter2015":
		info.Faults = []string{"test has 5237 mentions, published are 5207"}
	}
	info.Found, info.Version, info.Labels = true, "UMT", []string{"PER", "LOC", "ORG", "MISC"}
	info.Captions, info.Pictures = []string{"blip2", "catr"}, "data/"+name+"/images"
	info.Digests = []Pair{{"train.txt", "9f86d081884c7d659a2feaa0c55ad015"}}
	for i, split := range mmibx.Splits {
		info.Counts = append(info.Counts, datasets.Counts{
			Split: split, Tweets: 3373 / (i + 1), Words: 50_000, Pictures: 3000, Blank: 3, Mentions: 6049 / (i + 1),
			Labels: map[string]int{"PER": 2943 / (i + 1), "LOC": 731, "ORG": 1674, "MISC": 701},
		})
	}
	return info, f.err
}

func (f fakeShelf) Samples(_ context.Context, q SampleQuery) (SamplePage, error) {
	page := SamplePage{Of: q}
	for i := range 1000 {
		a := fakeAnswers("", q.Split).Examples[i%len(tweets)]
		e := *a.Example
		e.ID = fmt.Sprintf("%s:%d", q.Split, i)
		a.Example, a.Predicted, a.Mistakes, a.Others = &e, nil, nil, false
		page.All++
		if !strings.Contains(e.ID+" "+strings.Join(e.Tokens, " "), q.Words) {
			continue
		}
		if page.Total++; page.Total > q.From && len(page.Rows) < q.Limit {
			page.Rows = append(page.Rows, Sample{Answer: a, Captions: []Pair{{"blip2", a.Caption}, {"catr", "a 人"}}})
		}
	}
	return page, f.err
}

func (f fakeShelf) Audit(ctx context.Context, name string, tell func(string, int, int)) (*audit.Report, error) {
	tell("permuting labels", 3, 99)
	if err := f.tell("audit %s", name); err != nil {
		return nil, err
	}
	return &audit.Report{
		Benchmark: name, Split: mmibx.Train, Leak: true,
		Sources: []audit.Source{
			{Kind: "captions", Name: "blip2", Tests: []audit.Test{{Target: "any entity", Family: "count", Effect: 0.2, P: 0.4}}},
			{Kind: "crops", Leak: true, Tests: []audit.Test{{Target: "any entity", Family: "count", Effect: 1, P: 0.01}, {Target: "types present", Family: "order", Effect: 31.4, P: 0.01, Leak: true}}},
		},
		Overlaps: []audit.Overlap{{First: mmibx.Train, Second: mmibx.Test, Exact: 12, Near: 30, Pictures: 7}},
		Pictures: []audit.PictureCounts{{Split: mmibx.Train, Named: 3000, Missing: 2, Known: 358}},
	}, ctx.Err()
}
