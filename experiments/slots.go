package experiments

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// The devices of runs.
const (
	cpu  = "cpu"
	cuda = "cuda"
)

// GPU is a slot for one worker that sees no other GPU.
type GPU struct {
	Device  string // as lanes and headers name it: cuda:1
	Visible string // its worker's CUDA_VISIBLE_DEVICES
	// Lock is a file that whoever has the GPU for itself has claimed: the runner that
	// starts a worker on it, and the worker until it is gone, though its runner died.
	Lock string
}

// NeedsGPU says whether a run of the plan is to be done on a GPU, where those that ask
// for none are done on the device given.
func (p *Plan) NeedsGPU(device string) bool { return p.needs(cuda, device) }

// needs asks the searches too: what they choose yet may be for a device that no run so
// far is for.
func (p *Plan) needs(device, otherwise string) bool {
	return slices.ContainsFunc(p.Cells, func(c Cell) bool { return cmp.Or(c.Device, otherwise) == device }) ||
		slices.ContainsFunc(p.Searches, func(s *Search) bool { return cmp.Or(s.Device, otherwise) == device })
}

// takeSlots finds out which slots the plan can use: the GPUs are the first lanes, and
// -j counts those of the processor behind them.
func (l *loop) takeSlots() error {
	l.cpus = l.plan.needs(cpu, l.Job.Device)
	if !l.plan.NeedsGPU(l.Job.Device) {
		return nil
	}
	if l.gpus = l.GPUs; len(l.gpus) == 0 {
		return &mmibx.InputError{Key: "device", Found: "a sweep with runs for cuda, and no GPU that this program may use", Expected: "a GPU of NVIDIA's that CUDA_VISIBLE_DEVICES does not hide",
			Cure: "set CUDA_VISIBLE_DEVICES, or ask for cpu"}
	}
	return nil
}

// slots is how many workers are wanted at once, on all devices.
func (l *loop) slots() int {
	n := len(l.gpus)
	if l.cpus {
		n += l.jobs
	}
	return n
}

func (l *loop) deviceOf(t *task) string { return cmp.Or(t.cell.Device, l.Job.Device) }

// lanes are the first and the last of a device.
func (l *loop) lanes(device string) (first, last int) {
	if device == cuda {
		return 1, len(l.gpus)
	}
	return len(l.gpus) + 1, len(l.gpus) + l.jobs
}

// slot finds a lane of a device that a run can start on, and the idle worker there,
// nil where one is to be started; lane is 0 where none is free.
func (l *loop) slot(device string) (lane int, idle *worker) {
	first, last := l.lanes(device)
	busy := 0
	for _, w := range l.workers {
		switch {
		case (w.gpu != nil) != (device == cuda):
		case w.task != nil:
			busy++
		case idle == nil && !w.closed && w.threads == threads(l.slots()):
			idle = w
		}
	}
	switch {
	case busy > last-first: // as many are at work as are wanted
		return 0, nil
	case idle != nil:
		return idle.lane, idle
	}
	for lane = first; l.taken[lane] || slices.ContainsFunc(l.workers, func(w *worker) bool { return w.lane == lane }); lane++ {
	}
	if device == cuda && lane > last { // its former worker has yet to leave, or others have it
		return 0, nil
	}
	return lane, nil
}

// open lists the devices that have a free slot.
func (l *loop) open() map[string]bool {
	open := map[string]bool{}
	for _, device := range []string{cpu, cuda} {
		lane, _ := l.slot(device)
		open[device] = lane > 0
	}
	return open
}

// next is the place in the queue of the first run that can start now, -1 for none.
func (l *loop) next() int {
	open := l.open()
	return slices.IndexFunc(l.queue, func(t *task) bool { return open[l.deviceOf(t)] })
}

// workerFor finds a worker that waits on the device of a run, or starts one. Where
// another process has the GPU the error is journal.ErrHeld, and the lane is taken.
func (l *loop) workerFor(t *task) (*worker, error) {
	lane, w := l.slot(l.deviceOf(t))
	if w != nil {
		return w, nil
	}
	w = &worker{lane: lane, threads: threads(l.slots())}
	env := WorkerEnv(w.threads)
	if lane <= len(l.gpus) {
		w.gpu = &l.gpus[lane-1]
		env = append(env, "CUDA_VISIBLE_DEVICES="+w.gpu.Visible)
		var err error
		if w.claim, err = claim(w.gpu.Lock, l.Job.Command); err != nil {
			if errors.Is(err, journal.ErrHeld) {
				l.leaveTo(lane)
			}
			return nil, fmt.Errorf("%s: %w", w.gpu.Device, err)
		}
	} else if len(l.gpus) > 0 { // what runs on the processor stays off them
		env = append(env, "CUDA_VISIBLE_DEVICES=")
	}
	if err := w.start(l.Worker, env, l.workerLog(lane), l.messages); err != nil {
		return nil, errors.Join(err, w.release())
	}
	l.workers = append(l.workers, w)
	slices.SortFunc(l.workers, func(a, b *worker) int { return a.lane - b.lane })
	return w, nil
}

// leaveTo leaves the GPU of a lane to whoever has it, and says who that is.
func (l *loop) leaveTo(lane int) {
	l.taken[lane] = true
	gpu := &l.gpus[lane-1]
	h, _, err := holderOf(gpu.Lock)
	who := h.String()
	if err != nil {
		who += " (" + err.Error() + ")"
	}
	l.report(Event{Kind: Warned, Text: fmt.Sprintf("%s is in use by %s; this sweep takes it when it is free", gpu.Device, who)})
}

// lookAtGPUs asks, at each tick, for the GPUs that other processes have.
func (l *loop) lookAtGPUs() {
	for lane := range l.taken {
		if held, err := journal.Held(l.gpus[lane-1].Lock); err == nil && !held {
			delete(l.taken, lane)
		}
	}
}

// idleGPU says that a GPU has a worker and nothing to do: others may want it.
func (l *loop) idleGPU(w *worker) bool {
	if w.gpu == nil || w.task != nil {
		return false
	}
	due := func(t *task) bool { return l.deviceOf(t) == cuda }
	return l.paused || l.used || !slices.ContainsFunc(l.queue, due) && !slices.ContainsFunc(l.elsewhere, due) &&
		l.nextSearch(func(s *Search) bool { return cmp.Or(s.Device, l.Job.Device) == cuda }) == nil
}
