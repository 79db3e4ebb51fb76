package experiments

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mmibx/mmibx"
)

func planPath(store mmibx.Store, sweep string) string {
	return filepath.Join(store.Sweep(sweep), "plan.json")
}

// Save freezes the plan in the store. The plan that it replaces is kept beside
// it as plan-N.json, N counting from 1; an equal plan is left as it is.
func (p *Plan) Save(store mmibx.Store) error {
	blob, err := json.Marshal(p)
	if err != nil {
		return err
	}
	path := planPath(store, p.Sweep)
	old, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(old, blob):
		return nil
	case err == nil:
		if err := keep(store.Sweep(p.Sweep), path); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return writeFile(path, blob)
}

// grown writes a plan that its own searches made longer; it is the same plan.
func (p *Plan) grown(store mmibx.Store) error {
	blob, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return writeFile(planPath(store, p.Sweep), blob)
}

// keep links the present plan under the next free number.
func keep(dir, path string) error {
	for n := 1; ; n++ {
		err := os.Link(path, filepath.Join(dir, fmt.Sprintf("plan-%d.json", n)))
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// writeFile replaces a file as a whole: a reader sees the old one or the new.
func writeFile(path string, blob []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(blob)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// ReadPlan reads the plan of a sweep in the store.
func ReadPlan(store mmibx.Store, sweep string) (*Plan, error) {
	path := planPath(store, sweep)
	blob, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		names, _ := Sweeps(store)
		cure := "no sweep was started in this store yet"
		if len(names) > 0 {
			cure = "`mmibx sweep status` lists those that are"
		}
		if near := mmibx.Nearest(sweep, names); near != "" {
			cure = "did you mean " + near + "?"
		}
		return nil, fmt.Errorf("sweep %s: %w in %s; %s", sweep, mmibx.ErrNotFound, store, cure)
	}
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	if err := json.Unmarshal(blob, p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// Sweeps lists the sweeps of a store by name.
func Sweeps(store mmibx.Store) ([]string, error) {
	entries, err := os.ReadDir(store.Sweep(""))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if _, err := os.Stat(planPath(store, e.Name())); err == nil {
			names = append(names, e.Name())
		}
	}
	return names, err
}
