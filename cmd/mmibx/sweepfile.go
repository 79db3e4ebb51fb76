package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/ablations"
	"github.com/mmibx/mmibx/experiments"
)

// sweepFlags change a sweep file from the command line.
type sweepFlags struct {
	set, benchmarks, arms []string
	seeds                 string
}

func (f *sweepFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.set, "set", nil, "`KEY=VALUE` for all arms, over what the file says; a list makes an axis (mmibx fields lists the keys)")
	flags.StringSliceVar(&f.benchmarks, "benchmarks", nil, "run on these benchmarks instead")
	flags.StringSliceVar(&f.arms, "arms", nil, "only these arms")
	flags.StringVar(&f.seeds, "seeds", "", "a count or a list: 5, or 0,3,7")
}

// apply puts the flags over a sweep.
func (f *sweepFlags) apply(s *experiments.Sweep) error {
	var faults []error
	for _, assignment := range f.set {
		faults = append(faults, s.Override(assignment))
	}
	if len(f.benchmarks) > 0 {
		faults = append(faults, s.OverrideBenchmarks(f.benchmarks))
	}
	if f.seeds != "" {
		faults = append(faults, s.OverrideSeeds(f.seeds))
	}
	if len(f.arms) > 0 {
		faults = append(faults, s.Keep(f.arms))
	}
	return errors.Join(faults...)
}

// loadSweep finds a sweep file by its path, or a study that ships by its name.
func loadSweep(arg string) (*experiments.Sweep, error) {
	if info, err := os.Stat(arg); err == nil && !info.IsDir() {
		return experiments.Load(arg)
	}
	if strings.HasSuffix(arg, ".toml") || strings.ContainsRune(arg, filepath.Separator) {
		return nil, fmt.Errorf("sweep file %s: %w", arg, mmibx.ErrNotFound)
	}
	text, err := ablations.Read(arg)
	if err != nil {
		return nil, fmt.Errorf("%w; there is no file of that name either", err)
	}
	return experiments.Parse(arg+".toml", text)
}

// planOf reads, overrides and expands a sweep, with what its sampler has chosen in
// the store.
func (a *app) planOf(arg string, f *sweepFlags) (*experiments.Plan, error) {
	s, err := loadSweep(arg)
	if err != nil {
		return nil, err
	}
	if err := f.apply(s); err != nil {
		return nil, err
	}
	inputs := a.inputs()
	plan, err := s.Plan(inputs)
	if err != nil {
		return nil, err
	}
	return plan, plan.TakeUp(mmibx.Store(a.storeDir), inputs)
}
