//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

// terminal is a program in a pseudo-terminal, with all that it has written.
type terminal struct {
	testing.TB
	cmd   *exec.Cmd
	ptmx  *os.File
	began time.Time

	mu   sync.Mutex
	told *sync.Cond
	text []byte
	at   []mark // when the text had which length
	over bool
}

type mark struct {
	len int
	at  time.Time
}

// openTerminal starts a program in a terminal of 120x40 cells.
func openTerminal(tb testing.TB, program string, args ...string) *terminal {
	tb.Helper()
	ptmx, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		tb.Fatal(err)
	}
	fd := int(ptmx.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120})
	}
	if err != nil {
		tb.Fatal(err)
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		tb.Fatal(err)
	}
	t := &terminal{TB: tb, ptmx: ptmx, cmd: exec.Command(program, args...), began: time.Now()}
	t.told = sync.NewCond(&t.mu)
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = tty, tty, tty
	t.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor", "TMUX=")
	t.cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := t.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	if err := tty.Close(); err != nil {
		tb.Fatal(err)
	}
	hangs := time.AfterFunc(2*time.Minute, func() { _ = t.cmd.Process.Kill() })
	tb.Cleanup(func() { hangs.Stop() })
	go t.read()
	return t
}

func (t *terminal) read() {
	buffer := make([]byte, 1<<16)
	for {
		n, err := t.ptmx.Read(buffer)
		t.mu.Lock()
		t.text = append(t.text, buffer[:n]...)
		t.at = append(t.at, mark{len(t.text), time.Now()})
		t.over = err != nil
		t.told.Broadcast()
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// length is how much was written so far.
func (t *terminal) length() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.text)
}

// until waits for a text behind a place and says when it was written.
func (t *terminal) until(from int, text string) time.Time {
	t.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		if i := bytes.Index(t.text[from:], []byte(text)); i >= 0 {
			k := slices.IndexFunc(t.at, func(m mark) bool { return m.len >= from+i+len(text) })
			return t.at[k].at
		}
		if t.over {
			t.Fatalf("the program ended without %q; its last words: %q", text, t.text[max(0, len(t.text)-500):])
		}
		t.told.Wait()
	}
}

func (t *terminal) press(keys string) (from int, at time.Time) {
	t.Helper()
	from, at = t.length(), time.Now()
	if _, err := io.WriteString(t.ptmx, keys); err != nil {
		t.Fatal(err)
	}
	return from, at
}

// leave ends the UI by its key.
func (t *terminal) leave() {
	t.Helper()
	t.press("q")
	if err := t.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	_ = t.ptmx.Close() // nothing is to be read any more
}

// resident is memory of the program in MiB, now and at most.
func (t *terminal) resident() (now, most float64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", t.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kib, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "VmRSS:":
			now = kib / 1024
		case "VmHWM:":
			most = kib / 1024
		}
	}
	return now, most
}

// spent is the time of processors that the program has used.
func (t *terminal) spent() time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", t.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * time.Second / 100 // of ticks, which Linux counts in hundredths for everyone
}

// loggers are processes that log a run each, until they are stopped.
func loggers(b *testing.B, store string, n int) (stop func()) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	var pipes []io.Closer
	var all []*exec.Cmd
	for i := range n {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "MMIBX_PLAY=logger", "MMIBX_STORE="+store)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			b.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			_, err = fmt.Fprintln(in, 1000+i)
		}
		if err == nil {
			_, err = out.Read(make([]byte, 16)) // it has begun
		}
		if err != nil {
			b.Fatal(err)
		}
		pipes, all = append(pipes, in), append(all, cmd)
	}
	return func() {
		for i := range all {
			_ = pipes[i].Close()
			if err := all[i].Wait(); err != nil {
				b.Error(err)
			}
		}
	}
}

func quantile(ms []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(ms))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func since(at, began time.Time) float64 { return float64(at.Sub(began).Microseconds()) / 1000 }

// BenchmarkUI is what the contract of the UI counts: on a store of 10,000 runs (200
// with -short) the time to the first paint, the time from a key to what it paints while
// eight processes log twenty times a second each, resident memory, and the processor's
// share of an idle UI over 30 s (3 s). Once is enough: -benchtime 1x.
func BenchmarkUI(b *testing.B) {
	seeds, starts, keys, idle := 303, 20, 400, 30*time.Second
	if testing.Short() {
		seeds, starts, keys, idle = 6, 3, 30, 3*time.Second
	}
	a := bigStoreOf(b, seeds)
	if _, err := tracker.Sync(b.Context(), mmibx.Store(a.storeDir)); err != nil {
		b.Fatal(err)
	}
	program := filepath.Join(b.TempDir(), "mmibx")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	b.Run("first paint", func(b *testing.B) {
		for b.Loop() {
			var painted, filled []float64
			for range starts {
				t := openTerminal(b, program, "--store", a.storeDir, "--data", a.dataDir)
				painted = append(painted, since(t.until(0, "mmibx"), t.began))
				filled = append(filled, since(t.until(0, "▰▰"), t.began))
				t.leave()
			}
			b.ReportMetric(quantile(painted, 0.5), "paint-ms")
			b.ReportMetric(quantile(painted, 1), "slowest-ms")
			b.ReportMetric(quantile(filled, 0.5), "filled-ms")
		}
	})
	b.Run("key to paint", func(b *testing.B) {
		stop := loggers(b, a.storeDir, 8)
		defer stop()
		for b.Loop() {
			t := openTerminal(b, program, "--store", a.storeDir, "--data", a.dataDir)
			t.until(0, "▰▰")
			from, _ := t.press("L")
			t.until(from, "narrows")
			from, _ = t.press("\x1b[6~") // away from the runs that are logged
			t.until(from, "▸")
			var took []float64
			for i := range keys {
				from, at := t.press([]string{"j", "k"}[i%2])
				took = append(took, since(t.until(from, "▸"), at))
				time.Sleep(time.Duration(20+13*i%60) * time.Millisecond) // at all phases of polling and painting
			}
			now, most := t.resident()
			t.leave()
			b.ReportMetric(quantile(took, 0.5), "p50-ms")
			b.ReportMetric(quantile(took, 0.95), "p95-ms")
			b.ReportMetric(quantile(took, 1), "slowest-ms")
			b.ReportMetric(now, "MiB")
			b.ReportMetric(most, "most-MiB")
		}
	})
	b.Run("idle", func(b *testing.B) {
		for b.Loop() {
			for _, screen := range []string{"home", "runs", "board"} {
				t := openTerminal(b, program, "--store", a.storeDir, "--data", a.dataDir)
				t.until(0, "▰▰")
				switch screen {
				case "runs":
					from, _ := t.press("L")
					t.until(from, "narrows")
				case "board":
					from, _ := t.press("\r")
					t.until(from, "leader")
				}
				time.Sleep(10 * time.Second) // what it reads at first is read, and it looks seldom
				before := t.spent()
				time.Sleep(idle)
				share := 100 * (t.spent() - before).Seconds() / idle.Seconds()
				now, _ := t.resident()
				t.leave()
				b.ReportMetric(share, screen+"-cpu-%")
				b.ReportMetric(now, screen+"-MiB")
			}
		}
	})
}
