package weights

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// FindVision returns the file of a picture encoder's weights: the only file of
// tensors in its folder, whatever it is called. mmibx.ErrNotFound says how to get
// it.
func FindVision(name string) (string, error) {
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	if !slices.Contains(mmibx.PictureEncoders, name) {
		return "", &mmibx.InputError{Key: "evidence.encoder", Found: fmt.Sprintf("%q", name), Expected: "one of " + strings.Join(mmibx.PictureEncoders, ", ")}
	}
	folder := filepath.Join(dir, name)
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	var files []string
	for _, entry := range entries {
		if slices.Contains([]string{".pth", ".pt", ".bin", ".safetensors"}, filepath.Ext(entry.Name())) {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	switch len(files) {
	case 1:
		return files[0], nil
	case 0:
		cure := "put torchvision's " + name + " .pth into the folder " + folder
		if _, ok := LookupKnown(name); ok {
			cure = "run: mmibx weights get " + name
		}
		return "", fmt.Errorf("weights %s: %w in %s; %s", name, mmibx.ErrNotFound, dir, cure)
	}
	return "", &mmibx.InputError{File: folder, Found: strings.Join(files, " and "), Expected: "one file of weights"}
}

// Vision is an open file of a picture encoder's weights.
type Vision struct {
	path   string
	source Source
}

// OpenVision opens the weights of a picture encoder. The caller closes it.
func OpenVision(name string) (*Vision, error) {
	path, err := FindVision(name)
	if err != nil {
		return nil, err
	}
	source, err := OpenSource(path)
	if err != nil {
		return nil, err
	}
	return &Vision{path, source}, nil
}

// Tensor reads a parameter by its name in the file.
func (v *Vision) Tensor(name string) (shape []int64, values []float32, err error) {
	t, err := v.source.Tensor(name)
	if err != nil {
		return nil, nil, err
	}
	if values, err = t.Floats(); err != nil {
		return nil, nil, fmt.Errorf("%s: tensor %s: %w", v.path, name, err)
	}
	return t.Shape, values, nil
}

// Close closes the file.
func (v *Vision) Close() error { return v.source.Close() }

// Check says why a set that is there cannot be read.
func Check(name string) error {
	if slices.Contains(mmibx.PictureEncoders, name) {
		v, err := OpenVision(name)
		if err != nil {
			return err
		}
		return v.Close()
	}
	dir, err := Find(name)
	if err != nil {
		return err
	}
	f, err := OpenFolder(dir)
	if err != nil {
		return err
	}
	return f.Close()
}
