package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
)

var errNoJournal = errors.New("not a journal of mmibx")

func checkMagic(head []byte) error {
	switch {
	case string(head) == magic:
		return nil
	case len(head) == len(magic) && string(head[:6]) == magic[:6]:
		return fmt.Errorf("version %d of the journal's format, which this mmibx does not know; a newer mmibx reads it", head[6])
	}
	return errNoJournal
}

// Read calls fn for each record from a byte offset on: 0, or what an earlier
// call returned as next. An end that is not a whole record, because its write
// was cut or is under way, is no error: next stays before it. Bytes that hold no
// record but have good ones behind them are reported as one Damaged record.
// When fn fails, Read returns its error and the offset of that record.
func Read(path string, offset int64, fn func(Record) error) (next int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return offset, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return offset, err
	}
	next, err = read(f, info.Size(), offset, fn)
	if err != nil {
		return next, fmt.Errorf("%s: %w", path, err)
	}
	return next, nil
}

// Check reads a whole journal and counts what it lost.
func Check(path string) (Damage, error) {
	var d Damage
	next, err := Read(path, 0, func(r Record) error {
		if r.Type == Damaged {
			d.Lost += r.End - r.Offset
		} else {
			d.Records++
		}
		return nil
	})
	if err != nil {
		return d, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return d, err
	}
	d.Tail = max(0, info.Size()-next)
	return d, nil
}

func read(f io.ReaderAt, size, offset int64, fn func(Record) error) (int64, error) {
	head := make([]byte, min(size, int64(len(magic))))
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return offset, err
	}
	if len(head) < len(magic) && string(head) == magic[:len(head)] {
		return 0, nil // it has hardly begun
	}
	if err := checkMagic(head); err != nil {
		return offset, err
	}
	s := &scanner{file: f, size: size}
	d := &decoder{names: map[string]string{}}
	next := max(offset, int64(len(magic)))
	for {
		b, at, err := s.record(next)
		if err != nil || b == nil {
			return next, err
		}
		if at > next {
			if err := fn(Record{Type: Damaged, Offset: next, End: at}); err != nil {
				return next, err
			}
			next = at
		}
		r, err := d.decode(b, at)
		if err != nil {
			return next, err
		}
		if err := fn(r); err != nil {
			return next, err
		}
		next = r.End
	}
}

// scanner is a window on a file.
type scanner struct {
	file io.ReaderAt
	size int64
	base int64  // offset of window[0]
	win  []byte // what is in memory
	buf  []byte // its backing store
}

const windowSize = 256 << 10

// bytes returns n bytes at an offset, nil beyond the end of the file.
func (s *scanner) bytes(offset int64, n int) ([]byte, error) {
	if offset+int64(n) > s.size {
		return nil, nil
	}
	if i := offset - s.base; i >= 0 && i+int64(n) <= int64(len(s.win)) {
		return s.win[i : i+int64(n)], nil
	}
	want := int(min(int64(max(n, windowSize)), s.size-offset))
	if want > cap(s.buf) {
		s.buf = make([]byte, want)
	}
	got, err := s.file.ReadAt(s.buf[:want], offset)
	s.base, s.win = offset, s.buf[:got]
	switch {
	case got >= n:
		return s.win[:n], nil
	case err == nil || errors.Is(err, io.EOF):
		return nil, nil // cut since its size was asked for
	}
	return nil, err
}

// record returns the first whole record at or behind an offset and where it
// stands; nil when there is none.
func (s *scanner) record(offset int64) (b []byte, at int64, err error) {
	for at = offset; ; at++ {
		frame, err := s.bytes(at, frameSize)
		if err != nil || frame == nil {
			return nil, at, err
		}
		n, ok := frameLength(frame)
		if !ok {
			continue
		}
		b, err := s.bytes(at, n)
		if err != nil {
			return nil, at, err
		}
		if b != nil && intact(b, at) {
			return b, at, nil
		}
	}
}
