package tui

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mmibx/mmibx"
)

// noon is when every test happens.
var noon = time.Date(2026, 11, 24, 14, 2, 11, 0, time.UTC)

// fake is a store in which the study of betas is under way, and the remote
// control of a runner that writes down what it is told.
type fake struct {
	mu     sync.Mutex
	board  Board
	empty  bool
	err    error
	told   []string
	judged []string // comparisons that were asked for
	tables []string // baselines of the tables that were made
	curves []string // runs whose curves were read
	whole  []string // runs that were read as a whole
	reads  int
}

func newFake() *fake { return &fake{board: fakeBoard()} }

// fakeEnv is what screens get in tests.
func fakeEnv(f *fake) *env {
	archive := newFakeArchive(f)
	return &env{reader: f, control: f, judge: f, author: f, press: f, archive: archive, curator: archive, shelf: fakeShelf{f}, monitor: fakeMonitor{f}, habits: fakeHabits{f, map[string]string{}}, shell: fakeShell{fake: f}, live: f.live, shares: map[string]float64{}, clock: func() time.Time { return noon }, store: "~/paper/mmibx-runs"}
}

func (f *fake) Studies(context.Context) ([]Study, error) {
	return []Study{
		{"demo", "The whole line, small", "Does everything work here, from the sweep to the table?"},
		{"beta", "The weights of the two KL terms", "How much must the bottleneck forget of the tweet, and how much of its picture?"},
		{"bottleneck", "The width of the latents", "Is it the width or the noise that limits what passes?"},
		{"temperature", "The temperature of InfoNCE", "How sharp may the contrast be before it hurts?"},
		{"noise", "Shuffled pictures", "From which share of wrong pictures on is text alone better?"},
	}, f.err
}

func (f *fake) Plan(_ context.Context, study string, workers int) (Plan, error) {
	studies, _ := f.Studies(context.Background())
	i := slices.IndexFunc(studies, func(s Study) bool { return s.Name == study })
	if i < 0 {
		return Plan{}, fmt.Errorf("study %q: %w", study, mmibx.ErrNotFound)
	}
	p := Plan{Study: studies[i], Estimate: fmt.Sprintf("about 3h20m for 273 runs, %d at once with 1 thread each: 200 by the same arm, 73 by similar runs", workers), Axes: f.board.Axes, Seeds: 5, Total: f.board.Total, Collapsed: 24, Counts: Counts{mmibx.Done: 12, mmibx.Queued: f.board.Total - 12}}
	for i, a := range f.board.Arms {
		arm := PlanArm{Benchmark: a.Benchmark, Label: a.Label, Seeds: 5}
		if i < 2 {
			arm.Done = 5
		}
		p.Arms = append(p.Arms, arm)
	}
	return p, f.err
}

func (f *fake) Sweeps(context.Context) ([]Sweep, error) {
	if f.empty {
		return nil, f.err
	}
	return []Sweep{
		{Name: "beta-study", Live: true, Counts: f.board.Counts, Total: f.board.Total, Updated: noon.Add(-time.Second)},
		{Name: "demo", Counts: Counts{mmibx.Done: 42}, Total: 42, Updated: noon.Add(-26 * time.Hour)},
		{Name: "noise", Counts: Counts{mmibx.Done: 31, mmibx.Lost: 2, mmibx.Queued: 12}, Total: 45, Updated: noon.Add(-3 * time.Hour)},
	}, f.err
}

// live names the live sweeps.
func (f *fake) live(ctx context.Context) ([]string, error) {
	sweeps, err := f.Sweeps(ctx)
	var names []string
	for _, s := range sweeps {
		if s.Live {
			names = append(names, s.Name)
		}
	}
	return names, err
}

func (f *fake) Overview(context.Context) (Overview, error) {
	if f.empty {
		return Overview{}, f.err
	}
	o := Overview{Used: 1_412_000_000, Free: 88_000_000_000, Lately: f.board.Events}
	for _, r := range f.board.Runs {
		if r.State == mmibx.Failed || r.State == mmibx.Diverged {
			o.Attention = append(o.Attention, Attention{r, "beta-study", noon.Add(-4 * time.Minute)})
		}
	}
	o.Attention = append(o.Attention, Attention{RunRow{ID: "0c0ffee00aa1", Label: "umt 文字", Benchmark: "mnre", State: mmibx.Lost, Error: "the process ended without a word", Dev: math.NaN()}, "", noon.Add(-30 * time.Hour)})
	o.Best = []Best{
		{"mnre", "mmib  β .001", 69.4, 0.5, 5, "b01000aa11bb"}, {"twitter2015", "concat", 76.0, math.NaN(), 1, "b01100aa11bb"},
		{"twitter2017", "mmib  β .01  d 64", 83.4, 0.2, 5, "4f1c9a77ab02"},
	}
	return o, f.err
}

