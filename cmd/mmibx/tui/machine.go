package tui

import (
	"context"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/internal/machine"
)

// Monitor reads the machine that the UI runs on.
type Monitor interface {
	Machine(ctx context.Context) (Machine, error)
}

// Machine is a reading with what the store knows of it.
type Machine struct {
	machine.Reading
	Store int64    // bytes that the folder of the store holds
	Runs  []AtWork // of the processes
}

// AtWork is the run that a process is at.
type AtWork struct {
	PID        int
	Run, Label string
}

const (
	machineEvery = time.Second
	machineKept  = 240 // readings of the curves
)

// machineScreen shows how busy the machine is, and with what.
type machineScreen struct {
	*env
	poll   poll
	data   Machine
	loaded bool
	busy   []float64 // of the readings so far, in percent
	memory []float64
	cursor int // among the processes
}

type machineRead struct {
	data Machine
	err  error
}

func newMachine(e *env) *machineScreen { return &machineScreen{env: e} }

func (*machineScreen) Title() string { return "machine" }

// Init implements screen.
func (m *machineScreen) Init(ctx context.Context) tea.Cmd { return m.poll.begin(ctx, m.ask) }

func (m *machineScreen) ask() read {
	monitor := m.monitor
	return func(ctx context.Context) tea.Msg {
		data, err := monitor.Machine(ctx)
		return machineRead{data, err}
	}
}

// Update implements screen.
func (m *machineScreen) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case machineRead:
		if msg.err == nil {
			m.take(msg.data)
		}
		return m.poll.every(machineEvery, msg.err)
	case wheeled:
		return m.move(msg.by)
	case clicked:
		return m.move(msg.Row - m.cursor)
	}
	return m.poll.update(msg)
}

func (m *machineScreen) take(data Machine) {
	m.data, m.loaded = data, true
	m.cursor = max(0, moved(m.cursor, 0, len(data.Processes)))
	if data.Cores != nil {
		m.busy = kept(m.busy, 100*data.Busy())
		m.memory = kept(m.memory, 100*data.Memory.Share())
	}
}

// kept adds a value to the last few.
func kept(values []float64, v float64) []float64 {
	return append(values[max(0, len(values)-machineKept+1):len(values):len(values)], v)
}

func (m *machineScreen) move(by int) tea.Cmd {
	m.cursor = max(0, moved(m.cursor, by, len(m.data.Processes)))
	return nil
}

// at is what the process under the cursor is at.
func (m *machineScreen) at() (AtWork, bool) {
	if m.cursor >= len(m.data.Processes) {
		return AtWork{}, false
	}
	pid := m.data.Processes[m.cursor].PID
	i := slices.IndexFunc(m.data.Runs, func(w AtWork) bool { return w.PID == pid })
	if i < 0 {
		return AtWork{}, false
	}
	return m.data.Runs[i], true
}

// Actions implements screen.
func (m *machineScreen) Actions() []action {
	work, ok := m.at()
	open := action{
		name: "runs show", keys: []string{"enter"}, label: "open", help: "all of the run that the process is at",
		cli: m.cli("runs show", work.Run), to: func() tea.Msg { return push{newRun(m.env, work.Run, mmibx.DevF1)} },
	}
	if !ok {
		open.why, open.cli = "no process that is at a run is chosen", ""
	}
	return append([]action{open}, moves(m.move)...)
}

// Draw implements screen.
func (m *machineScreen) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	header(c.In(top), m.env, []string{"machine"}, m.status(), nil)
	if !m.loaded {
		drawUnread(c.In(rest), "machine", m.poll.trouble())
		return
	}
	gauges := 2 + m.coreRows(rest.W/2-4) + 5 + max(1, 2*len(m.data.GPUs))
	upper, lower := m.down(c, "machine.upper", rest, max(6, min(gauges+1, rest.H*2/3)))
	left, right := m.across(c, "machine.now", upper, upper.W/2)
	m.drawGauges(c.In(left))
	m.drawHistory(c.In(right))
	m.drawProcesses(c.In(lower))
}

func (m *machineScreen) status() []widget.Span {
	if t := m.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	d := &m.data
	return []widget.Span{strong(d.Host), faint("  " + d.System + "  "), faint(d.Processor)}
}

// coreRows is how many lines the processors take, one cell of bar for each at
// least.
func (m *machineScreen) coreRows(w int) int {
	return (len(m.data.Cores) + m.coresPerRow(w) - 1) / max(1, m.coresPerRow(w))
}

func (m *machineScreen) coresPerRow(w int) int { return max(1, min(8, w/14)) }

