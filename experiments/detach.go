package experiments

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// RunnerLog is what a detached runner prints.
func RunnerLog(store mmibx.Store, sweep string) string {
	return filepath.Join(store.Sweep(sweep), "runner.log")
}

// Start runs a command, which must end up in Runner.Run for the sweep, in a
// process session of its own: it outlives this process and its terminal. Start
// returns when the new runner has its lock, or with what it printed when it
// gave up before.
func Start(ctx context.Context, store mmibx.Store, sweep string, command []string) (Holder, error) {
	if h, alive, err := Running(store, sweep); err != nil || alive {
		return h, errors.Join(err, fmt.Errorf("sweep %s is running already: %w", sweep, journal.ErrHeld))
	}
	if err := os.MkdirAll(store.Sweep(sweep), 0o777); err != nil {
		return Holder{}, err
	}
	log, err := os.OpenFile(RunnerLog(store, sweep), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return Holder{}, err
	}
	defer log.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return Holder{}, fmt.Errorf("start the runner: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return Holder{}, ctx.Err()
		case err := <-ended:
			if err == nil { // all was done already
				return Holder{PID: cmd.Process.Pid}, nil
			}
			return Holder{}, fmt.Errorf("the runner gave up: %w\n%s", err, strings.Join(journal.LastWords(log.Name(), 20), "\n"))
		case <-look.C:
			if h, alive, err := Running(store, sweep); err == nil && alive && h.PID == cmd.Process.Pid {
				return h, nil
			}
		}
	}
}
