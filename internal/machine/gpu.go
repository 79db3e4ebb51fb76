package machine

import (
	"context"
	"encoding/csv"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// GPU is one GPU.
type GPU struct {
	Name    string  `json:"name"`
	Busy    float64 `json:"busy"` // share of the last moment in which it computed
	Memory  Amount  `json:"memory"`
	Celsius float64 `json:"celsius"`
	Watts   float64 `json:"watts"`
}

// gpuEvery is how often the driver's program is asked, which costs a tenth of a
// second.
const gpuEvery = 5 * time.Second

var gpuQuery = []string{"--query-gpu=name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw", "--format=csv,noheader,nounits"}

// readGPUs asks nvidia-smi, where there is one; what it cannot tell is 0.
func (m *Monitor) readGPUs(ctx context.Context, now time.Time) []GPU {
	if m.noGPU || now.Sub(m.gpusOf) < gpuEvery {
		return m.gpus
	}
	path, err := exec.LookPath("nvidia-smi")
	if err != nil {
		m.noGPU = true
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, gpuEvery)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, gpuQuery...).Output()
	if err == nil {
		m.gpus, err = parseGPUs(string(out))
	}
	if err != nil { // a driver that is not well is no fault of the rest
		m.gpus = []GPU{{Name: fmt.Sprintf("nvidia-smi: %v", err)}}
	}
	m.gpusOf = now
	return m.gpus
}

// parseGPUs reads nvidia-smi's table: memory in MiB, numbers that are not known as
// [N/A] or [Not Supported].
func parseGPUs(text string) ([]GPU, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace = true
	r.FieldsPerRecord = 6
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var list []GPU
	for _, row := range rows {
		var n [6]float64
		for i := 1; i < len(row); i++ {
			if n[i], err = strconv.ParseFloat(row[i], 64); err != nil && !strings.HasPrefix(row[i], "[") {
				return nil, fmt.Errorf("found %q, expected a number", row[i])
			}
		}
		list = append(list, GPU{
			Name: row[0], Busy: n[1] / 100, Memory: Amount{uint64(n[2]) << 20, uint64(n[3]) << 20}, Celsius: n[4], Watts: n[5],
		})
	}
	return list, nil
}
