package experiments

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// besideText is a sweep of two arms, one of them for GPUs.
const besideText = "name = \"beside\"\nbenchmarks = [\"mini-mnre\"]\nseeds = 6\n[[arm]]\nname = \"small\"\nmodel = \"text\"\n[[arm]]\nname = \"large\"\ndevice = \"cuda\"\nmodel = \"concat\"\n"

// fakeGPU is one that no other test knows of.
func fakeGPU(t *testing.T, device, visible string) GPU {
	return GPU{device, visible, filepath.Join(t.TempDir(), "lock")}
}

// Runs for GPUs and runs for the processor go on side by side: each GPU has one worker,
// which sees no other, and a worker of the processor sees none.
func TestGPUsBesideProcessors(t *testing.T) {
	t.Setenv("CUDA_VISIBLE_DEVICES", "0,1,2") // as the runner itself was given
	store, plan := newStore(t), mustPlan(t, besideText)
	r := fakeRunnerOf(store, 1)
	r.GPUs = []GPU{fakeGPU(t, "cuda:1", "GPU-bbbb"), fakeGPU(t, "cuda:2", "GPU-cccc")}
	at, together := map[int]Event{}, map[string]bool{}
	r.Report = func(e Event) {
		switch e.Kind {
		case Started:
			if was, busy := at[e.Lane]; busy {
				t.Errorf("lane %d has two runs: %+v, %+v", e.Lane, was, e)
			}
			at[e.Lane] = e
			if want := map[int]string{1: "cuda:1", 2: "cuda:2", 3: ""}[e.Lane]; e.Device != want || e.Lane > 3 || e.Slots != 3 || (e.ArmName == "large") != (e.Device != "") {
				t.Errorf("started %+v", e)
			}
			for _, other := range at {
				together[other.Device] = together[other.Device] || len(at) == 3
			}
		case Ended:
			delete(at, e.Lane)
		}
	}
	if s := mustRun(t, r, plan); s.Counts[mmibx.Done] != 12 || s.Attempts != 12 {
		t.Fatalf("summary %+v", s)
	}
	if len(together) != 3 {
		t.Errorf("the devices %v were at work together", together)
	}
	for i := range plan.Cells {
		c := &plan.Cells[i]
		env := records(t, store, c.Run, 1)[0].Header.Env
		said := strings.Join(journal.LastWords(store.Output(c.Run, 1), 9), "\n")
		switch {
		case c.ArmName == "small" && (env.Device != "cpu" || env.GPU != "" || !strings.Contains(said, `sees GPUs ""`)):
			t.Errorf("a run for the processor: %+v, %s", env, said)
		case c.ArmName == "large" && (env.Device != "cuda" || env.GPU == "" || !strings.Contains(said, fmt.Sprintf("sees GPUs %q", map[string]string{"cuda:1": "GPU-bbbb", "cuda:2": "GPU-cccc"}[env.GPU]))):
			t.Errorf("a run for a GPU: %+v, %s", env, said)
		case strings.Contains(said, "has its claim"):
			t.Errorf("a hung nvidia-smi would keep the GPU: %s", said)
		}
	}
}

// More workers of the processor can be had while GPUs are at work, and a sweep for
// GPUs alone has as many workers as there are of them, whatever -j says.
func TestGPUsAlone(t *testing.T) {
	store, plan := newStore(t), mustPlan(t, strings.Replace(besideText, "model = \"text\"", "device = \"cuda\"\nmodel = \"text\"", 1))
	r := fakeRunnerOf(store, 7)
	r.GPUs = []GPU{fakeGPU(t, "cuda:0", "0"), fakeGPU(t, "cuda:1", "1")}
	widest := 0
	r.Report = func(e Event) { widest = max(widest, e.Lane) }
	if s := mustRun(t, r, plan); s.Counts[mmibx.Done] != 12 || widest != 2 {
		t.Errorf("lanes up to %d, %+v", widest, s)
	}
	for _, run := range plan.IDs() {
		if env := records(t, store, run, 1)[0].Header.Env; env.Threads != threads(2) {
			t.Errorf("%d threads beside one other worker", env.Threads)
		}
	}
	_, err := fakeRunnerOf(newStore(t), 1).Run(context.Background(), mustPlan(t, besideText))
	if !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), "no GPU that this program may use") {
		t.Errorf("without a GPU: %v", err)
	}
	if _, err := Parse("x.toml", []byte(strings.Replace(besideText, `"cuda"`, `"gpu"`, 1))); err == nil || !strings.Contains(err.Error(), `x.toml:9: arm[2].device: found "gpu", expected "cpu" or "cuda"`) {
		t.Errorf("an unknown device: %v", err)
	}
}

// A search for GPUs has its slots before it has chosen a run of its own, and a run that
// two arms want on different devices is refused: it could be done on one only.
func TestDevicesOfArmsThatShareRuns(t *testing.T) {
	plan := &Plan{Cells: []Cell{{Run: "one"}}, Searches: []*Search{{Device: cuda}}}
	if !plan.NeedsGPU(cpu) || !plan.needs(cpu, cpu) {
		t.Error("the device of a search is not looked at")
	}
	text := func(more, a, b string) string {
		return "name = \"shared\"\nbenchmarks = [\"mini-mnre\"]\n" + more + "base.model = \"mmib\"\n[space]\n\"ib.size\" = {from = 1, to = 64}\n" +
			"[[arm]]\nname = \"a\"\n" + a + "[[arm]]\nname = \"b\"\n" + b
	}
	tpe := "sampler = \"tpe\"\nbudget.points = 12\n"
	_, err := mustParse(t, text(tpe, "", "device = \"cuda\"\n")).Plan(noInputs)
	if !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), `test.toml:12: arm "b": device: found cuda, for a run`) || !strings.Contains(err.Error(), `of arm "a" too, on any (test.toml:9)`) {
		t.Errorf("one run on two devices: %v", err)
	}
	mustPlan(t, text(tpe, "device = \"cuda\"\n", "device = \"cuda\"\n"))
	mustPlan(t, text("device = \"cuda\"\n"+tpe, "", "device = \"cuda\"\n"))
	mustPlan(t, text(tpe, "", "device = \"cuda\"\n\"align.tau\" = 0.3\n")) // other runs
}
