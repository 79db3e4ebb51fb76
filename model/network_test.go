//go:build torch

package model

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// device is where the tests' tensors lie.
var device = flag.String("device", "cpu", "compute on it: cpu, cuda, or lazy, a second device on any machine")

func TestMain(m *testing.M) {
	flag.Parse()
	if _, err := torch.Init(1, *device); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// do runs fn on the torch goroutine and fails the test with what libtorch says.
func do(t *testing.T, fn func()) {
	t.Helper()
	if err := torch.Do(fn); err != nil {
		t.Fatal(err)
	}
}

// withSystem hands a fresh model to fn, on the torch goroutine.
func withSystem(t *testing.T, spec mmibx.Spec, data Data, fn func(m *system)) {
	t.Helper()
	do(t, func() {
		m, err := newSystem(spec, data)
		if err != nil {
			t.Error(err)
			return
		}
		defer m.params.Free()
		fn(m)
	})
}

// The registry of the root package is what plans know of the networks here.
func TestRegistry(t *testing.T) {
	var names []string
	for name := range builders {
		names = append(names, name)
	}
	want := mmibx.ModelNames()
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("networks %v, registered %v", names, want)
	}
}

func defaultSpec(t *testing.T, benchmark string, settings ...any) mmibx.Spec {
	t.Helper()
	set := map[string]any{"benchmark": benchmark, "model": "mmib"}
	for i := 0; i < len(settings); i += 2 {
		set[settings[i].(string)] = settings[i+1]
	}
	spec, err := mmibx.Resolve(set)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// benchmarksOf lists a miniature benchmark of each task of a model.
func benchmarksOf(m mmibx.Model) []string {
	var names []string
	for _, task := range m.Tasks {
		names = append(names, map[mmibx.Task]string{mmibx.MNER: "mini-twitter2015", mmibx.MRE: "mini-mnre"}[task])
	}
	return names
}

var relations = []string{mmibx.NoRelation, "/per/loc/from", "/per/per/peer"}

// invented makes a little benchmark: tags and relations follow from the words, so
// a model can learn it.
func invented(task mmibx.Task, n int) Data {
	const vocab, pictures, rows, width = 24, 7, 3, 5
	r := rand.New(rand.NewPCG(9, 9))
	data := Data{Labels: types, Vocab: vocab + 4, Samples: map[mmibx.Split][]mmibx.Sample{}}
	if task == mmibx.MRE {
		data.Labels = relations
	}
	data.Evidence = &mmibx.EvidenceTable{
		Rows: rows, Width: width, Values: randomFloats(r, pictures*rows*width), Masked: make([]bool, pictures*rows),
	}
	for _, split := range mmibx.Splits {
		for i := range n {
			e := &mmibx.Example{ID: fmt.Sprintf("%s:%d", split, i)}
			s := mmibx.Sample{Example: e, Pieces: []int32{2}, Picture: int32(r.IntN(pictures))}
			words := 2 + r.IntN(6)
			for w := range words {
				id := 4 + r.IntN(vocab-4)
				e.Tokens = append(e.Tokens, strconv.Itoa(id))
				tag := "O"
				if id < 8 {
					tag = "B-" + types[id-4]
				}
				e.Tags = append(e.Tags, tag)
				s.First = append(s.First, int32(w+1))
				s.Pieces = append(s.Pieces, int32(id))
			}
			s.Pieces = append(s.Pieces, 3)
			s.Marks = [2]int32{1, 2}
			e.Relation = relations[int(s.Pieces[1])%len(relations)]
			data.Samples[split] = append(data.Samples[split], s)
		}
	}
	return data
}

// outputs are the emissions at real positions, or the logits, of each sample.
func outputs(m *system, samples []*mmibx.Sample) [][]float32 {
	s := torch.NewScope()
	defer s.Free()
	b := m.batcher.make(samples)
	p := &pass{Scope: s}
	st := m.forward(p, b)
	out := make([][]float32, b.b)
	all := m.head.scores(p, st, b).Floats()
	if m.spec.TaskOf() == mmibx.MNER {
		k := len(all) / (b.b * b.w)
		for i := range out {
			real := 0
			for _, tagged := range b.taggedBW[i*b.w : (i+1)*b.w] {
				if tagged {
					real++
				}
			}
			out[i] = all[i*b.w*k : (i*b.w+real)*k]
		}
		return out
	}
	k := len(all) / b.b
	for i := range out {
		out[i] = all[i*k : (i+1)*k]
	}
	return out
}

// A model that cannot learn 32 examples by heart is wired wrongly.
func TestOverfits(t *testing.T) {
	for _, registered := range mmibx.Models {
		name := registered.Name
		for _, benchmark := range benchmarksOf(registered) {
			t.Run(name+"/"+benchmark, func(t *testing.T) {
				spec := defaultSpec(t, benchmark, "model", name, "train.epochs", 60, "train.batch", 16, "model.dropout", 0.0, "umgf.dropout", 0.0)
				data := invented(spec.TaskOf(), 32)
				data.Samples[mmibx.Dev] = data.Samples[mmibx.Train]
				r, err := Train(context.Background(), spec, data, Options{Sink: &memory{}, Dir: t.TempDir()})
				if err != nil {
					t.Fatal(err)
				}
				if r.BestScore < 99 {
					t.Errorf("F1 of 32 examples learned by heart: %.1f", r.BestScore)
				}
			})
		}
	}
}

// memory is a Sink that keeps what it is given.
type memory struct {
	points      []mmibx.Point
	checkpoints []int64
	onLog       func(step int64)
}

func (m *memory) Log(step int64, metrics ...mmibx.Metric) error {
	for _, x := range metrics {
		if x.Name != mmibx.StepsPerSecond {
			m.points = append(m.points, mmibx.Point{Step: step, Metric: x.Name, Value: x.Value})
		}
	}
	if m.onLog != nil {
		m.onLog(step)
	}
	return nil
}

func (m *memory) Event(string, string) error { return nil }

func (m *memory) Checkpoint(step int64, _ string) error {
	m.checkpoints = append(m.checkpoints, step)
	return nil
}

// Tensors and memory stay flat over 500 steps: handle counts do not see autograd
// graphs, so resident memory is watched too.
func TestNoLeak(t *testing.T) {
	spec := defaultSpec(t, "mini-twitter2015", "train.batch", 8)
	data := invented(mmibx.MNER, 32)
	withSystem(t, spec, data, func(m *system) {
		r := &training{system: m, data: data, o: Options{Sink: &memory{}}, total: 1000}
		r.optim = torch.NewAdamW(m.params, m.groups(false)...)
		defer r.optim.Free()
		steps := func(n int) {
			for range n {
				if _, err := r.step(m.batcher.make(pick(data.Samples[mmibx.Train], []int{0, 1, 2, 3, 4, 5, 6, 7}))); err != nil {
					t.Error(err)
				}
			}
		}
		steps(100)
		live, memory := torch.Live(), residentMB(t)
		steps(500)
		if now := torch.Live(); now != live {
			t.Errorf("%d tensors live after 500 steps, %d before", now, live)
		}
		if grown := residentMB(t) - memory; grown > 8 {
			t.Errorf("resident memory grew by %d MB over 500 steps", grown)
		}
	})
	if n := torch.Live(); n != 0 {
		t.Errorf("%d tensors outlive their owners", n)
	}
}

// A run that fails leaves no tensor behind: its worker goes on to the next.
func TestFailuresFreeTheirTensors(t *testing.T) {
	fails := func(name string, spec mmibx.Spec, data Data) {
		t.Helper()
		if _, err := Train(context.Background(), spec, data, Options{Sink: &memory{}, Dir: t.TempDir()}); err == nil {
			t.Errorf("%s: no error", name)
		}
		if n := torch.Live(); n != 0 {
			t.Errorf("%s: %d tensors outlive the run", name, n)
		}
	}
	spec := defaultSpec(t, "mini-twitter2015", "train.epochs", 1)

	data := invented(mmibx.MNER, 16)
	data.Encoder = &Pretrained{
		Config: smallBert(32, 1, data.Vocab, spec.Train.MaxLength),
		Tensor: func(string) ([]int64, []float32, error) { return nil, nil, errors.New("the file is cut") },
	}
	fails("weights that cannot be read", spec, data)

	if *device != "cuda" { // a kernel that fails spoils the process
		data = invented(mmibx.MNER, 16)
		data.Samples[mmibx.Dev][3].Pieces[1] = int32(data.Vocab) // libtorch refuses it, in the middle of an evaluation
		fails("a word-piece that is not in the table", spec, data)
	}

	data = invented(mmibx.MNER, 16)
	data.Labels = []string{"PER", "BIRD"}
	fails("a type that the tags lack", defaultSpec(t, "mini-twitter2015", "model.tags", "official"), data)
}

func residentMB(t *testing.T) int {
	blob, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatalf("resident memory: %v", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(blob))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize() >> 20
}

// A broken loss names its step and its term.
func TestDivergence(t *testing.T) {
	spec := defaultSpec(t, "mini-twitter2015", "train.epochs", 3)
	data := invented(mmibx.MNER, 32)
	data.Evidence.Values[0] = float32(math.NaN())
	for i := range data.Samples[mmibx.Train] {
		data.Samples[mmibx.Train][i].Picture = 0
	}
	_, err := Train(context.Background(), spec, data, Options{Sink: &memory{}, Dir: t.TempDir()})
	var d *Divergence
	if !errors.As(err, &d) || d.Step != 1 || d.Term != mmibx.LossTask {
		t.Errorf("Train = %v, want a divergence of %s at step 1", err, mmibx.LossTask)
	}
}

// The rate near the prior is right under bfloat16 too.
func TestRateOfBFloat16(t *testing.T) {
	const n, z, mean = 4, 64, 0.03
	do(t, func() {
		s := torch.NewScope()
		defer s.Free()
		real := s.Bools([]bool{true, true, true, true}, 1, n)
		code := gaussian{s.Full(mean, torch.BFloat16, 1, n, z), s.Full(-0.001, torch.BFloat16, 1, n, z)}
		var sum rate
		sum.add(s, code, real)
		want := z * 0.5 * (mean*mean + math.Exp(-0.001) + 0.001 - 1)
		if got := sum.nats(); math.Abs(got-want) > 0.02*want {
			t.Errorf("rate %g, want %g nats", got, want)
		}
	})
}

// A small encoder has a position for all that a batch is padded to.
func TestPadBeyondTheLongestTweet(t *testing.T) {
	spec := defaultSpec(t, "mini-twitter2015", "train.epochs", 1, "train.max_length", 16, "train.pad_to", 24)
	if _, err := Train(context.Background(), spec, invented(mmibx.MNER, 16), Options{Sink: &memory{}, Dir: t.TempDir()}); err != nil {
		t.Error(err)
	}
}

// Under bfloat16 the regularizers stay in float32: their terms must agree with
// those of a float32 pass far better than bfloat16's 3 digits would let them
// where the latents are the same.
func TestRegularizersInFloat32(t *testing.T) {
	spec := defaultSpec(t, "mini-twitter2015", "model.dropout", 0.0)
	data := invented(mmibx.MNER, 16)
	withSystem(t, spec, data, func(m *system) {
		s := torch.NewScope()
		defer s.Free()
		b := m.batcher.make(pick(data.Samples[mmibx.Dev], []int{0, 1, 2, 3}))
		lat := m.forward(&pass{Scope: s}, b).latents
		terms := func() [3]float64 {
			align, text, image := m.network.(bottlenecked).regularizers(s, lat, b)
			return [3]float64{align.Number(), text.Number(), image.Number()}
		}
		want := terms()
		torch.Autocast(true, func() {
			if got := terms(); got != want {
				t.Errorf("under bfloat16 the terms of the same latents are %v, in float32 %v", got, want)
			}
			if kind := m.forward(&pass{Scope: s}, b).latents.text.meanBTZ.Kind(); kind != torch.Float32 {
				t.Errorf("latents are of kind %d under bfloat16", kind)
			}
		})
	})
}
