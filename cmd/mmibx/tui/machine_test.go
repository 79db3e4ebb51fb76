package tui

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/mmibx/mmibx/internal/machine"
)

// fakeMonitor is a machine of sixteen processors with one GPU, on which a runner
// has one worker.
type fakeMonitor struct{ *fake }

func (f fakeMonitor) Machine(context.Context) (Machine, error) {
	m := Machine{
		Reading: machine.Reading{
			At: noon, Host: "vm", System: "linux/amd64", Processor: "Xeon", Load: [3]float64{1.5, 2, 2.25},
			Memory: machine.Amount{Used: 6 << 30, Total: 24 << 30}, Swap: machine.Amount{Used: 1 << 30, Total: 2 << 30}, Disk: machine.Amount{Used: 97e9, Total: 100e9},
			GPUs: []machine.GPU{{Name: "NVIDIA H100", Busy: 0.37, Memory: machine.Amount{Used: 1 << 30, Total: 80 << 30}, Celsius: 41, Watts: 123}},
			Processes: []machine.Process{
				{PID: 70, Name: "mmibx", Command: "/usr/local/bin/mmibx sweep ../beta.toml --store=/data/runs \x1b[2J文字", Memory: 30e6, Threads: 9, Started: noon.Add(-time.Hour)},
				{PID: 71, Name: "mmibx-worker", Command: "mmibx-worker work", CPU: 1.25, Memory: 1.9e9, Threads: 4, Started: noon.Add(-40 * time.Second)},
			},
		},
		Store: 1.4e6, Runs: []AtWork{{71, "4f1c9a77ab02", "mmib β=.01  tw17 s3"}},
	}
	for i := range 16 {
		m.Cores = append(m.Cores, float64(i)/15)
	}
	return m, f.err
}

func theMachine(e *env) screen { return newMachine(e) }

// TestMachine: readings become a curve, and a process leads to its run.
func TestMachine(t *testing.T) {
	a := shown(t, newFake(), theMachine, 120, 40)
	m := a.top().screen.(*machineScreen)
	for range machineKept + 5 {
		a.Update(refill(a))
	}
	if len(m.busy) != machineKept || m.busy[0] < 49.9 || m.busy[0] > 50.1 || m.memory[0] != 25 {
		t.Errorf("%d values, the first %g and %g", len(m.busy), m.busy[0], m.memory[0])
	}
	text := ansi.Strip(a.View().Content)
	for _, want := range []string{"15 ▰", "97 %", "the store takes 1 MB", "37 % busy", "123 W", "125 %", "4f1c9a  mmib β=.01", "␛[2J"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	press(a, "enter")
	if a.top().Title() != "machine" {
		t.Error("a runner has no run to open")
	}
	press(a, "down", "enter")
	if r, ok := a.top().screen.(*runScreen); !ok || r.id != "4f1c9a77ab02" {
		t.Errorf("enter opens %s", a.top().Title())
	}
}
