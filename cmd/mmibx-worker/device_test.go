//go:build torch

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

// device is where the tests' tensors lie.
var device = flag.String("device", "cpu", "compute on it: cpu, cuda, or lazy, a second device on any machine")

// An attempt is on the device of its job and says so, and what it kept predicts the
// same again.
func TestDeviceOfAnAttempt(t *testing.T) {
	spec, err := mmibx.Resolve(map[string]any{"benchmark": "mini-mnre", "model": "concat", "train.epochs": 1})
	if err != nil {
		t.Fatal(err)
	}
	job := mmibx.Job{Run: "0123456789ab", Attempt: 1, Spec: spec.Values(), Store: mmibx.Store(t.TempDir()), Device: *device, Threads: 1}
	if err := record(t.Context(), job, &library{}); err != nil {
		t.Fatal(err)
	}
	var header *journal.Header
	var kept journal.Artifact
	if _, err := journal.Read(job.Store.Journal(job.Run, 1), 0, func(r journal.Record) error {
		if r.Header != nil {
			header = r.Header
		}
		if r.Artifact != nil && r.Artifact.Name == "predictions."+string(mmibx.Dev) {
			kept = *r.Artifact
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if header == nil || header.Env.Device != *device {
		t.Errorf("the header says %+v", header)
	}
	object, err := tracker.OpenObject(job.Store, kept.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := io.ReadAll(object)
	if err := errors.Join(err, object.Close()); err != nil {
		t.Fatal(err)
	}
	var inquiry, answer bytes.Buffer
	if err := json.NewEncoder(&inquiry).Encode(mmibx.Inquiry{Job: job, Step: kept.Step, Split: mmibx.Dev}); err != nil {
		t.Fatal(err)
	}
	if err := predict(t.Context(), &inquiry, &answer); err != nil {
		t.Fatal(err)
	}
	if len(stored) == 0 || !bytes.Equal(answer.Bytes(), stored) {
		t.Error("the weights say something else of dev than training did")
	}
}

// elsewhere runs tests on another device, in a process of its own: all that it
// printed, and whether a test passed.
func elsewhere(t *testing.T, device string, tests ...string) (said string, passed func(test string) bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-device", device, "-test.v", "-test.run", "^("+strings.Join(tests, "|")+")$")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	said = string(out)
	return said, func(test string) bool { return strings.Contains(said, "\n--- PASS: "+test+" (") }
}

// The same on lazy tensors: see TestSecondDevice of model.
func TestAttemptOnSecondDevice(t *testing.T) {
	if *device != "cpu" {
		t.Log("nothing to do: all tests are on", *device)
		return
	}
	tests := []string{"TestDeviceOfAnAttempt", "TestPrunedAttempt"}
	said, passed := elsewhere(t, "lazy", tests...)
	for _, test := range tests {
		if !passed(test) {
			t.Errorf("%s on lazy tensors:\n%s", test, said)
		}
	}
}

// A process is on the device that it was asked for, or says why there is none.
func TestFacts(t *testing.T) {
	var out bytes.Buffer
	if err := facts(&out, *device); err != nil {
		t.Fatal(err)
	}
	var said struct{ Version, Device, NoDevice string }
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	if on := said.Device == *device; said.Version == "" || on == (said.NoDevice != "") {
		t.Errorf("asked for %s, it says %+v", *device, said)
	}
}

// A device that is not there, or another than that of the process, is the job's
// fault and says the way out.
func TestDeviceThatIsNotThere(t *testing.T) {
	if _, err := torch.Init(1, *device); err != nil {
		t.Fatal(err)
	}
	var fault *mmibx.InputError
	if _, err := torch.Init(1, "tpu"); !errors.As(err, &fault) || fault.Expected != *device || fault.Cure == "" {
		t.Errorf("another device in a process for %s: %v", *device, err)
	}
	const attempt = "TestDeviceOfAnAttempt"
	refusal := func(device string) string {
		t.Helper()
		said, passed := elsewhere(t, device, attempt, "TestFacts")
		if !passed("TestFacts") {
			t.Errorf("facts of %s:\n%s", device, said)
		}
		if passed(attempt) {
			return ""
		}
		return said
	}
	if said := refusal("tpu"); !strings.Contains(said, "found tpu, expected cpu or cuda; ask for cpu") {
		t.Errorf("an unknown device:\n%s", said)
	}
	// What cuda is depends on the machine.
	want := "found cuda, and a PyTorch without the part for it (libtorch_cuda.so: "
	cure := "install one into your Python"
	if hasCUDA(t) {
		want, cure = "found cuda, and no GPU that it can use", "look at nvidia-smi"
	}
	switch said := refusal("cuda"); {
	case said == "" && !hasCUDA(t):
		t.Error("an attempt is on cuda, without libtorch's part for it")
	case said != "" && (!strings.Contains(said, want) || !strings.Contains(said, cure)):
		t.Errorf("cuda:\n%s", said)
	}
}

// hasCUDA says whether libtorch's part for CUDA lies beside the libtorch of this
// process.
func hasCUDA(t *testing.T) bool {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if i := strings.Index(line, "/"); i >= 0 && strings.HasSuffix(line, "/libtorch_cpu.so\n") {
			_, err := os.Stat(filepath.Join(filepath.Dir(line[i:]), "libtorch_cuda.so"))
			return err == nil
		}
	}
	t.Fatal("no libtorch_cpu.so is loaded")
	return false
}

// What a failed kernel leaves behind is no place for the next run; memory that ran
// out, and what the processor refuses, is.
func TestSpoilt(t *testing.T) {
	kernel := error(&torch.Error{Op: "read", Message: "CUDA error: device-side assert triggered"})
	for _, c := range []struct {
		device string
		err    error
		want   bool
	}{
		{"cuda", kernel, true},
		{"cuda", errors.Join(mmibx.ErrOutOfMemory, kernel), false},
		{"cuda", mmibx.ErrDiverged, false},
		{"cuda", nil, false},
		{"cpu", kernel, false},
	} {
		if got := spoilt(c.device, c.err); got != c.want {
			t.Errorf("after %v on %s the process is spoilt: %v", c.err, c.device, got)
		}
	}
}

// Vectors that a GPU computed are kept apart from the processor's, whose files keep
// their names.
func TestCacheOfEachDevice(t *testing.T) {
	store := mmibx.Store(t.TempDir())
	file := func(device string) string {
		job := &mmibx.Job{Store: store, Device: device}
		path, err := cacheFile(job, "pictures", onDevice(job, "digest", "resnet50")...)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(path)
	}
	// The SHA-256 of ["digest","resnet50"], by another program.
	if got := file("cpu"); !strings.HasPrefix(got, "728e70ae8668f6b3") || file("cuda") == got {
		t.Errorf("on cpu %s, on cuda %s", got, file("cuda"))
	}
}