func (f *fake) Board(context.Context, string) (Board, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	return f.board, f.err
}

func (f *fake) Rows(_ context.Context, runs []string) ([]RunRow, error) {
	return slices.DeleteFunc(slices.Clone(f.board.Runs), func(r RunRow) bool { return !slices.Contains(runs, r.ID) }), f.err
}

func (f *fake) Run(_ context.Context, run string) (Run, error) {
	f.whole = append(f.whole, run)
	i := slices.IndexFunc(f.board.Runs, func(r RunRow) bool { return r.ID == run })
	if i < 0 {
		return Run{}, fmt.Errorf("run %s: %w", run, mmibx.ErrNotFound)
	}
	return Run{
		RunRow: f.board.Runs[i], Sweep: "beta-study", Host: "vm", Device: "cpu",
		Spec: []Pair{
			{"ib.beta_text", strings.Replace(strings.TrimPrefix(f.board.Runs[i].Label, "mmib β="), ".", "0.", 1)}, {"ib.beta_image", "0.01"}, {"benchmark", "twitter2017"}, {"seed", "3"}, {"model.name", "mmib"},
			{"encoder.name", "minilm"}, {"evidence.kind", "captions"}, {"ib.size", "64"}, {"align.weight", "0.1"}, {"align.tau", "0.07"},
			{"train.epochs", "6"}, {"train.batch", "16"}, {"train.lr", "1e-04"}, {"train.precision", "float32"},
		},
		Unusual: 2, Tags: []string{"paper"}, Note: "看 warm-up",
		Types: []TypeScore{{"LOC", 84.2, 84.9}, {"MISC", 41.7, 43}, {"ORG", 60.1, 60.1}, {"PER", 91.3, 91.4}},
		Diagnostics: []Gauge{
			{Pair{mmibx.RateText, "11.8"}, "nats", 11.8, math.NaN(), "KL of the text's code to the prior"},
			{Pair{mmibx.RateImage, "3.2"}, "nats", 3.2, math.NaN(), "the same of the picture's code"},
			{Pair{mmibx.InfoNCE, "2.61"}, "nats", 2.61, 3.47, "InfoNCE bound"},
			{Pair{mmibx.ModalityGap, "0.61"}, "cosine space", 0.61, math.NaN(), "distance of the centroids"},
		},
		Provenance: []Pair{{"arm", "a22000aa11bb"}, {"command", "mmibx sweep beta -j 2"}, {"commit", "8b1f2c"}, {"PyTorch", "2.11.0"}, {"train.txt", "SHA-256 9f86d081884c7d65"}},
		Tries: []Try{
			{Number: 2, State: mmibx.Running, Started: noon.Add(-200 * time.Second), From: "1 at step 800", Where: "vm, cpu, 2.11.0"},
			{Number: 1, State: mmibx.Lost, Started: noon.Add(-time.Hour), Took: 9 * time.Minute, Where: "vm, cpu, 2.11.0", Error: "the process ended without a word"},
		},
		Files:   []File{{"predictions.dev", "mmibx-runs/objects/be/be12", 2400, 24_000}, {"checkpoint", "mmibx-runs/runs/4f1c9a77ab02/2/last", 2400, 91_000_000}},
		Metrics: []Pair{{"dev.f1", "81.9"}, {"dev.precision", "82.4"}, {"dev.recall", "81.4"}, {"train.loss", "1.21"}, {"train.kl_text", "14.2"}, {"dev.rate_text", "11.8"}},
		Names:   []string{mmibx.DevF1, mmibx.Loss, mmibx.KLText},
		Output: []string{
			"twitter2017: 3373 train, 723 dev, 723 test", "minilm: 22.7 M parameters, frozen none",
			"epoch 1  loss 3.02  dev 74.1", "epoch 2  loss 1.80  dev 79.6", "epoch 3  loss 1.44  dev 81.2", "epoch 4  loss 1.21  dev 81.9",
		},
	}, f.err
}

