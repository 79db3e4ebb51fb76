package experiments

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
)

// ErrHeld says that another process has the lock.
var ErrHeld = errors.New("held by another process")

// lockFile claims a file for the life of the process, or until it is closed.
// The claim goes with the process, however it ends; the file stays.
func lockFile(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := flock(f, unix.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}

// held says whether a process has the lock of a file. Looking takes a shared
// lock for a moment, so whoever claims a file tries for longer than that.
func held(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	err = flock(f, unix.LOCK_SH)
	if errors.Is(err, ErrHeld) {
		return true, nil
	}
	return false, err
}

// flock takes a lock without waiting for it.
func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			return ErrHeld
		}
		return err
	}
}

// claim is lockFile with the patience that others' looks ask for.
func claim(path string) (*os.File, error) {
	for deadline := time.Now().Add(200 * time.Millisecond); ; time.Sleep(5 * time.Millisecond) {
		f, err := lockFile(path)
		if !errors.Is(err, ErrHeld) || time.Now().After(deadline) {
			return f, err
		}
	}
}

// Holder is who runs a sweep. It stands in the sweep's runner.lock.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	Command []string  `json:"command,omitempty"`
}

func runnerLock(store mmibx.Store, sweep string) string {
	return filepath.Join(store.Sweep(sweep), "runner.lock")
}

// hold makes this process the runner of a sweep.
func hold(store mmibx.Store, sweep string, command []string) (*os.File, error) {
	f, err := claim(runnerLock(store, sweep))
	if errors.Is(err, ErrHeld) {
		who := "another process"
		if h, ok, _ := Running(store, sweep); ok && h.PID > 0 {
			who = fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Started.Local().Format("2006-01-02 15:04"))
		}
		return nil, fmt.Errorf("sweep %s is run by %s already; look with `mmibx sweep status %s`, end it with `mmibx sweep stop %s`: %w", sweep, who, sweep, sweep, ErrHeld)
	}
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
	path := runnerLock(store, sweep)
	alive, err := held(path)
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
