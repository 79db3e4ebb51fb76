package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/machine"
	"github.com/mmibx/mmibx/tracker"
)

// working is a process of this program and the run that it is at.
type working struct {
	machine.Process
	Run   string `json:"run,omitempty"`
	Label string `json:"label,omitempty"`
}

// machineJSON is the machine as --json prints it.
type machineJSON struct {
	machine.Reading
	Processes []working `json:"processes"`
}

func newMachineCmd(a *app) *cobra.Command {
	over := time.Second
	cmd := &cobra.Command{
		Use:   "machine",
		Short: "Show processors, memory, disk, GPUs, and the processes of mmibx with their runs",
		Long: "Show processors, memory, disk, GPUs, and the processes of mmibx with their runs.\n\n" +
			"Shares are of the time between two readings, --over apart. Memory in use is what programs could not have;\n" +
			"the disk is the file system of the store.",
		Example: "  mmibx machine\n  mmibx machine --over 5s --json",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if over < machine.Soon || over > time.Minute {
				return &mmibx.InputError{Key: "--over", Found: over.String(), Expected: fmt.Sprintf("at least %s and at most 1m", machine.Soon)}
			}
			var m machine.Monitor
			if _, err := m.Read(cmd.Context(), a.storeDir); err != nil {
				return err
			}
			select {
			case <-time.After(over):
			case <-cmd.Context().Done():
				return cmd.Context().Err()
			}
			r, err := m.Read(cmd.Context(), a.storeDir)
			if err != nil {
				return err
			}
			list, err := a.working(cmd.Context(), r.Processes)
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), machineJSON{r, list})
			}
			return printMachine(cmd.OutOrStdout(), &r, list)
		},
	}
	cmd.Flags().DurationVar(&over, "over", over, "time between the two readings")
	return cmd
}

// working finds the runs that processes of this machine are at. Where there is no
// store there are none.
func (a *app) working(ctx context.Context, processes []machine.Process) ([]working, error) {
	db, err := a.synced(ctx)
	if errors.Is(err, mmibx.ErrNotFound) {
		return workingAt(processes, nil), nil
	}
	if err != nil {
		return nil, err
	}
	runs, err := runsByProcess(ctx, db)
	return workingAt(processes, runs), errors.Join(err, db.Close())
}

func workingAt(processes []machine.Process, runs map[int]*tracker.RunRow) []working {
	list := make([]working, len(processes))
	for i, p := range processes {
		list[i] = working{Process: p}
		if r := runs[p.PID]; r != nil {
			list[i].Run, list[i].Label = r.ID, fmt.Sprintf("%s, %s, seed %d", r.Label, r.Benchmark, r.Seed)
		}
	}
	return list
}

// runsByProcess maps the processes of this machine to the runs that they are at.
func runsByProcess(ctx context.Context, db *tracker.DB) (map[int]*tracker.RunRow, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	rows, err := db.Runs(ctx, tracker.Query{Filter: "state=running"})
	if err != nil {
		return nil, err
	}
	runs := map[int]*tracker.RunRow{}
	for i := range rows {
		d, err := db.Run(ctx, rows[i].ID)
		if err != nil {
			return nil, err
		}
		if e := d.Tries[len(d.Tries)-1].Env; e.Host == host {
			runs[e.PID] = &rows[i]
		}
	}
	return runs, nil
}

func printMachine(w io.Writer, r *machine.Reading, list []working) error {
	amount := func(a machine.Amount) string {
		return fmt.Sprintf("%.1f of %.1f GB, %.0f %%", float64(a.Used)/1e9, float64(a.Total)/1e9, 100*a.Share())
	}
	t := newTable(w, "machine", strings.TrimSpace(r.Host+" "+r.System+" "+r.Processor))
	t.row("processors", fmt.Sprintf("%d, %.0f %% busy, load %.2f %.2f %.2f", len(r.Cores), 100*r.Busy(), r.Load[0], r.Load[1], r.Load[2]))
	t.row("memory", amount(r.Memory))
	if r.Swap.Total > 0 {
		t.row("swap", amount(r.Swap))
	}
	t.row("disk", amount(r.Disk))
	for _, g := range r.GPUs {
		t.row("GPU", fmt.Sprintf("%s, %.0f %% busy, %s, %.0f degrees, %.0f W", g.Name, 100*g.Busy, amount(g.Memory), g.Celsius, g.Watts))
	}
	if len(r.GPUs) == 0 {
		t.row("GPU", "none found")
	}
	if err := t.Flush(); err != nil || len(list) == 0 {
		return err
	}
	fmt.Fprintln(w)
	t = newTable(w, "PID", "PROCESS", "CPU", "MEMORY", "THREADS", "FOR", "RUN")
	for _, p := range list {
		t.row(p.PID, p.Name, fmt.Sprintf("%.0f %%", 100*p.CPU), fmt.Sprintf("%.0f MB", float64(p.Memory)/1e6), p.Threads,
			r.At.Sub(p.Started).Round(time.Second), orDash(strings.TrimSpace(p.Run+" "+p.Label)))
	}
	return t.Flush()
}
