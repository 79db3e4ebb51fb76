//go:build torch

package model

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// onSecondDevice are tests that say whether everything lies where it is to lie and
// comes out right: outputs, losses, gradients and steps of AdamW beside the fixtures;
// training, evaluation, prediction, checkpoints, codes, pictures.
var onSecondDevice = []string{
	"TestParity", "TestAdamWParity", "TestRivalParity", "TestParityOfCheckpoints", "TestParityOfPictures", "TestResumeIsBitIdentical",
	"TestPredictIsWhatTrainingPredicted", "TestCodesAreKept", "TestSmallPictureEncoder", "TestGradNormsAreOfTheTrainedLoss", "TestFailuresFreeTheirTensors",
}

// without are subtests that it leaves out, since every new graph is compiled: other
// weights of the same graphs, and a model that others train. Autocast it has none.
var without = []string{"TestParity/fixture/.*_trained", "TestPredictIsWhatTrainingPredicted/.*/mmib", "TestResumeIsBitIdentical/.*/bfloat16"}

// Lazy tensors are a device that is not the processor and that every machine has: an
// operation on tensors of both is refused, as it is with a GPU's.
func TestSecondDevice(t *testing.T) {
	if *device != "cpu" {
		t.Log("nothing to do: all tests are on", *device)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-device", "lazy", "-test.v",
		"-test.run", "^("+strings.Join(onSecondDevice, "|")+")$", "-test.skip", strings.Join(without, "|"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range onSecondDevice {
		if !strings.Contains(string(out), "\n--- PASS: "+name+" (") {
			t.Errorf("%s did not pass on lazy tensors", name)
		}
	}
}

// Memory that runs out is told from other failures by what libtorch says of it.
func TestMemoryThatRunsOut(t *testing.T) {
	for message, want := range map[string]bool{
		"CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.25 GiB of which 1.06 GiB is free.": true,
		"CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`":                                         true,
		"[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory":                           true,
		"CUDA error: device-side assert triggered":                                                                           false,
	} {
		err := torch.Do(func() { panic(&torch.Error{Op: "empty", Message: message}) })
		if errors.Is(err, mmibx.ErrOutOfMemory) != want {
			t.Errorf("%v is out of memory: want %v", err, want)
		}
	}
}
