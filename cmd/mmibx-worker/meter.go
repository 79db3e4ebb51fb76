//go:build torch

package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// meterEvery is the least time between two readings of what a run costs.
const meterEvery = 5 * time.Second

// meter is a journal that adds to the points of a step what the process costs.
type meter struct {
	*journal.Writer
	at  time.Time
	cpu time.Duration // of the process until then
}

func newMeter(w *journal.Writer) *meter { return &meter{w, time.Now(), processorTime()} }

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
