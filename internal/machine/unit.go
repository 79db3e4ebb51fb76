package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
)

// Unit is what one program can have for itself: a GPU, or an instance of a GPU that
// is in MIG mode.
type Unit struct {
	Number string // as nvidia-smi counts: 1, and 1:0 for the first instance of GPU 1
	UUID   string // by which CUDA_VISIBLE_DEVICES names it, however GPUs are counted

	index int    // of the GPU
	gpu   string // its UUID
	model string
}

// Where the driver tells of its GPUs, and where their devices are.
const (
	driverFolder = "/proc/driver/nvidia"
	deviceFolder = "/dev"
)

// Units lists those that a program may use: all of the machine, or what
// $CUDA_VISIBLE_DEVICES names of them. A machine without NVIDIA's driver has none. Where
// CUDA may count GPUs in another order than we, an index is an *mmibx.InputError.
func Units(ctx context.Context) ([]Unit, error) {
	names, set := os.LookupEnv("CUDA_VISIBLE_DEVICES")
	if set && names == "" { // whatever there is
		return nil, nil
	}
	list, err := listUnits(ctx)
	if errors.Is(err, exec.ErrNotFound) {
		list, err = driverUnits(driverFolder, deviceFolder)
	}
	if !set || err != nil {
		return list, err
	}
	return visible(list, names, os.Getenv("CUDA_DEVICE_ORDER") == "PCI_BUS_ID")
}

// listUnits asks nvidia-smi, a second time where a GPU is in MIG mode: such a GPU is
// used through its instances only, and there may be none.
func listUnits(ctx context.Context) ([]Unit, error) {
	gpus, err := listGPUs(ctx, gpuPatience)
	if err != nil {
		return nil, err
	}
	var instances []Unit
	if slices.ContainsFunc(gpus, func(g GPU) bool { return g.MIG }) {
		text, err := askDriver(ctx, gpuPatience, "-L")
		if err != nil {
			return nil, err
		}
		instances = parseInstances(text)
	}
	var units []Unit
	for _, g := range gpus {
		if !g.MIG {
			units = append(units, wholeGPU(g.Index, g.UUID, g.Name))
			continue
		}
		for _, u := range instances {
			if u.index == g.Index {
				u.gpu, u.model = g.UUID, g.Name
				units = append(units, u)
			}
		}
	}
	return units, nil
}

func wholeGPU(index int, uuid, model string) Unit {
	return Unit{Number: strconv.Itoa(index), UUID: uuid, index: index, gpu: uuid, model: model}
}

var (
	gpuLine      = regexp.MustCompile(`^GPU (\d+): `)
	instanceLine = regexp.MustCompile(`^\s+MIG .*Device\s+(\d+): \(UUID: (MIG-[^)]+)\)`)
)

// parseInstances reads nvidia-smi's list, where the instances of a GPU follow it.
func parseInstances(text string) []Unit {
	var list []Unit
	gpu := -1
	for line := range strings.Lines(text) {
		if m := gpuLine.FindStringSubmatch(line); m != nil {
			gpu, _ = strconv.Atoi(m[1]) // digits
		} else if m := instanceLine.FindStringSubmatch(line); m != nil {
			list = append(list, Unit{Number: fmt.Sprintf("%d:%s", gpu, m[1]), UUID: m[2], index: gpu})
		}
	}
	return list
}

// driverUnits lists GPUs by what the driver itself says of them, where its program is
// not installed. A GPU without a device, or with one that we may not open, is another
// container's, and one that is excluded nobody's.
func driverUnits(driver, devices string) ([]Unit, error) {
	files, err := filepath.Glob(filepath.Join(driver, "gpus", "*", "information")) // by their place on the bus, as nvidia-smi counts
	var units []Unit
	for _, file := range files {
		uuid, model, err := driverUUID(file, driver, devices)
		switch {
		case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
			continue
		case err != nil:
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		units = append(units, wholeGPU(len(units), uuid, model))
	}
	return units, err
}

// driverUUID reads the UUID of a GPU and its model. Its device is held open meanwhile:
// the driver does not know the UUID of a GPU that nobody has used yet.
func driverUUID(file, driver, devices string) (uuid, model string, err error) {
	facts, err := driverFacts(file)
	if err != nil {
		return "", "", err
	}
	if facts["GPU Excluded"] == "Yes" {
		return "", "", os.ErrNotExist
	}
	number := facts["Device Minor"]
	device, err := os.OpenFile(filepath.Join(devices, "nvidia"+number), os.O_RDWR, 0)
	if err != nil {
		return "", "", err
	}
	defer device.Close()
	instances, err := filepath.Glob(filepath.Join(driver, "capabilities", "gpu"+number, "mig", "gi*"))
	if err != nil {
		return "", "", err
	}
	if len(instances) > 0 {
		return "", "", errors.New("the GPU is in MIG mode, and only nvidia-smi names its instances; install that")
	}
	if facts, err = driverFacts(file); err != nil {
		return "", "", err
	}
	uuid = facts["GPU UUID"]
	if !strings.HasPrefix(uuid, "GPU-") || strings.Contains(uuid, "?") {
		return "", "", fmt.Errorf("GPU UUID: found %q, expected GPU- and its digits; install nvidia-smi, which knows it", uuid)
	}
	return uuid, facts["Model"], nil
}

// driverFacts reads lines of a name, a colon and a value.
func driverFacts(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	facts := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		facts[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return facts, err
}

// visible are the units that a value of CUDA_VISIBLE_DEVICES names, in its order: by
// the index of a GPU, by the beginning of its UUID or of that of an instance, with
// commas between. Of a GPU in MIG mode all instances are. As CUDA reads it, the first
// name of nothing ends the list, and one that is there twice leaves none. CUDA counts
// by place on the bus as nvidia-smi does where it is told to (byBus), else the fastest
// model first: an index is one GPU there only if all are of one model.
func visible(list []Unit, names string, byBus bool) ([]Unit, error) {
	var seen []Unit
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		index, err := strconv.Atoi(name)
		counted := err == nil
		i := slices.IndexFunc(list, func(u Unit) bool {
			return counted && u.index == index || strings.HasPrefix(name, "GPU-") && strings.HasPrefix(u.gpu, name) || strings.HasPrefix(name, "MIG-") && strings.HasPrefix(u.UUID, name)
		})
		if i < 0 {
			break
		}
		if other := slices.IndexFunc(list, func(u Unit) bool { return u.model != list[0].model }); counted && !byBus && other > 0 {
			return nil, &mmibx.InputError{Key: "CUDA_VISIBLE_DEVICES", Found: fmt.Sprintf("the index %d where there are %s and %s, whose order CUDA chooses", index, list[0].model, list[other].model), Expected: "UUIDs",
				Cure: "name them by UUID (nvidia-smi -L), or set CUDA_DEVICE_ORDER=PCI_BUS_ID"}
		}
		for _, u := range list {
			if u.gpu != list[i].gpu || strings.HasPrefix(name, "MIG-") && u != list[i] {
				continue
			}
			if slices.Contains(seen, u) {
				return nil, nil
			}
			seen = append(seen, u)
		}
	}
	return seen, nil
}
