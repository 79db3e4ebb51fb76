package tui

import (
	"context"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
)

// Template implements Author.
func (f *fake) Template(_ context.Context, study string) (string, error) {
	if study == "" {
		return experiments.Blank, nil
	}
	return fmt.Sprintf("# from %s\nname = \"my-%[1]s\"\nbenchmarks = [\"mini-mnre\"]\n\n[[arm]]\nname = \"both\"\nmodel = \"mmib\"\n[arm.grid]\nib.beta = [0, 1]\n", study), nil
}

// Draft implements Author by the real reader of sweep files, with no data.
func (f *fake) Draft(_ context.Context, text, key, typed string, workers int) (Draft, error) {
	d := Draft{Text: text}
	fault := func(err error) (Draft, error) {
		d.Faults = strings.Split(err.Error(), "\n")
		return d, f.err
	}
	if key != "" {
		edited, err := experiments.Edit(text, key, typed)
		if err != nil {
			return fault(err)
		}
		d.Text = edited
	}
	s, err := experiments.Parse("the draft", []byte(d.Text))
	if s != nil {
		d.Name = s.Name
		for _, k := range []string{"name", "benchmarks", "model", "evidence", "ib.beta", "ib.size", "align.tau", "seeds"} {
			said := s.Says(k)
			d.Fields = append(d.Fields, DraftField{k, said.Typed(), said.Locked})
		}
	}
	if err != nil {
		return fault(err)
	}
	p, err := s.Plan(func(mmibx.Spec) (mmibx.Inputs, error) { return mmibx.Inputs{}, nil })
	if err != nil {
		return fault(err)
	}
	d.Plan = Plan{Estimate: fmt.Sprintf("about 12m for %d runs, %d at once", len(p.Cells), workers), Seeds: len(s.Seeds), Total: len(p.Cells), Collapsed: p.Collapsed, Counts: Counts{mmibx.Queued: len(p.Cells)}}
	for _, a := range s.Grid {
		axis := Axis{Key: a.Keys[0], Label: a.Keys[0]}
		for _, v := range a.Points {
			axis.Values = append(axis.Values, fmt.Sprint(v[0]))
		}
		d.Plan.Axes = append(d.Plan.Axes, axis)
	}
	for i := range p.Cells {
		if c := &p.Cells[i]; c.Spec.Seed == 0 {
			d.Plan.Arms = append(d.Plan.Arms, PlanArm{Benchmark: c.Spec.Benchmark, Label: c.Label, Seeds: len(s.Seeds)})
		}
	}
	return d, f.err
}

// Save implements Author: a file taken.toml is there already.
func (f *fake) Save(_ context.Context, name, text string, replace bool) (string, error) {
	if name == "taken.toml" && !replace {
		return "", fmt.Errorf("taken.toml: %w", fs.ErrExist)
	}
	return "/papers/" + name, f.tell("save %s %t\n%s", name, replace, text)
}

// Editor implements Author: an editor that changes nothing.
func (f *fake) Editor(text string) (*exec.Cmd, func() (string, error), error) {
	return exec.Command("true"), func() (string, error) { return text, nil }, nil
}
