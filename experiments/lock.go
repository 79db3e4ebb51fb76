package experiments

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Holder is who has a lock of the runner's: that of a sweep (its runner.lock) or of a
// GPU. It stands in the locked file.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	Command []string  `json:"command,omitempty"`
}

func (h *Holder) String() string {
	if h.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Started.Local().Format("2006-01-02 15:04"))
}

func runnerLock(store mmibx.Store, sweep string) string {
	return filepath.Join(store.Sweep(sweep), "runner.lock")
}

// hold makes this process the runner of a sweep.
func hold(store mmibx.Store, sweep string, command []string) (*os.File, error) {
	f, err := claim(runnerLock(store, sweep), command)
	if errors.Is(err, journal.ErrHeld) {
		h, _, _ := Running(store, sweep)
		return nil, fmt.Errorf("sweep %s is run by %s already; look with `mmibx sweep status %s`, end it with `mmibx sweep stop %s`: %w", sweep, &h, sweep, sweep, journal.ErrHeld)
	}
	return f, err
}

// claim locks a file and says in it who has it.
func claim(path string, command []string) (*os.File, error) {
	f, err := journal.Claim(path)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	blob, err := json.Marshal(Holder{os.Getpid(), host, time.Now(), command})
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(blob, 0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Running says whether a sweep has a live runner, and who it is.
func Running(store mmibx.Store, sweep string) (Holder, bool, error) {
	return holderOf(runnerLock(store, sweep))
}

// holderOf says whether a file is claimed, and by whom.
func holderOf(path string) (Holder, bool, error) {
	alive, err := journal.Held(path)
	if err != nil || !alive {
		return Holder{}, false, err
	}
	var h Holder
	f, err := os.Open(path)
	if err != nil {
		return h, true, err
	}
	defer f.Close()
	blob, err := io.ReadAll(f)
	if err == nil && len(blob) > 0 { // it is empty for a moment after the start
		err = json.Unmarshal(blob, &h)
	}
	return h, true, err
}
