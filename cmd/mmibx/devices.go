package main

import (
	"cmp"
	"context"
	"strconv"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/internal/machine"
)

// deviceFor is the device of those runs of a plan whose arms ask for none.
func (f *runFlags) deviceFor(plan *experiments.Plan) (string, error) {
	refuse := func(needed, who, where string) error {
		if needed == "" || f.device == "" || f.device == needed {
			return checkDevice(needed)
		}
		return &mmibx.InputError{Key: "--device", Found: f.device, Expected: needed + ", which " + who + " asks for", Cure: "leave --device out, or change `device` " + where}
	}
	if err := refuse(plan.Device, "sweep "+plan.Sweep, "in the sweep file"); err != nil {
		return "", err
	}
	for i := range plan.Cells {
		if err := refuse(plan.Cells[i].Device, "arm "+strconv.Quote(plan.Cells[i].ArmName), "of the arm"); err != nil {
			return "", err
		}
	}
	device := cmp.Or(f.device, plan.Device, "cpu")
	return device, checkDevice(device)
}

// gpuSlots are the GPUs of this machine that we may use, a slot each. A worker is told
// its own by the UUID, which names the same one however GPUs are counted.
func gpuSlots(ctx context.Context) ([]experiments.GPU, error) {
	list, err := machine.GPUs(ctx)
	slots := make([]experiments.GPU, len(list))
	for i, g := range list {
		slots[i] = experiments.GPU{Device: "cuda:" + strconv.Itoa(g.Index), Visible: g.UUID}
	}
	return slots, err
}
