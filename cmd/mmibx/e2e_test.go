//go:build torch

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// TestEndToEnd builds both programs and uses them as people do.
func TestEndToEnd(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-tags", "torch", "-o", bin+"/", ".", "../mmibx-worker")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	t.Run("kill -9", func(t *testing.T) { testKill(t, bin) })
	t.Run("wrong input", func(t *testing.T) { testWrongInput(t, bin) })
	t.Run("parity", func(t *testing.T) { testParity(t, bin) })
	t.Run("terminal UI", func(t *testing.T) { testTerminalUI(t, bin) })
	t.Run("journey", func(t *testing.T) { testJourney(t, bin) })
}

// lab is a folder in which somebody works, with a store of its own.
type lab struct {
	*testing.T
	bin, dir string
	store    mmibx.Store
	env      []string // besides that of the test
}

func newLab(t *testing.T, bin string) *lab {
	dir := t.TempDir()
	return &lab{T: t, bin: bin, dir: dir, store: mmibx.Store(filepath.Join(dir, "mmibx-runs"))}
}

func (l *lab) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(l.bin, "mmibx"), args...)
	cmd.Dir = l.dir
	cmd.Env = append(os.Environ(), "MMIBX_STORE=", "MMIBX_DATA=", "MMIBX_WORKER=")
	cmd.Env = append(cmd.Env, l.env...)
	return cmd
}

// mmibx runs a command line to its end.
func (l *lab) mmibx(args ...string) (stdout, stderr string, code int) {
	l.Helper()
	var out, errs bytes.Buffer
	cmd := l.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// must runs a command line that is to succeed, and returns what it prints.
func (l *lab) must(args ...string) string {
	l.Helper()
	out, errs, code := l.mmibx(args...)
	if code != 0 {
		l.Fatalf("mmibx %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// write writes a file below the lab's folder.
func (l *lab) write(name, text string) string {
	l.Helper()
	path := filepath.Join(l.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
		l.Fatal(err)
	}
	return path
}

// wait polls until something is so.
func (l *lab) wait(what string, so func() bool) {
	l.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !so(); time.Sleep(3 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.Fatalf("three minutes went by without %s", what)
		}
	}
}

// point is a number that an attempt logged.
type point struct {
	run     string
	attempt int
	metric  string
	step    int64
}

// journals is what the journals of a store hold.
type journals struct {
	points  map[point]float64
	done    map[string]int            // attempts by run
	open    map[string]journal.Header // of attempts without a trailer that have logged something, by run
	resumed int                       // attempts
}

// read reads every journal, also one that is being written.
func (l *lab) read() journals {
	l.Helper()
	all := journals{map[point]float64{}, map[string]int{}, map[string]journal.Header{}, 0}
	paths, err := filepath.Glob(filepath.Join(string(l.store), "runs", "*", "*", "journal"))
	if err != nil {
		l.Fatal(err)
	}
	for _, path := range paths {
		if err := all.add(path); err != nil {
			l.Fatal(err)
		}
	}
	return all
}

func (j *journals) add(path string) error {
	var header journal.Header
	calls, over := 0, false
	_, err := journal.Read(path, 0, func(r journal.Record) error {
		switch r.Type {
		case journal.TypeHeader:
			header = *r.Header
			if header.ResumeAttempt > 0 {
				j.resumed++
			}
		case journal.TypePoints:
			calls++
			for _, m := range r.Metrics {
				j.points[point{header.Run, header.Attempt, m.Name, r.Step}] = m.Value
			}
		case journal.TypeTrailer:
			over = true
			if r.Trailer.State == mmibx.Done {
				j.done[header.Run]++
			}
		}
		return nil
	})
	delete(j.open, header.Run) // an attempt before this one
	if calls > 2 && !over {
		j.open[header.Run] = header
	}
	return err
}

// inTheMiddle waits until a worker is well into a run, and returns its process
// and what the journals hold then.
func (l *lab) inTheMiddle() (pid int, logged map[point]float64) {
	l.Helper()
	l.wait("a run under way", func() bool {
		all := l.read()
		for run, h := range all.open {
			if l.locked(run) && unix.Kill(h.Env.PID, 0) == nil {
				pid, logged = h.Env.PID, all.points
				return true
			}
		}
		return false
	})
	return pid, logged
}

// locked says whether a worker holds a run.
func (l *lab) locked(run string) bool {
	held, err := journal.Held(l.store.RunLock(run))
	return held && err == nil
}

// stored is every point in the database, those of superseded attempts too.
func (l *lab) stored() map[point]float64 {
	l.Helper()
	var rows []struct {
		Run, Metric   string
		Attempt, Step int64
		Value         float64
	}
	out := l.must("sql", "--json", `SELECT r.name AS run, a.number AS attempt, m.name AS metric, p.step, p.value
		FROM point p JOIN series s ON s.id = p.series JOIN attempt a ON a.journal = s.attempt JOIN run r ON r.id = a.run JOIN metric m ON m.id = s.metric`)
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		l.Fatal(err)
	}
	points := map[point]float64{}
	for _, r := range rows {
		points[point{r.Run, int(r.Attempt), r.Metric, r.Step}] = r.Value
	}
	return points
}

// answers is what the database says about the whole store.
func (l *lab) answers() string {
	l.Helper()
	return l.must("runs", "list", "--json", "--sort", "id") +
		l.must("sql", "--csv", "SELECT * FROM points ORDER BY run, metric, step") +
		l.must("sql", "--csv", "SELECT * FROM attempts ORDER BY run, attempt")
}

// results is the SHA-256 of what each run ended with: predictions of both
// splits and the chosen weights.
func (l *lab) results() map[string][3]string {
	l.Helper()
	var rows []struct {
		Run, Name, SHA256 string
		Attempt           int
	}
	if err := json.Unmarshal([]byte(l.must("sql", "--json", "SELECT run, attempt, name, sha256 FROM artifacts")), &rows); err != nil {
		l.Fatal(err)
	}
	results := map[string][3]string{}
	for _, r := range rows {
		blob, err := os.ReadFile(filepath.Join(l.store.Attempt(r.Run, r.Attempt), "best.safetensors"))
		if err != nil {
			l.Fatal(err)
		}
		sum := sha256.Sum256(blob)
		result := results[r.Run]
		result[2] = hex.EncodeToString(sum[:])
		switch r.Name {
		case "predictions.dev":
			result[0] = r.SHA256
		case "predictions.test":
			result[1] = r.SHA256
		}
		results[r.Run] = result
	}
	return results
}
