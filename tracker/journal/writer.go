package journal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/mmibx/mmibx"
)

// syncEvery bounds what a crash of the machine, not of the process, can cost.
const syncEvery = time.Second

// Writer appends to one journal. Its methods may be called from several
// goroutines; each is one write to the file.
type Writer struct {
	mu     sync.Mutex
	file   *os.File // opened for appending
	size   int64    // where the next record goes
	shared bool     // other processes append too: the size is asked for under flock
	buf    []byte
	closed bool
	dirty  bool  // written to since the last sync began
	failed error // of a sync in the background; the next call returns it
	young  bool  // the folder does not have the file on disk yet

	syncing sync.Mutex
	timer   *time.Timer
}

// Create starts the journal of an attempt, whose folder it makes. A journal that
// exists is an error: one file belongs to one process.
func Create(path string, h Header) (*Writer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	w := newWriter(f)
	w.young = true
	w.buf = append(w.buf, magic...)
	if name, _ := h.Spec["benchmark"].(string); h.Benchmark == nil {
		if b, known := mmibx.LookupBenchmark(name); known && b.Own {
			h.Benchmark = &b
		}
	}
	if err := w.json(TypeHeader, h); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return w, nil
}

// OpenAppend opens a journal that several processes append to, and creates it
// where it is missing. Such a journal has no header and no trailer; Abandon
// closes it.
func OpenAppend(path string) (*Writer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	w := newWriter(f)
	w.shared = true
	if err := w.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return w, nil
}

func newWriter(f *os.File) *Writer {
	w := &Writer{file: f, buf: make([]byte, 0, 4096)}
	w.timer = time.AfterFunc(time.Hour, w.background)
	w.timer.Stop()
	return w
}

// begin makes sure that a shared journal starts with the magic, once.
func (w *Writer) begin() error {
	if err := w.lock(); err != nil {
		return err
	}
	defer w.unlock()
	var head [len(magic)]byte
	n, err := w.file.ReadAt(head[:], 0)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case n == len(magic):
		return checkMagic(head[:])
	case string(head[:n]) != magic[:n]:
		return errNoJournal
	}
	w.young = true
	if err := w.file.Truncate(0); err != nil { // a start that was cut
		return err
	}
	_, err = w.file.WriteString(magic)
	return err
}

// Log appends the metrics of one step, all in one record.
func (w *Writer) Log(step int64, metrics ...mmibx.Metric) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = w.buf[:0]
	w.frame()
	w.buf = appendPoints(w.buf, step, metrics)
	return w.write(0, TypePoints)
}

// LogAt is Log of metrics that another program logged at a time of its own.
func (w *Writer) LogAt(at time.Time, step int64, metrics ...mmibx.Metric) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = w.buf[:0]
	w.frameAt(at)
	w.buf = appendPoints(w.buf, step, metrics)
	return w.write(0, TypePoints)
}

// Event appends what happened, for people.
func (w *Writer) Event(kind, text string) error { return w.locked(TypeEvent, event{kind, text}) }

// Artifact appends the name and the content hash of a file that is in the store.
func (w *Writer) Artifact(a Artifact) error { return w.locked(TypeArtifact, a) }

// Checkpoint appends that a checkpoint of this step is whole, in a file of this
// name beside the journal.
func (w *Writer) Checkpoint(step int64, name string) error {
	return w.locked(TypeCheckpoint, checkpoint{step, name})
}

// Entry appends a value as JSON: an edit of a person, a line of control, a
// proposal of a sampler.
func (w *Writer) Entry(kind string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("entry %s: %w", kind, err)
	}
	return w.locked(TypeEntry, entry{kind, body})
}

// Sync returns when all that was written before is on disk.
func (w *Writer) Sync() error {
	w.syncing.Lock()
	defer w.syncing.Unlock()
	w.mu.Lock()
	young, err := w.young, w.failed
	w.dirty, w.young, w.failed = false, false, nil
	w.mu.Unlock()
	if err != nil {
		return err
	}
	if err := w.file.Sync(); err != nil { // unlocked: logging goes on
		return err
	}
	if !young {
		return nil
	}
	folder, err := os.Open(filepath.Dir(w.file.Name()))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// background syncs a second after the first write since the last sync.
func (w *Writer) background() {
	if err := w.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
		w.mu.Lock()
		w.failed = err
		w.mu.Unlock()
	}
}

// Close appends the trailer and closes the journal, all of it on disk.
func (w *Writer) Close(t Trailer) error {
	err := w.locked(TypeTrailer, t)
	return errors.Join(err, w.Abandon())
}

// Abandon closes the journal without a trailer. What was logged is on disk.
func (w *Writer) Abandon() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	w.mu.Unlock()
	w.timer.Stop()
	return errors.Join(w.Sync(), w.file.Close())
}

func (w *Writer) locked(t Type, v any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = w.buf[:0]
	return w.json(t, v)
}

// json appends a record behind what the buffer holds (the magic, or nothing).
func (w *Writer) json(t Type, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s record: %w", t, err)
	}
	prefix := len(w.buf)
	w.frame()
	w.buf = append(w.buf, body...)
	return w.write(prefix, t)
}

// frame leaves room for the frame and writes the time.
func (w *Writer) frame() { w.frameAt(time.Now()) }

func (w *Writer) frameAt(at time.Time) {
	var room [frameSize]byte
	w.buf = append(w.buf, room[:]...)
	w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(at.UnixNano()))
}

// write appends the record that the buffer holds from position start on. A write
// that fails part way, on a full disk, is taken back; where even that fails,
// Read finds the next record behind the fragment.
func (w *Writer) write(start int, t Type) error {
	if w.closed {
		return fmt.Errorf("%s: %w", w.file.Name(), os.ErrClosed)
	}
	if err := w.failed; err != nil {
		w.failed = nil
		return fmt.Errorf("%s: what was logged before may not be on disk: %w", w.file.Name(), err)
	}
	if w.shared {
		if err := w.lock(); err != nil {
			return err
		}
		defer w.unlock()
	}
	if err := seal(w.buf, start, t, w.size+int64(start)); err != nil {
		return err
	}
	n, err := w.file.Write(w.buf)
	if err != nil {
		if n > 0 && w.file.Truncate(w.size) != nil {
			w.size += int64(n)
		}
		return err
	}
	w.size += int64(n)
	if !w.dirty {
		w.dirty = true
		w.timer.Reset(syncEvery)
	}
	return nil
}

// lock keeps other processes from appending, and learns where the file ends.
func (w *Writer) lock() error {
	if err := flock(w.file, syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", w.file.Name(), err)
	}
	info, err := w.file.Stat()
	if err != nil {
		w.unlock()
		return err
	}
	w.size = info.Size()
	return nil
}

func (w *Writer) unlock() {
	_ = syscall.Flock(int(w.file.Fd()), syscall.LOCK_UN) // closing the file would do it too
}
