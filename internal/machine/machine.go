// Package machine reads how busy this machine is: processors, memory, disk, GPUs,
// and the processes of this program.
package machine

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/process"
)

// Amount is how much of something is in use, in bytes.
type Amount struct {
	Used  uint64 `json:"used"`
	Total uint64 `json:"total"`
}

// Share is from 0 to 1; of nothing, 0.
func (a Amount) Share() float64 {
	if a.Total == 0 {
		return 0
	}
	return float64(a.Used) / float64(a.Total)
}

// Reading is the machine at a moment.
type Reading struct {
	At        time.Time  `json:"at"`
	Host      string     `json:"host"`
	System    string     `json:"system"`    // linux/amd64
	Processor string     `json:"processor"` // model, "" where it is not told
	Cores     []float64  `json:"cores"`     // share of each that was busy since the reading before; nil the first time
	Load      [3]float64 `json:"load"`      // processes that ran or wanted to, mean over 1, 5 and 15 minutes
	Memory    Amount     `json:"memory"`    // what programs could not have is used
	Swap      Amount     `json:"swap"`
	Disk      Amount     `json:"disk"` // of the file system that holds the folder
	GPUs      []GPU      `json:"gpus"`
	Processes []Process  `json:"processes"` // of this program, by id
}

// Busy is the mean share over the processors.
func (r *Reading) Busy() float64 {
	sum := 0.0
	for _, c := range r.Cores {
		sum += c / float64(len(r.Cores))
	}
	return sum
}

// Process is a process of this program: the UI, a runner or a worker.
type Process struct {
	PID     int       `json:"pid"`
	Name    string    `json:"name"`
	Command string    `json:"command"`
	CPU     float64   `json:"cpu"`    // processors that it kept busy since the reading before; 1.5: one and a half
	Memory  uint64    `json:"memory"` // resident, in bytes
	Threads int       `json:"threads"`
	Started time.Time `json:"started"`
}

// Monitor reads the machine again and again; shares are of the time between two
// readings. Its zero value is ready.
type Monitor struct {
	mu      sync.Mutex
	last    time.Time // of the reading that shares count from
	cores   []cpu.TimesStat
	shares  []float64
	spent   map[int32]float64 // seconds of processor time, by process
	rates   map[int32]float64 // processors that it kept busy, by process
	gpus    []GPU
	gpusOf  time.Time
	noGPU   bool
	machine string // model of the processor
}

// Soon is the time within which a second reading has the shares of the first: of
// so short a time they would say nothing.
const Soon = 100 * time.Millisecond

// ours begins the names of this program's processes.
const ours = "mmibx"

// Read reads the machine; folder names the file system to measure, as a folder in
// it that need not be there yet.
func (m *Monitor) Read(ctx context.Context, folder string) (Reading, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := Reading{At: time.Now(), System: runtime.GOOS + "/" + runtime.GOARCH}
	var err error
	if r.Host, err = os.Hostname(); err != nil {
		return r, err
	}
	again := r.At.Sub(m.last) < Soon
	if !again {
		if m.shares, err = m.busy(ctx); err != nil {
			return r, fmt.Errorf("processors: %w", err)
		}
	}
	r.Cores = m.shares
	if m.machine == "" {
		if info, err := cpu.InfoWithContext(ctx); err == nil && len(info) > 0 { // no model is no fault
			m.machine = info[0].ModelName
		}
	}
	r.Processor = m.machine
	if l, err := load.AvgWithContext(ctx); err == nil { // not every system has one
		r.Load = [3]float64{l.Load1, l.Load5, l.Load15}
	}
	if v, err := mem.VirtualMemoryWithContext(ctx); err != nil {
		return r, fmt.Errorf("memory: %w", err)
	} else {
		r.Memory = Amount{v.Total - v.Available, v.Total}
	}
	if s, err := mem.SwapMemoryWithContext(ctx); err == nil {
		r.Swap = Amount{s.Used, s.Total}
	}
	u, err := disk.UsageWithContext(ctx, nearest(folder))
	if err != nil {
		return r, fmt.Errorf("disk of %s: %w", folder, err)
	}
	r.Disk = Amount{u.Total - u.Free, u.Total}
	if r.Processes, err = m.processes(ctx, r.At, again); err != nil {
		return r, fmt.Errorf("processes: %w", err)
	}
	r.GPUs = m.readGPUs(ctx, r.At)
	if !again {
		m.last = r.At
	}
	return r, nil
}

// nearest is the folder, or the nearest above it that is there.
func nearest(folder string) string {
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	for {
		if _, err := os.Stat(folder); err == nil || folder == filepath.Dir(folder) {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}

// busy is the share of each processor that was busy since the reading before.
func (m *Monitor) busy(ctx context.Context) ([]float64, error) {
	now, err := cpu.TimesWithContext(ctx, true)
	if err != nil {
		return nil, err
	}
	before := m.cores
	m.cores = now
	if len(before) != len(now) {
		return nil, nil
	}
	shares := make([]float64, len(now))
	for i := range now {
		all := total(&now[i]) - total(&before[i])
		idle := now[i].Idle + now[i].Iowait - before[i].Idle - before[i].Iowait
		if all > 0 {
			shares[i] = max(0, min(1, 1-idle/all))
		}
	}
	return shares, nil
}

// total is all the time of a processor. Guests are counted in user and nice.
func total(t *cpu.TimesStat) float64 {
	return t.User + t.System + t.Idle + t.Nice + t.Iowait + t.Irq + t.Softirq + t.Steal
}

// processes lists those of this program. One that ends while it is read is left out,
// and so is one that has ended, which holds no memory while it waits for its parent.
func (m *Monitor) processes(ctx context.Context, now time.Time, again bool) ([]Process, error) {
	all, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return nil, err
	}
	spent, rates := map[int32]float64{}, map[int32]float64{}
	var list []Process
	for _, p := range all {
		name, err := p.NameWithContext(ctx)
		if err != nil || !strings.HasPrefix(name, ours) {
			continue
		}
		one, used, err := m.process(ctx, p, now)
		if err != nil || one.Memory == 0 {
			continue
		}
		one.Name = name
		if rate, known := m.rates[p.Pid]; again && known {
			one.CPU = rate
		}
		spent[p.Pid], rates[p.Pid] = used, one.CPU
		list = append(list, one)
	}
	if !again {
		m.spent, m.rates = spent, rates
	}
	slices.SortFunc(list, func(a, b Process) int { return cmp.Compare(a.PID, b.PID) })
	return list, ctx.Err()
}

func (m *Monitor) process(ctx context.Context, p *process.Process, now time.Time) (one Process, used float64, err error) {
	one.PID = int(p.Pid)
	times, err := p.TimesWithContext(ctx)
	if err != nil {
		return one, 0, err
	}
	memory, err := p.MemoryInfoWithContext(ctx)
	if err != nil {
		return one, 0, err
	}
	started, err := p.CreateTimeWithContext(ctx)
	if err != nil {
		return one, 0, err
	}
	threads, err := p.NumThreadsWithContext(ctx)
	if err != nil {
		return one, 0, err
	}
	one.Memory, one.Started, one.Threads = memory.RSS, time.UnixMilli(started), int(threads)
	if one.Command, err = p.CmdlineWithContext(ctx); err != nil {
		return one, 0, err
	}
	used = times.User + times.System
	since, before := m.last, m.spent[p.Pid]
	if _, known := m.spent[p.Pid]; !known {
		since, before = one.Started, 0
	}
	if wall := now.Sub(since).Seconds(); wall > 0 {
		one.CPU = max(0, used-before) / wall
	}
	return one, used, nil
}
