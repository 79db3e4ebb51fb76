//go:build torch

package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	hardware "github.com/mmibx/mmibx/internal/machine"
	"github.com/mmibx/mmibx/tracker/journal"
)

// meterEvery is the least time between two readings of what a run costs.
const meterEvery = 5 * time.Second

// meter is a journal that adds to the points of a step what the process costs.
type meter struct {
	*journal.Writer
	at  time.Time
	cpu time.Duration // of the process until then
	gpu atomic.Pointer[hardware.GPU]
}

// newMeter watches the worker's GPU too, where the run is on one, until ctx ends.
func newMeter(ctx context.Context, w *journal.Writer, device string) *meter {
	m := &meter{Writer: w, at: time.Now(), cpu: processorTime()}
	if device == "cuda" {
		go m.watch(ctx, os.Getenv("CUDA_VISIBLE_DEVICES"))
	}
	return m
}

// watch asks for the use of a GPU beside the training, which does not wait for the
// answer. What is not told now may be the next time.
func (m *meter) watch(ctx context.Context, uuid string) {
	tick := time.NewTicker(meterEvery)
	defer tick.Stop()
	for {
		if g, err := hardware.ByUUID(ctx, uuid); err == nil {
			m.gpu.Store(&g)
		} else {
			m.gpu.Store(nil)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Log logs the metrics of a step, and the cost since the last reading where that
// is long enough ago. A number that the system does not tell is left out.
func (m *meter) Log(step int64, metrics ...mmibx.Metric) error {
	if now := time.Now(); now.Sub(m.at) >= meterEvery {
		cpu := processorTime()
		if cpu > m.cpu {
			metrics = append(metrics, mmibx.Metric{Name: mmibx.Processors, Value: (cpu - m.cpu).Seconds() / now.Sub(m.at).Seconds()})
		}
		if mib, ok := residentMiB(); ok {
			metrics = append(metrics, mmibx.Metric{Name: mmibx.Memory, Value: mib})
		}
		if g := m.gpu.Load(); g != nil {
			metrics = append(metrics, mmibx.Metric{Name: mmibx.GPUBusy, Value: g.Busy}, mmibx.Metric{Name: mmibx.GPUMemory, Value: float64(g.Memory.Used) / (1 << 20)})
		}
		m.at, m.cpu = now, cpu
	}
	return m.Writer.Log(step, metrics...)
}

// processorTime is what the threads of this process have computed.
func processorTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// residentMiB is the memory that this process holds, by Linux's /proc.
func residentMiB() (float64, bool) {
	blob, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	var all, resident int64
	if _, err := fmt.Sscan(string(blob), &all, &resident); err != nil {
		return 0, false
	}
	return float64(resident*int64(os.Getpagesize())) / (1 << 20), true
}
