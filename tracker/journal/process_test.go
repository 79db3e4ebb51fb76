package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
)

// TestMain lets the test binary be a writer that can be killed.
func TestMain(m *testing.M) {
	role, path, _ := strings.Cut(os.Getenv("MMIBX_JOURNAL_TEST"), ":")
	switch role {
	case "":
		os.Exit(m.Run())
	case "log":
		childLog(path)
	case "append":
		childAppend(path)
	case "full":
		childFull(path)
	}
}

func child(role, path string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MMIBX_JOURNAL_TEST="+role+":"+path)
	return cmd
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// childLog logs for ever and says each step whose Log returned.
func childLog(path string) {
	w, err := Create(path, testHeader())
	check(err)
	for step := int64(0); ; step++ {
		check(w.Log(step, mmibx.Metric{Name: mmibx.Loss, Value: float64(step)}, mmibx.Metric{Name: mmibx.KLText, Value: 0.5}))
		_, err := fmt.Println(step)
		check(err)
	}
}

func TestKill(t *testing.T) {
	for round := range 5 {
		path := filepath.Join(t.TempDir(), "journal")
		cmd := child("log", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		returned := int64(-1)
		lines := bufio.NewScanner(out)
		lines.Scan() // it has begun
		time.AfterFunc(time.Duration(10+30*round)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		for lines.Scan() {
			if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
				returned = n
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		read := int64(-1)
		if _, err := Read(path, 0, func(r Record) error {
			if r.Type == TypePoints {
				if read++; r.Step != read || r.Metrics[0].Value != float64(read) {
					t.Errorf("point %d is %v", read, r)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		// The last line may have been cut; no more than one call was under way.
		if read < returned || read > returned+2 {
			t.Errorf("Log returned for step %d, the journal ends at %d", returned, read)
		}
		t.Logf("killed after %d steps", returned+1)
	}
}

const appends = 200

func childAppend(path string) {
	w, err := OpenAppend(path)
	check(err)
	for i := range appends {
		check(w.Entry("tag", map[string]int{"pid": os.Getpid(), "i": i}))
	}
	check(w.Abandon())
}

func TestSeveralProcessesAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sweeps", "s", "control")
	const processes = 6
	var wg sync.WaitGroup
	for range processes {
		wg.Go(func() {
			if out, err := child("append", path).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	d, err := Check(path)
	if want := (Damage{Records: processes * appends}); err != nil || d != want {
		t.Errorf("Check says %+v (%v), want %+v", d, err, want)
	}
}

func TestAppendBehindAFragment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people")
	w, err := OpenAppend(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Entry("note", "a long enough text"), w.Abandon()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-5); err != nil {
		t.Fatal(err)
	}
	if w, err = OpenAppend(path); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Entry("note", "b"), w.Abandon()); err != nil {
		t.Fatal(err)
	}
	got, _ := readAll(t, path)
	if len(got) != 2 || got[0].Type != Damaged || string(got[1].Entry) != `"b"` {
		t.Errorf("read %v", got)
	}
}

// childFull logs until the file may not grow, then makes room and logs again.
func childFull(path string) {
	w, err := Create(path, testHeader())
	check(err)
	limit := syscall.Rlimit{Cur: 4096, Max: syscall.RLIM_INFINITY & (1<<63 - 1)}
	var was syscall.Rlimit
	check(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was))
	limit.Max = was.Max
	check(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	steps := int64(0)
	for ; ; steps++ {
		if err = w.Log(steps, mmibx.Metric{Name: mmibx.Loss, Value: 1}); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.EFBIG) {
		check(fmt.Errorf("log on a full disk: %w", err))
	}
	check(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was))
	check(w.Log(steps, mmibx.Metric{Name: mmibx.Loss, Value: 1}))
	check(w.Close(Trailer{State: mmibx.Done}))
	fmt.Println(steps)
}

// A limit on the size of files makes a write stop part way, as a full disk does.
func TestDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	out, err := child("full", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Check(path)
	if err != nil || d.Lost != 0 || d.Tail != 0 || d.Records != want+3 {
		t.Errorf("%d points and one more were logged, Check says %+v (%v)", want, d, err)
	}
}

func TestGoroutinesLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	w, err := Create(path, testHeader())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				if err := w.Log(int64(g*100+i), mmibx.Metric{Name: "m", Value: 1}); err != nil {
					t.Error(err)
				}
				if i == 50 {
					if err := w.Sync(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := w.Close(Trailer{State: mmibx.Done}); err != nil {
		t.Fatal(err)
	}
	if d, err := Check(path); err != nil || d != (Damage{Records: 802}) {
		t.Errorf("Check says %+v, %v", d, err)
	}
}

func FuzzRead(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	sample(f, path)
	blob, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blob, uint16(0))
	f.Add(blob[:len(blob)-3], uint16(40))
	f.Add([]byte(magic), uint16(0))
	f.Fuzz(func(t *testing.T, blob []byte, offset uint16) {
		end := int64(offset)
		next, err := read(bytes.NewReader(blob), int64(len(blob)), int64(offset), func(r Record) error {
			if r.Offset < end || r.End <= r.Offset || r.End > int64(len(blob)) {
				t.Errorf("record at [%d, %d) after %d in %d bytes", r.Offset, r.End, end, len(blob))
			}
			end = r.End
			return nil
		})
		if err == nil && next > max(int64(len(blob)), int64(offset), int64(len(magic))) {
			t.Errorf("next is %d behind the end %d", next, len(blob))
		}
	})
}