func (f *fake) Curve(_ context.Context, run, metric string, after int64, limit int) ([]mmibx.Point, error) {
	f.curves = append(f.curves, run)
	var points []mmibx.Point
	at := slices.IndexFunc(f.board.Runs, func(r RunRow) bool { return r.ID == run })
	place := max(4, at) - 4 // runs that are done differ
	n, step := 240, int64(10)
	if metric == mmibx.DevF1 {
		n, step = 24, 100
	}
	for i := range n {
		s := int64(i+1) * step
		x := float64(s) / 2400
		v := 84 - 9*math.Exp(-4*x) + 0.3*math.Sin(float64(i))
		if metric != mmibx.DevF1 {
			v = 0.8 + 3*math.Exp(-3*x) + 0.15*math.Sin(float64(i)*1.7)
		}
		v += 0.3 * float64(place%9) * x
		v += 0.4 * math.Sin(float64(place/9))
		if at >= 0 {
			v += float64(f.board.Runs[at].Attempt - 1)
		}
		if s > after && len(points) < limit {
			points = append(points, mmibx.Point{Step: s, Metric: metric, Value: v})
		}
	}
	return points, f.err
}

func (f *fake) tell(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, fmt.Sprintf(format, args...))
	return f.err
}

func (f *fake) Start(_ context.Context, study string, workers int) (string, error) {
	return study, f.tell("start %s %d", study, workers)
}
func (f *fake) Stop(_ context.Context, sweep string) error   { return f.tell("stop %s", sweep) }
func (f *fake) Pause(_ context.Context, sweep string) error  { return f.tell("pause %s", sweep) }
func (f *fake) Resume(_ context.Context, sweep string) error { return f.tell("resume %s", sweep) }
func (f *fake) Continue(_ context.Context, sweep string) error {
	return f.tell("continue %s", sweep)
}
func (f *fake) Retry(_ context.Context, _ string, runs []string) error {
	return f.tell("retry %v", runs)
}
func (f *fake) Forgo(_ context.Context, _ string, runs []string) error {
	return f.tell("forgo %v", runs)
}
func (f *fake) Prioritize(_ context.Context, _ string, n int, runs []string) error {
	for i := range f.board.Runs {
		if slices.Contains(runs, f.board.Runs[i].ID) {
			f.board.Runs[i].Priority = n
		}
	}
	return f.tell("priority %d %v", n, runs)
}

// allScreens are the screens that fill the view.
func allScreens(e *env) []screen {
	return []screen{
		newHome(e), newNewSweep(e, ""), newPlan(e, "beta"), newBoard(e, "beta-study"), newRuns(e, ""), newErrors(e, "4f1c9a77ab02"),
		newBenchmarks(e), newSamples(e, "twitter2017"), newMachine(e),
		newCurves(e, nil), newCompare(e, fakeMarks(newFake(), 2)), newTable(e, PaperQuery{Sweep: "beta-study"}), newRun(e, "4f1c9a77ab02", "dev.f1"),
	}
}

