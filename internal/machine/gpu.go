package machine

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// GPU is one GPU.
type GPU struct {
	Index   int     `json:"index"` // as nvidia-smi counts
	UUID    string  `json:"uuid"`
	Name    string  `json:"name"`
	Busy    float64 `json:"busy"` // share of the last moment in which it computed
	Memory  Amount  `json:"memory"`
	Celsius float64 `json:"celsius"`
	Watts   float64 `json:"watts"`
	MIG     bool    `json:"mig"` // it is in MIG mode: programs use its instances
}

// gpuEvery is how often the driver's program is asked, which costs a tenth of a
// second.
const gpuEvery = 5 * time.Second

// gpuPatience is how long a sweep waits for the driver's program, which takes many
// seconds where the driver is loaded for it or there are many GPUs.
const gpuPatience = 30 * time.Second

// gpuFields are what nvidia-smi is asked about each GPU, and then whether it is in MIG
// mode, which drivers from before there was one take for no field.
const gpuFields, migField = "index,uuid,name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw", "mig.mode.current"

// readGPUs asks nvidia-smi, where there is one; what it cannot tell is 0.
func (m *Monitor) readGPUs(ctx context.Context, now time.Time) []GPU {
	if m.noGPU || now.Sub(m.gpusOf) < gpuEvery {
		return m.gpus
	}
	list, err := listGPUs(ctx, gpuEvery)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		m.noGPU = true
		return nil
	case err != nil: // a driver that is not well is no fault of the rest
		list = []GPU{{Name: err.Error()}}
	}
	m.gpus, m.gpusOf = list, now
	return m.gpus
}

// ByUUID asks nvidia-smi about one GPU, which takes a tenth of a second. It tells
// nothing of an instance of a GPU in MIG mode.
func ByUUID(ctx context.Context, uuid string) (GPU, error) {
	list, err := listGPUs(ctx, gpuEvery, "-i", uuid)
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("nvidia-smi: found %d GPUs named %s, expected one", len(list), uuid)
	}
	if err != nil {
		return GPU{}, err
	}
	return list[0], nil
}

// listGPUs asks nvidia-smi and waits that long for it; where there is none the error
// is exec.ErrNotFound.
func listGPUs(ctx context.Context, patience time.Duration, which ...string) ([]GPU, error) {
	ask := func(fields string) (string, error) {
		return askDriver(ctx, patience, slices.Concat(which, []string{"--query-gpu=" + fields, "--format=csv,noheader,nounits"})...)
	}
	text, err := ask(gpuFields + "," + migField)
	if err != nil && strings.Contains(err.Error(), migField) { // it complains of it by name
		text, err = ask(gpuFields)
	}
	if err != nil {
		return nil, err
	}
	list, err := parseGPUs(text)
	if err != nil {
		return nil, fmt.Errorf("nvidia-smi: %w", err)
	}
	return list, nil
}

// askDriver is what nvidia-smi prints when it is called so.
func askDriver(ctx context.Context, patience time.Duration, args ...string) (string, error) {
	path, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, args...).Output()
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("nvidia-smi: no answer in %s: %w", patience, ctx.Err())
	case err != nil: // what it complains of it prints like all else
		said, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		err = fmt.Errorf("nvidia-smi: %w: %s", err, said)
	}
	return string(out), err
}

// parseGPUs reads nvidia-smi's table of gpuFields and, where it knows that, migField:
// memory in MiB, numbers that are not known as [N/A] or [Not Supported].
func parseGPUs(text string) ([]GPU, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace = true
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var list []GPU
	const fields = 8
	for _, row := range rows {
		if len(row) < fields {
			return nil, fmt.Errorf("found %q, expected %s", strings.Join(row, ", "), gpuFields)
		}
		index, err := strconv.Atoi(row[0])
		if err != nil {
			return nil, fmt.Errorf("found %q, expected the index of a GPU", row[0])
		}
		var n [5]float64
		for i, text := range row[3:fields] {
			if n[i], err = strconv.ParseFloat(text, 64); err != nil && !strings.HasPrefix(text, "[") {
				return nil, fmt.Errorf("found %q, expected a number", text)
			}
		}
		list = append(list, GPU{
			Index: index, UUID: row[1], Name: row[2], Busy: n[0] / 100, Memory: Amount{uint64(n[1]) << 20, uint64(n[2]) << 20}, Celsius: n[3], Watts: n[4], MIG: len(row) > fields && row[fields] == "Enabled",
		})
	}
	return list, nil
}
