package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func numbers(units []Unit) string {
	var all []string
	for _, u := range units {
		all = append(all, u.Number)
	}
	return strings.Join(all, " ")
}

// TestVisible follows the rules of CUDA's programming guide for CUDA_VISIBLE_DEVICES,
// and those of the MIG user guide for instances. GPU 3 is in MIG mode.
func TestVisible(t *testing.T) {
	list := []Unit{
		wholeGPU(0, "GPU-aaaa-1", ""), wholeGPU(1, "GPU-bbbb-2", ""), wholeGPU(2, "GPU-aacc-3", ""),
		{Number: "3:0", UUID: "MIG-dd-0", index: 3, gpu: "GPU-eeee-4"}, {Number: "3:1", UUID: "MIG-dd-1", index: 3, gpu: "GPU-eeee-4"},
	}
	for names, want := range map[string]string{
		"":                       "",
		"0":                      "0",
		"2, 0":                   "2 0",
		"-1":                     "",
		"1,-1,0":                 "1",
		"0,7,1":                  "0",
		"1,1":                    "",
		"GPU-bb":                 "1",
		"GPU-aacc-3,GPU-aaaa-1":  "2 0",
		"GPU-dddd,0":             "",
		"NoDevFiles":             "",
		"GPU-bbbb-2,1":           "",
		"MIG-GPU-aaaa-1/0/0,0,1": "",
		"MIG-dd-1":               "3:1",
		"MIG-dd-1,0,MIG-dd-0":    "3:1 0 3:0",
		"MIG-dd-1,MIG-dd-1":      "",
		"3,0":                    "3:0 3:1 0",
		"GPU-eeee":               "3:0 3:1",
		"3,MIG-dd-0":             "",
	} {
		if got, err := visible(list, names, false); err != nil || numbers(got) != want {
			t.Errorf("%q shows %s (%v), want %q", names, numbers(got), err, want)
		}
	}
}

// TestVisibleOfTwoModels: CUDA's default order is the fastest first, so that its GPU 0
// may be nvidia-smi's GPU 1 where they differ (CUDA's programming guide,
// CUDA_DEVICE_ORDER). What is no index, and the index of nothing, means the same in
// every order.
func TestVisibleOfTwoModels(t *testing.T) {
	list := []Unit{wholeGPU(0, "GPU-aaaa", "Tesla K80"), wholeGPU(1, "GPU-bbbb", "NVIDIA A30")}
	for names, want := range map[string]string{"GPU-bb,GPU-aa": "1 0", "-1": "", "7,0": ""} {
		if got, err := visible(list, names, false); err != nil || numbers(got) != want {
			t.Errorf("%q shows %s (%v), want %q", names, numbers(got), err, want)
		}
	}
	for _, names := range []string{"0", "GPU-bb,0"} {
		var fault *mmibx.InputError
		if got, err := visible(list, names, false); !errors.As(err, &fault) || !strings.Contains(fault.Found, "the index 0 where there are Tesla K80 and NVIDIA A30") || !strings.Contains(fault.Cure, "CUDA_DEVICE_ORDER=PCI_BUS_ID") {
			t.Errorf("%q shows %s (%v)", names, numbers(got), err)
		}
	}
	driverProgram(t, `printf '0, GPU-aaaa, Tesla K80, 0, 0, 11441, 30, 60.2, [N/A]\n1, GPU-bbbb, NVIDIA A30, 0, 0, 24576, 30, 29.1, Disabled\n'`)
	t.Setenv("CUDA_VISIBLE_DEVICES", "1")
	t.Setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST")
	if list, err := Units(t.Context()); err == nil {
		t.Errorf("in an order that we do not know: %+v", list)
	}
	t.Setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
	if list, err := Units(t.Context()); err != nil || numbers(list) != "1" {
		t.Errorf("in the order of the bus: %+v, %v", list, err)
	}
	driverProgram(t, "echo NVIDIA-SMI has failed\nexit 9\n")
	t.Setenv("CUDA_VISIBLE_DEVICES", "")
	if list, err := Units(t.Context()); err != nil || list != nil {
		t.Errorf("who shows none need not know what there is: %+v, %v", list, err)
	}
}

