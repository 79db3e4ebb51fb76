package experiments

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// gated makes workers of a runner that wait until a file is there, those that see a
// GPU or those that see none.
func gated(r *Runner, gpu bool, gate string) {
	test := map[bool]string{true: "-n", false: "-z"}[gpu]
	r.Worker = append([]string{"sh", "-c", `if [ ` + test + ` "$CUDA_VISIBLE_DEVICES" ]; then until [ -e "$0" ]; do sleep 0.01; done; fi; exec "$@"`, gate}, r.Worker...)
}

// Sweeps in two stores share a GPU: the second does what is for the processor, says who
// has the GPU, and takes it when the first has done.
func TestGPUOfTwoSweeps(t *testing.T) {
	gpu, gate := fakeGPU(t, "cuda:0", "GPU-aaaa"), filepath.Join(t.TempDir(), "gate")
	first, second := fakeRunnerOf(newStore(t), 1), fakeRunnerOf(newStore(t), 1)
	first.GPUs, second.GPUs = []GPU{gpu}, []GPU{gpu}
	gated(first, true, gate)
	open := sync.OnceFunc(func() {
		if err := writeFile(gate, nil); err != nil {
			t.Error(err)
		}
	})
	var mu sync.Mutex
	at := map[*Runner]string{} // run on the GPU
	watch := func(r, other *Runner, e Event) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case e.ArmName != "large":
		case e.Kind == Started:
			if at[other] != "" {
				t.Errorf("two runs on one GPU: %s and %s", at[other], e.Run)
				open()
			}
			at[r] = e.Run
		case e.Kind == Ended:
			delete(at, r)
		}
	}
	plan, began := mustPlan(t, besideText), make(chan struct{})
	start := sync.OnceFunc(func() { close(began) })
	first.Report = func(e Event) {
		if watch(first, second, e); e.Kind == Started && e.ArmName == "large" {
			start()
		}
	}
	done := make(chan Summary)
	go func() {
		s, err := first.Run(t.Context(), plan)
		if err != nil {
			t.Error(err)
		}
		done <- s
	}()
	<-began
	warned, small := "", 0
	second.Report = func(e Event) {
		watch(second, first, e)
		switch {
		case e.Kind == Warned:
			warned = e.Text
		case e.Kind == Ended && e.ArmName == "small":
			small++
		}
		if warned != "" && small == 6 {
			open()
		}
	}
	for _, s := range []Summary{mustRun(t, second, mustPlan(t, besideText)), <-done} {
		if s.Counts[mmibx.Done] != 12 || s.Attempts != 12 {
			t.Errorf("%+v", s)
		}
	}
	if !strings.HasPrefix(warned, "cuda:0 is in use by process ") {
		t.Errorf("warned %q", warned)
	}
}

// A sweep whose runs for a GPU are done leaves it to others, though it goes on.
func TestGPUIsLeft(t *testing.T) {
	gpu, gate := fakeGPU(t, "cuda:0", "GPU-aaaa"), filepath.Join(t.TempDir(), "gate")
	r, large := fakeRunnerOf(newStore(t), 1), 0
	r.GPUs = []GPU{gpu}
	gated(r, false, gate)
	var waiting sync.WaitGroup
	r.Report = func(e Event) {
		if e.Kind != Ended || e.ArmName != "large" {
			return
		}
		if large++; large < 6 {
			return
		}
		waiting.Go(func() {
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
				held, err := journal.Held(gpu.Lock)
				if err != nil || time.Now().After(deadline) {
					t.Errorf("held: %v, %v", held, err)
					break
				}
				if !held {
					break
				}
			}
			if err := writeFile(gate, nil); err != nil {
				t.Error(err)
			}
		})
	}
	if s := mustRun(t, r, mustPlan(t, besideText)); s.Counts[mmibx.Done] != 12 {
		t.Errorf("%+v", s)
	}
	waiting.Wait()
}

// A worker has the GPU until it is gone, though its runner was killed.
func TestGPUOfOrphan(t *testing.T) {
	gpu := fakeGPU(t, "cuda:0", "GPU-aaaa")
	w := &worker{lane: 1, gpu: &gpu}
	var err error
	if w.claim, err = claim(gpu.Lock, []string{"mmibx", "sweep"}); err != nil {
		t.Fatal(err)
	}
	messages := make(chan message)
	if err := w.start([]string{"cat"}, nil, filepath.Join(t.TempDir(), "log"), messages); err != nil {
		t.Fatal(err)
	}
	if err := w.release(); err != nil { // as the end of the runner does
		t.Fatal(err)
	}
	if h, held, err := holderOf(gpu.Lock); err != nil || !held || len(h.Command) != 2 {
		t.Errorf("the worker lives: held %v, %+v, %v", held, h, err)
	}
	w.finish()
	<-messages
	if held, err := journal.Held(gpu.Lock); err != nil || held {
		t.Errorf("the worker is gone: held %v, %v", held, err)
	}
}

func TestIdleGPU(t *testing.T) {
	gpu := fakeGPU(t, "cuda:0", "GPU-aaaa")
	due := &task{cell: &Cell{Device: cuda}}
	for what, c := range map[string]struct {
		change func(*loop, *worker)
		idle   bool
	}{
		"nothing waits":              {func(*loop, *worker) {}, true},
		"a run waits":                {func(l *loop, _ *worker) { l.queue = []*task{due} }, false},
		"a run waits, paused":        {func(l *loop, _ *worker) { l.queue, l.paused = []*task{due}, true }, true},
		"a run waits, no hours left": {func(l *loop, _ *worker) { l.queue, l.used = []*task{due}, true }, true},
		"others have a run":          {func(l *loop, _ *worker) { l.elsewhere = []*task{due} }, false},
		"a search goes on":           {func(l *loop, _ *worker) { l.plan.Searches = []*Search{{Device: cuda, Points: 1}} }, false},
		"a run for the processor":    {func(l *loop, _ *worker) { l.queue = []*task{{cell: &Cell{}}} }, true},
		"it is at work":              {func(_ *loop, w *worker) { w.task = due }, false},
		"it has no GPU":              {func(_ *loop, w *worker) { w.gpu = nil }, false},
	} {
		l, w := &loop{Runner: &Runner{Job: mmibx.Job{Device: cpu}}, plan: &Plan{}}, &worker{gpu: &gpu}
		if c.change(l, w); l.idleGPU(w) != c.idle {
			t.Errorf("%s: idle %v", what, !c.idle)
		}
	}
}
