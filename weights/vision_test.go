package weights

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

func TestFindVision(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MMIBX_WEIGHTS", dir)
	for name, cure := range map[string]string{
		"efficientnet-lite0": "run: mmibx weights get efficientnet-lite0", "resnet50": "put torchvision's resnet50 .pth into the folder",
	} {
		if _, err := FindVision(name); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), cure) {
			t.Errorf("%s: %v, want %s", name, err, cure)
		}
	}
	if _, err := FindVision("vgg"); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("an unknown encoder: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "resnet50"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"resnet50-11ad3fa6.pth", "resnet50-0676ba61.pth"} {
		path := filepath.Join(dir, "resnet50", name)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := FindVision("resnet50")
		if i == 0 && (err != nil || got != path) || i == 1 && !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%d files: %s, %v", i+1, got, err)
		}
	}
}

// The real encoder: its tensors, its digest.
func TestEfficientNetLite0(t *testing.T) {
	path := needs.Weights(t, "efficientnet-lite0", FindVision)
	source, err := OpenSource(path)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	learned := 0
	for _, name := range source.Names() {
		shape, _, _ := source.Shape(name)
		if strings.HasSuffix(name, ".weight") || strings.HasSuffix(name, ".bias") {
			n := 1
			for _, d := range shape {
				n *= int(d)
			}
			learned += n
		}
	}
	if learned != 4_652_008 { // as Google counts it: 4.7 million
		t.Errorf("%d parameters", learned)
	}
	k, _ := LookupKnown("efficientnet-lite0")
	if err := k.verify(filepath.Dir(path)); err != nil {
		t.Error(err)
	}
}
