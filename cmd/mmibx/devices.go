package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/internal/machine"
	"github.com/mmibx/mmibx/tracker/journal"
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
// its own by the UUID, and this user's runners keep off each other's by a file of that
// name: it means the same GPU however GPUs are counted and whatever the store. Where
// that cannot be made no run begins.
func gpuSlots(ctx context.Context) ([]experiments.GPU, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("folder for the locks of GPUs: %w; set XDG_CACHE_HOME", err)
	}
	units, err := machine.Units(ctx)
	if err != nil {
		return nil, err
	}
	slots := make([]experiments.GPU, len(units))
	for i, u := range units {
		slots[i] = experiments.GPU{Device: "cuda:" + u.Number, Visible: u.UUID, Lock: filepath.Join(cache, "mmibx", "gpus", url.PathEscape(u.UUID))}
		if err := journal.Claimable(slots[i].Lock); err != nil {
			return nil, fmt.Errorf("lock of %s: %w; set XDG_CACHE_HOME to a folder that can be written to", slots[i].Device, err)
		}
	}
	return slots, nil
}