func (m *machineScreen) drawGauges(c widget.Canvas) {
	d := &m.data
	in := widget.Panel(c, []widget.Span{strong("now")}, []widget.Span{faint(fmt.Sprintf("load %.2f %.2f %.2f", d.Load[0], d.Load[1], d.Load[2]))}, false)
	per := m.coresPerRow(in.W())
	wide := max(1, in.W()/per-1)
	y := 0
	for i, share := range d.Cores {
		x := i % per * (wide + 1)
		y = i / per
		n := fmt.Sprintf("%d ", i)
		in.Print(x, y, append([]widget.Span{faint(n)}, widget.Bar(share, max(1, wide-len(n)-6), heatOf(share))...)...)
		in.Right(x+wide, y, plain(percentText(share)))
	}
	if len(d.Cores) == 0 {
		in.Print(0, 0, faint("processors: at the next reading"))
	}
	y++
	gauge := func(name string, a machine.Amount, note string) {
		y++
		in.Print(0, y, append(append([]widget.Span{faint(fmt.Sprintf("%-7s", name))}, widget.Bar(a.Share(), max(4, min(20, in.W()-40)), heatOf(a.Share()))...),
			plain(fmt.Sprintf(" %s ", percentText(a.Share()))), faint(fmt.Sprintf("%s of %s", bytes(int64(a.Used)), bytes(int64(a.Total)))))...)
		if note != "" {
			y++
			in.Print(7, y, faint(note))
		}
	}
	gauge("memory", d.Memory, "")
	if d.Swap.Total > 0 {
		gauge("swap", d.Swap, "")
	}
	gauge("disk", d.Disk, "the store takes "+bytes(d.Store))
	for _, g := range d.GPUs {
		gauge("GPU", g.Memory, fmt.Sprintf("%s busy, %.0f°C, %.0f W, %s", strings.TrimSpace(percentText(g.Busy)), g.Celsius, g.Watts, g.Name))
	}
	if len(d.GPUs) == 0 {
		in.Print(0, y+1, faint("GPU    none found"))
	}
}

func percentText(share float64) string { return fmt.Sprintf("%3.0f %%", 100*share) }

// heatOf warns of what is nearly used up.
func heatOf(share float64) widget.Ink {
	switch {
	case share > 0.95:
		return widget.Bad
	case share > 0.8:
		return widget.Warn
	}
	return widget.Good
}

func (m *machineScreen) drawHistory(c widget.Canvas) {
	title := []widget.Span{strong("p"), plain("rocessors, "), strong("m"), plain("emory"), faint(", %")}
	in := widget.Panel(c, title, []widget.Span{faint(fmt.Sprintf("the last %.0f minutes", (machineKept * machineEvery).Minutes()))}, false)
	x := make([]float64, len(m.busy))
	for i := range x {
		x[i] = float64(i - len(x) + 1)
	}
	span := float64(machineKept) * machineEvery.Seconds()
	ends := widget.Series{X: []float64{-span, -span, -span}, Y: []float64{0, math.NaN(), 100}, Ink: widget.Line} // the axis is always from 0 to 100
	chart := widget.Chart{From: -span, Empty: "at the next reading"}
	if len(x) > 0 {
		chart.Series = []widget.Series{ends, {X: x, Y: m.busy, Ink: widget.Line, Sign: "p"}, {X: x, Y: m.memory, Ink: widget.Busy, Sign: "m"}}
	}
	chart.Draw(in)
}

func (m *machineScreen) drawProcesses(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("processes of mmibx")}, []widget.Span{faint(fmt.Sprint(len(m.data.Processes)))}, true)
	widget.Table{
		Name: "processes", Len: len(m.data.Processes), Cursor: m.cursor, Focused: true, Empty: "none but this",
		Columns: []widget.Column{
			{Title: "pid", Width: 7, Right: true}, {Title: "process", Width: 12}, {Title: "cpu", Width: 6, Right: true}, {Title: "memory", Width: 7, Right: true},
			{Title: "threads", Width: 7, Right: true}, {Title: "age", Width: 10, Right: true}, {Title: "at work on", Width: 16, Grow: true},
		},
		Row: func(i int) [][]widget.Span {
			p := m.data.Processes[i]
			at := faint(withoutFolders(p.Command))
			if j := slices.IndexFunc(m.data.Runs, func(w AtWork) bool { return w.PID == p.PID }); j >= 0 {
				at = plain(brief(m.data.Runs[j].Run) + "  " + m.data.Runs[j].Label)
			}
			return [][]widget.Span{
				{faint(fmt.Sprint(p.PID))}, {strong(p.Name)}, {plain(fmt.Sprintf("%.0f %%", 100*math.Max(0, p.CPU)))}, {plain(bytes(int64(p.Memory)))},
				{faint(fmt.Sprint(p.Threads))}, {faint(rough(m.data.At.Sub(p.Started)))}, {at},
			}
		},
	}.Draw(in)
}

// withoutFolders is a command line as people know it: of the program, and of
// arguments that are paths, the last part.
func withoutFolders(command string) string {
	words := strings.Fields(command)
	for i, word := range words {
		flag, value, ok := strings.Cut(word, "=")
		if !ok {
			flag, value = "", word
		} else {
			flag += "="
		}
		if i == 0 || slices.ContainsFunc([]string{"/", "./", "../"}, func(p string) bool { return strings.HasPrefix(value, p) }) {
			words[i] = flag + path.Base(value)
		}
	}
	return strings.Join(words, " ")
}
