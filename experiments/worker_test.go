package experiments

import (
	"slices"
	"testing"
)

func TestProcessorTime(t *testing.T) {
	got, ok := parseProcessorTime("cpu  10 1 5 100 7 0 2 0 0 0\ncpu0 1 1 1 1 1 1\n")
	if want := (processorTime{all: 125, idle: 107}); !ok || got != want {
		t.Errorf("%+v, %v, want %+v", got, ok, want)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "cpu a b c d e f", "intr 1 2 3 4 5 6"} {
		if _, ok := parseProcessorTime(bad); ok {
			t.Errorf("%q is read", bad)
		}
	}
}

// What the user has set of OpenMP's waiting stays; the threads are the runner's.
func TestWorkerEnv(t *testing.T) {
	t.Setenv("OMP_WAIT_POLICY", "active")
	t.Setenv("OMP_NUM_THREADS", "7")
	env := WorkerEnv(3)
	last := func(key string) string {
		value := ""
		for _, e := range env {
			if len(e) > len(key) && e[:len(key)+1] == key+"=" {
				value = e[len(key)+1:]
			}
		}
		return value
	}
	if last("OMP_WAIT_POLICY") != "active" || last("GOMP_SPINCOUNT") != "" || last("OMP_NUM_THREADS") != "3" || !slices.Contains(env, "MKL_NUM_THREADS=3") {
		t.Errorf("environment %q", env)
	}
	t.Setenv("OMP_WAIT_POLICY", "")
	env = WorkerEnv(1)
	if (last("OMP_WAIT_POLICY") == "passive") == (last("GOMP_SPINCOUNT") == "10000") {
		t.Errorf("environment %q", env)
	}
}
