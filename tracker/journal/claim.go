package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/mmibx/mmibx"
)

// ErrHeld says that another process has the lock of a file.
var ErrHeld = errors.New("held by another process")

// patience is how long Claim tries: others may be looking at the file, for a moment.
const patience = 200 * time.Millisecond

// Claim locks a file, which it makes with its folder where there is none, for the
// life of the process or until it is closed: so a worker holds the lock of its run
// and a runner that of its sweep. The claim goes with the process, however it ends;
// the file stays. Where another process has it the error is ErrHeld.
func Claim(path string) (*os.File, error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, ErrHeld) || time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
		}
	}
}

// Claimable makes a file as Claim does, and says why that cannot be. Whether a process
// has claimed it is another question: see Held.
func Claimable(path string) error {
	f, err := openLock(path)
	if err != nil {
		return err
	}
	return f.Close()
}

func openLock(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
}

// Held says whether a process has claimed a file. Looking takes a shared lock for a
// moment, which Claim has the patience for.
func Held(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if err := flock(f, syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, ErrHeld) {
		return false, err
	}
	return true, nil
}

// flock takes a lock; where it is not to wait for it, the error may be ErrHeld.
func flock(f *os.File, how int) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), how); {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrHeld
		default:
			return err
		}
	}
}

// LastAttempt is the highest number among the folders of a run's attempts, 0 where
// there is none.
func LastAttempt(store mmibx.Store, run string) (int, error) {
	entries, err := os.ReadDir(filepath.Dir(store.RunLock(run)))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	last := 0
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && e.IsDir() {
			last = max(last, n)
		}
	}
	return last, err
}
