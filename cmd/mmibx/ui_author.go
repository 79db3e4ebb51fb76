package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/ablations"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker"
)

// draftKeys are the keys of a sweep file that the form shows, in its order.
var draftKeys = []string{"name", "benchmarks", "model", "evidence", "ib.beta", "ib.size", "align.tau", "seeds"}

// Template implements tui.Author. A study gets another name, so that its copy does
// not take its place in the store.
func (u *ui) Template(_ context.Context, study string) (string, error) {
	if study == "" {
		return experiments.Blank, nil
	}
	text, err := ablations.Read(study)
	if err != nil {
		return "", err
	}
	return experiments.Edit(string(text), "name", "my-"+study)
}

// Draft implements tui.Author.
func (u *ui) Draft(ctx context.Context, text, key, typed string, workers int) (tui.Draft, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	db, err := u.synced(ctx)
	if err != nil {
		return tui.Draft{}, err
	}
	return u.draft(ctx, db, text, key, typed, workers)
}

// draft works the plan out each time: it depends on data, weights and the store's plan,
// which change without a commit. Kept is what the database says of it.
func (u *ui) draft(ctx context.Context, db *tracker.DB, text, key, typed string, workers int) (tui.Draft, error) {
	d := tui.Draft{Text: text}
	if key != "" {
		edited, err := experiments.Edit(text, key, typed)
		if err != nil {
			d.Faults = faultsOf(err)
			return d, nil
		}
		d.Text = edited
	}
	s, err := experiments.Parse("the draft", []byte(d.Text))
	if s != nil {
		d.Name = s.Name
		for _, k := range draftKeys {
			said := s.Says(k)
			d.Fields = append(d.Fields, tui.DraftField{Key: k, Typed: said.Typed(), Locked: said.Locked})
		}
	}
	if err != nil {
		d.Faults = faultsOf(err)
		return d, nil
	}
	plan, err := s.Plan(u.app.inputs())
	if err != nil {
		d.Faults = faultsOf(err)
		return d, nil
	}
	d.Plan, err = u.drafted.get(u.now(d.Text, plan.Hash, workers), func() (tui.Plan, error) {
		return plannedIn(ctx, db, plan, workers)
	})
	if err != nil {
		return tui.Draft{}, err
	}
	d.Note, err = u.differs(plan)
	return d, err
}

// faultsOf says what is wrong with a text, one line for each fault.
func faultsOf(err error) []string { return strings.Split(err.Error(), "\n") }

// differs says how the sweep that the store has under the plan's name is another.
func (u *ui) differs(plan *experiments.Plan) (string, error) {
	var p planJSON
	if err := p.compare(u.store, plan); err != nil || p.Last == nil {
		return "", err
	}
	return fmt.Sprintf("The store has a sweep %s. Beside it this one has %s.", plan.Sweep, p.Last.difference.Counts()), nil
}

// Save implements tui.Author.
func (u *ui) Save(_ context.Context, name, text string, replace bool) (string, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	old, err := os.ReadFile(path)
	switch {
	case err == nil && string(old) == text:
		return nearPath(path), nil
	case err == nil && !replace:
		return "", fmt.Errorf("%s: %w with another text", path, fs.ErrExist)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	return nearPath(path), writeFile(path, []byte(text))
}

// Editor implements tui.Author.
func (u *ui) Editor(text string) (*exec.Cmd, func() (string, error), error) {
	words := strings.Fields(envOr("VISUAL", envOr("EDITOR", "vi")))
	program, err := exec.LookPath(words[0])
	if err != nil {
		return nil, nil, fmt.Errorf("the editor %s: %w; $EDITOR names another", words[0], mmibx.ErrNotFound)
	}
	f, err := os.CreateTemp("", "mmibx-*.toml")
	if err != nil {
		return nil, nil, err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, nil, errors.Join(err, os.Remove(f.Name()))
	}
	back := func() (string, error) {
		edited, err := os.ReadFile(f.Name())
		return string(edited), errors.Join(err, os.Remove(f.Name()))
	}
	return exec.Command(program, append(words[1:], f.Name())...), back, nil
}
