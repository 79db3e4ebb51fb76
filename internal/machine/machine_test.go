package machine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRead holds two readings to what must be true of any machine.
func TestRead(t *testing.T) {
	var m Monitor
	first, err := m.Read(t.Context(), t.TempDir()+"/not/yet/there")
	if err != nil {
		t.Fatal(err)
	}
	if first.Cores != nil || first.Busy() != 0 {
		t.Errorf("shares of no time: %v", first.Cores)
	}
	m.last = m.last.Add(-Soon) // as if some time had passed
	r, err := m.Read(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Cores) == 0 || len(r.Cores) < runtime.NumCPU() {
		t.Errorf("%d processors, this process may use %d", len(r.Cores), runtime.NumCPU())
	}
	for i, c := range r.Cores {
		if c < 0 || c > 1 {
			t.Errorf("processor %d was busy for %g of the time", i, c)
		}
	}
	for name, a := range map[string]Amount{"memory": r.Memory, "disk": r.Disk} {
		if a.Total == 0 || a.Used == 0 || a.Used > a.Total {
			t.Errorf("%s: %d of %d bytes", name, a.Used, a.Total)
		}
	}
	if host, _ := os.Hostname(); r.Host != host || !strings.HasPrefix(r.System, runtime.GOOS) {
		t.Errorf("host %q, system %q", r.Host, r.System)
	}
	m.last = m.last.Add(time.Hour) // as if none had
	if again, err := m.Read(t.Context(), t.TempDir()); err != nil || len(again.Cores) != len(r.Cores) || again.Busy() != r.Busy() {
		t.Errorf("a reading at once after another has the shares %v, not %v (%v)", again.Cores, r.Cores, err)
	}
	for _, p := range r.Processes {
		if !strings.HasPrefix(p.Name, ours) || p.Memory == 0 || p.Started.After(r.At) {
			t.Errorf("%+v", p)
		}
	}
}

// driverProgram is a shell script that is nvidia-smi for the length of a test.
func driverProgram(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte("#!/bin/sh\n"+script), 0o777); err != nil {
		t.Fatal(err)
	}
}

// A driver's program that gives no answer is waited for as long as the caller says,
// and the error tells how long that was; one that complains is quoted.
func TestDriverFails(t *testing.T) {
	driverProgram(t, "echo NVIDIA-SMI has failed\nexit 9\n")
	if list, err := listGPUs(t.Context(), time.Minute); err == nil || !strings.HasSuffix(err.Error(), "exit status 9: NVIDIA-SMI has failed") {
		t.Errorf("%v, %v", list, err)
	}
	driverProgram(t, "exec sleep 600\n")
	const patience = 20 * time.Millisecond
	if list, err := listGPUs(t.Context(), patience); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer in 20ms") {
		t.Errorf("%v, %v", list, err)
	}
}

// A driver from before MIG mode, whose program refuses the field that it does not
// know, shows its GPUs all the same.
func TestDriverBeforeMIG(t *testing.T) {
	driverProgram(t, `case "$1" in
*mig.mode.current*) printf 'Field "mig.mode.current" is not a valid field to query.\n\n'; exit 2 ;;
esac
echo "0, GPU-aaaa, Tesla V100-SXM2-16GB, 12, 1024, 16160, 41, 55.00"
`)
	list, err := listGPUs(t.Context(), time.Minute)
	if want := (GPU{UUID: "GPU-aaaa", Name: "Tesla V100-SXM2-16GB", Busy: 0.12, Memory: Amount{1 << 30, 16160 << 20}, Celsius: 41, Watts: 55}); err != nil || len(list) != 1 || list[0] != want {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestParseGPUs reads tables as nvidia-smi 535 and 560 print them, one of a card
// that does not tell its power and knows no MIG mode.
func TestParseGPUs(t *testing.T) {
	list, err := parseGPUs("0, GPU-aaaa, NVIDIA H100 80GB HBM3, 37, 1024, 81559, 41, 123.45, Disabled\n1, GPU-bbbb, Tesla K80, 0, 0, 11441, 30, [N/A], [N/A]\n2, GPU-cccc, NVIDIA A30, [N/A], 50, 24576, 33, 29.1, Enabled\n")
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	want := GPU{UUID: "GPU-aaaa", Name: "NVIDIA H100 80GB HBM3", Busy: 0.37, Memory: Amount{1 << 30, 81559 << 20}, Celsius: 41, Watts: 123.45}
	if list[0] != want || list[1].Watts != 0 || list[1].Name != "Tesla K80" || list[1].Index != 1 || list[1].MIG || !list[2].MIG {
		t.Errorf("%+v", list)
	}
	for _, bad := range []string{"No devices were found", "0, GPU-a, b, c, d, e, f, g, h", "x, GPU-a, b, 1, 2, 3, 4, 5, Disabled"} {
		if list, err := parseGPUs(bad); err == nil {
			t.Errorf("%q: %v", bad, list)
		}
	}
}

func TestShare(t *testing.T) {
	if (Amount{}).Share() != 0 || (Amount{1, 4}).Share() != 0.25 {
		t.Error("shares")
	}
}

// A process that has ended is none, though its parent has not taken note.
func TestEndedProcess(t *testing.T) {
	program := filepath.Join(t.TempDir(), ours+"-ended")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listed := func() bool {
		list, err := (&Monitor{}).processes(t.Context(), time.Now(), false)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(list, func(p Process) bool { return p.PID == cmd.Process.Pid })
	}
	for deadline := time.Now().Add(time.Minute); listed(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it has ended, and is still listed")
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}