// fakeBoard is a sweep of 135 runs, three fifths of them over.
func fakeBoard() Board {
	betas := []string{"0", ".001", ".01", ".1", "1"}
	b := Board{
		Version: 1, Live: true, Total: 285, Started: noon.Add(-41*time.Minute - 7*time.Second), Remaining: 72 * time.Minute,
		RunsPerMinute: 1.5, Workers: 2, Utilisation: 0.934, Benchmarks: []string{"twitter2017", "twitter2015", "mnre"}, Counts: Counts{},
		Axes: []Axis{{"ib.beta_image", "β image", betas}, {"ib.beta_text", "β text", betas}, {"ib.size", "d", []string{"16", "64"}}},
		Lanes: []Lane{
			{Worker: "cpu0", Run: "4f1c9a77ab02", Label: "mmib β=.01 tw17 s3", Epoch: 4, Epochs: 6, Loss: 1.21, Losses: []float64{3.0, 2.2, 1.8, 1.6, 1.44, 1.3, 1.21}, Dev: 81.9, Remaining: 41 * time.Second, StepsPerSecond: 3.1},
			{Worker: "cpu1", Run: "77ab024f1c9a", Label: "mmib β=.1 mnre s1", Epoch: 1, Epochs: 3, Loss: 0.88, Losses: []float64{1.9, 1.2, 0.88}, Dev: math.NaN(), Remaining: 5*time.Minute + 12*time.Second, StepsPerSecond: 2.8},
		},
	}
	for bi, bench := range b.Benchmarks {
		for x := range betas {
			for y := range betas {
				b.Arms = append(b.Arms, fakeArm(bench, bi, x, y, betas))
			}
		}
		narrow := fakeArm(bench, bi, 2, 2, betas)
		narrow.Label, narrow.At, narrow.Run, narrow.Mean = "mmib β .01/.01 d=16", []int{2, 2, 0}, fmt.Sprintf("b0%d000aa11bb", bi), narrow.Mean-0.6
		b.Arms = append(b.Arms, narrow)
		for i, model := range []string{"concat", "text only"} {
			b.Arms = append(b.Arms, Arm{Benchmark: bench, Label: model, At: []int{-1, -1, -1}, Mean: 82.9 - float64(i)*0.1 - float64(bi)*7, SD: 0.3, N: 5, Planned: 5, Run: fmt.Sprintf("c0%d%d00aa11bb", bi, i)})
		}
	}
	for i := range b.Arms {
		b.Arms[i].ID, b.Arms[i].Title = fmt.Sprintf("a%011x", i), b.Arms[i].Label
	}
	b.Arms[len(b.Arms)-1].Label = "text only 文字だけ"
	for i := range 135 {
		b.Runs = append(b.Runs, fakeRun(i))
		b.Counts[b.Runs[i].State]++
	}
	for i := range b.Arms {
		for k := range b.Arms[i].N { // any runs that are done
			b.Arms[i].Runs = append(b.Arms[i].Runs, b.Runs[4+i%9+9*k].ID)
		}
	}
	b.Counts[mmibx.Queued] += b.Total - len(b.Runs)
	b.Events = []Event{
		{noon, "4f1c9a77ab02", "done", "83.6 dev, 6 epochs, 5 m 12 s"},
		{noon.Add(-13 * time.Second), "77ab024f1c9a", "diverged", "kl_image at step 812; β=1, lr 3e-4"},
		{noon.Add(-211 * time.Second), "e01d5500aa11", "retried", "killed by signal 9, attempt 2"},
		{noon.Add(-212 * time.Second), "", "restarted", "worker cpu1"},
		{noon.Add(-260 * time.Second), "0a1b2c3d4e5f", "failed", "\x1b[2Jout of memory in 文字 \u202eevil"},
		{noon.Add(-300 * time.Second), "9c3de011aa00", "done", "82.9 dev, 6 epochs, 5 m 03 s"},
	}
	return b
}

func fakeArm(bench string, bi, x, y int, betas []string) Arm {
	fx, fy := float64(x)-2, float64(y)-2
	a := Arm{
		Benchmark: bench, Label: fmt.Sprintf("mmib β %s/%s d=64", betas[y], betas[x]), At: []int{x, y, 1},
		Mean: 83.4 - 0.35*fx*fx - 0.4*fy*fy - 0.1*fx*fy - float64(bi)*7, SD: 0.2 + 0.05*math.Abs(fx), N: 5, Planned: 5,
		Run: fmt.Sprintf("a%d%d%d00aa11bb2", bi, x, y),
	}
	switch k := y*5 + x; {
	case k == 14:
		a.N, a.Running, a.Run = 3, 1, "4f1c9a77ab02"
	case k == 17:
		a.N, a.Failed = 4, 1
	case k == 21:
		a.N, a.Diverged = 0, 5
	case k > 17:
		a.N = 0
	}
	if a.N == 0 {
		a.Mean, a.SD = math.NaN(), math.NaN()
	}
	return a
}

func fakeRun(i int) RunRow {
	r := RunRow{
		ID: fmt.Sprintf("%06x7ab02c", 0x4f1c9a+i*7919), Label: fmt.Sprintf("mmib β=.%d", i%9), Benchmark: "twitter2017", Seed: i % 5, Attempt: 1,
		State: mmibx.Queued, Epochs: 6, Dev: math.NaN(),
	}
	switch {
	case i < 2:
		r.State, r.Epoch, r.Dev, r.Took = mmibx.Running, 4-i*3, 81.9, 200*time.Second
	case i == 2:
		r.State, r.Error, r.Took = mmibx.Failed, "out of memory: 512 MiB asked, 300 free", time.Minute
	case i == 3:
		r.State, r.Error, r.Took = mmibx.Diverged, "kl_image is NaN at step 812", time.Minute
	case i < 65:
		r.State, r.Epoch, r.Dev, r.Took = mmibx.Done, 6, 80+float64(i%30)/10, time.Duration(300+i)*time.Second
	}
	if i == 0 {
		r.ID = "4f1c9a77ab02"
	}
	return r
}