// TestInstances: GPU 1 and GPU 2 are in MIG mode, GPU 2 without instances. The list is
// as nvidia-smi prints it (MIG user guide), the second instance as drivers before 470 did.
func TestInstances(t *testing.T) {
	driverProgram(t, `case "$1" in
-L) cat <<'END'
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa-0)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbb-1)
  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)
  MIG 1c.3g.20gb  Device  1: (UUID: MIG-GPU-bbbb-1/2/0)
GPU 2: NVIDIA A100-SXM4-40GB (UUID: GPU-cccc-2)
END
;;
*) cat <<'END'
0, GPU-aaaa-0, NVIDIA A100-SXM4-40GB, 0, 0, 40960, 30, 40.1, Disabled
1, GPU-bbbb-1, NVIDIA A100-SXM4-40GB, [N/A], 0, 40960, 30, 40.1, Enabled
2, GPU-cccc-2, NVIDIA A100-SXM4-40GB, [N/A], 0, 40960, 30, 40.1, Enabled
END
esac
`)
	t.Setenv("CUDA_VISIBLE_DEVICES", "") // as it is afterwards, it is put back
	if err := os.Unsetenv("CUDA_VISIBLE_DEVICES"); err != nil {
		t.Fatal(err)
	}
	list, err := Units(t.Context())
	if err != nil || numbers(list) != "0 1:0 1:1" {
		t.Fatalf("%+v, %v", list, err)
	}
	if got := []string{list[0].UUID, list[1].UUID, list[2].UUID}; got[0] != "GPU-aaaa-0" || got[1] != "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f" || got[2] != "MIG-GPU-bbbb-1/2/0" {
		t.Errorf("%q", got)
	}
	t.Setenv("CUDA_VISIBLE_DEVICES", "MIG-GPU-bbbb-1/2/0,0")
	if list, err := Units(t.Context()); err != nil || numbers(list) != "1:1 0" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestByUUID(t *testing.T) {
	driverProgram(t, `[ "$1 $2" = "-i GPU-bbbb-1" ] || exit 6
echo "1, GPU-bbbb-1, NVIDIA A100-SXM4-40GB, 50, 1024, 40960, 30, 40.1, Disabled"
`)
	if g, err := ByUUID(t.Context(), "GPU-bbbb-1"); err != nil || g.Busy != 0.5 || g.Memory.Used != 1<<30 {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := ByUUID(t.Context(), "GPU-cccc-2"); err == nil {
		t.Error("a GPU that is not there")
	}
}

// TestWithoutDriversProgram: of four GPUs that the driver tells of, one is excluded and
// the device of one is another container's.
func TestWithoutDriversProgram(t *testing.T) {
	driver, devices := t.TempDir(), t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	gpu := func(bus string, minor int, uuid, excluded string) {
		t.Helper()
		write(filepath.Join(driver, "gpus", bus, "information"), fmt.Sprintf("Model: \t\t NVIDIA A100-SXM4-40GB\nIRQ:   \t\t 67\nGPU UUID: \t %s\nBus Location: \t %s\nDevice Minor: \t %d\nGPU Excluded:\t %s\n", uuid, bus, minor, excluded))
	}
	if list, err := driverUnits(filepath.Join(driver, "nothing"), devices); err != nil || list != nil {
		t.Errorf("without a driver: %+v, %v", list, err)
	}
	gpu("0000:07:00.0", 3, "GPU-aaaa", "No")
	gpu("0000:0f:00.0", 1, "GPU-bbbb", "Yes")
	gpu("0000:47:00.0", 2, "GPU-cccc", "No")
	gpu("0000:4e:00.0", 0, "GPU-dddd", "No")
	for _, minor := range []string{"0", "1", "3"} {
		write(filepath.Join(devices, "nvidia"+minor), "")
	}
	list, err := driverUnits(driver, devices)
	if err != nil || len(list) != 2 || list[0] != wholeGPU(0, "GPU-aaaa", "NVIDIA A100-SXM4-40GB") || list[1] != wholeGPU(1, "GPU-dddd", "NVIDIA A100-SXM4-40GB") {
		t.Errorf("%+v, %v", list, err)
	}
	if os.Geteuid() != 0 { // who may open anything
		if err := os.Chmod(filepath.Join(devices, "nvidia3"), 0); err != nil {
			t.Fatal(err)
		}
		if list, err := driverUnits(driver, devices); err != nil || len(list) != 1 || list[0] != wholeGPU(0, "GPU-dddd", "NVIDIA A100-SXM4-40GB") {
			t.Errorf("a device that we may not open: %+v, %v", list, err)
		}
		if err := os.Chmod(filepath.Join(devices, "nvidia3"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	gpu("0000:4e:00.0", 0, "GPU-????????-????-????-????-????????????", "No")
	if list, err := driverUnits(driver, devices); err == nil || !strings.Contains(err.Error(), "4e:00.0/information: GPU UUID: found") {
		t.Errorf("a GPU that the driver does not know: %+v, %v", list, err)
	}
	write(filepath.Join(driver, "capabilities", "gpu3", "mig", "gi1", "access"), "")
	if list, err := driverUnits(driver, devices); err == nil || !strings.Contains(err.Error(), "07:00.0/information: the GPU is in MIG mode") {
		t.Errorf("a GPU in MIG mode: %+v, %v", list, err)
	}
}
