//go:build torch

package model

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

func TestPictureEncodersAreRegistered(t *testing.T) {
	if got, want := slices.Sorted(maps.Keys(visionBuilders)), slices.Sorted(slices.Values(mmibx.PictureEncoders)); !slices.Equal(got, want) {
		t.Errorf("model builds %v, mmibx.PictureEncoders names %v", got, want)
	}
}

// visionFixture is what testdata/vision.py computed of two pictures.
type visionFixture struct {
	Shapes   map[string][]int64 `json:"shapes"`
	Pictures [][]struct {
		First    []float64 `json:"first"`
		Length   float64   `json:"length"`
		Weighted float64   `json:"weighted"`
	} `json:"pictures"`
}

func readVisionFixture(t *testing.T, name string) visionFixture {
	t.Helper()
	blob, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var f visionFixture
	if err := json.Unmarshal(blob, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// inventedPicture is picture p of testdata/vision.py as datasets.Pixels would
// give it.
func inventedPicture(p int) ([]float32, error) {
	mean, deviation := [3]float64{0.485, 0.456, 0.406}, [3]float64{0.229, 0.224, 0.225}
	values := make([]float32, 0, 3*pictureSide*pictureSide)
	for c := range 3 {
		for y := range pictureSide {
			for x := range pictureSide {
				level := (x*(3+p) + y*(5-2*p) + 41*c + (x*y/7)%64) % 256
				values = append(values, float32((float64(level)/255-mean[c])/deviation[c]))
			}
		}
	}
	return values, nil
}

// hold compares the rows of the fixture's pictures.
func (f visionFixture) hold(t *testing.T, encoder *PretrainedVision) {
	t.Helper()
	before := torch.Live()
	table, err := Pictures(t.Context(), encoder, inventedPicture, len(f.Pictures), nil)
	if err != nil {
		t.Fatal(err)
	}
	if left := torch.Live() - before; left != 0 {
		t.Errorf("%d tensors are left", left)
	}
	if table.Rows != PictureRows || table.Pictures() != len(f.Pictures) || slices.Contains(table.Masked, true) {
		t.Fatalf("%d pictures of %d rows, masks %v", table.Pictures(), table.Rows, table.Masked)
	}
	worst := 0.0
	for i, rows := range f.Pictures {
		for j, want := range rows {
			row := table.Values[(i*PictureRows+j)*table.Width:][:table.Width]
			length, weighted, size := 0.0, 0.0, 0.0
			for k, v := range row {
				length += float64(v) * float64(v)
				weighted += float64(v) * math.Cos(float64(k))
				size = max(size, math.Abs(float64(v)))
			}
			for k, v := range want.First {
				worst = max(worst, math.Abs(float64(row[k])-v)/size)
			}
			worst = max(worst, math.Abs(math.Sqrt(length)/want.Length-1), math.Abs(weighted-want.Weighted)/want.Length)
		}
	}
	t.Logf("%s: %d wide, largest error %.2g", encoder.Name, table.Width, worst)
	if !(worst <= fixtureTolerance) {
		t.Errorf("%s: off by %.2g", encoder.Name, worst)
	}
}

// The real weights against geffnet.
func TestEfficientNetLite0Parity(t *testing.T) {
	const name = "efficientnet-lite0"
	needs.Weights(t, name, weights.FindVision)
	file, err := weights.OpenVision(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	readVisionFixture(t, "efficientnet_lite0.json").hold(t, &PretrainedVision{Name: name, Tensor: file.Tensor})
}

// Invented weights, by torchvision's names and shapes, against torchvision.
func TestResNet50Parity(t *testing.T) {
	f := readVisionFixture(t, "resnet50.json")
	asked := map[string]bool{}
	f.hold(t, &PretrainedVision{Name: "resnet50", Tensor: func(name string) ([]int64, []float32, error) {
		asked[name] = true
		return f.Shapes[name], inventedWeights(name, f.Shapes[name]), nil
	}})
	for name := range f.Shapes {
		if !asked[name] && !strings.HasSuffix(name, ".num_batches_tracked") && !strings.HasPrefix(name, "fc.") {
			t.Errorf("%s is not read", name)
		}
	}
}

// inventedWeights is invented of testdata/vision.py.
func inventedWeights(name string, shape []int64) []float32 {
	n, fanIn := int64(1), int64(1)
	for i, d := range shape {
		n *= d
		if i > 0 {
			fanIn *= d
		}
	}
	values := make([]float32, n)
	for i, u := range uniform(name, len(values)) {
		switch {
		case len(shape) == 4:
			values[i] = float32((2*u - 1) * math.Sqrt(6/float64(fanIn)))
		case strings.HasSuffix(name, ".weight"), strings.HasSuffix(name, ".running_var"):
			values[i] = float32(0.5 + u)
		default:
			values[i] = float32(0.4*u - 0.2)
		}
	}
	return values
}

func TestPicturesRefuse(t *testing.T) {
	f := readVisionFixture(t, "resnet50.json")
	empty := func(name string) ([]int64, []float32, error) {
		n := int64(1)
		for _, d := range f.Shapes[name] {
			n *= d
		}
		return f.Shapes[name], make([]float32, n), nil
	}
	broken := errors.New("broken picture")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	small := func(string) ([]int64, []float32, error) { return []int64{1}, []float32{0}, nil }
	for name, c := range map[string]struct {
		ctx     context.Context
		encoder PretrainedVision
		images  func(int) ([]float32, error)
		want    error
	}{
		"an unknown encoder": {t.Context(), PretrainedVision{Name: "vgg"}, inventedPicture, mmibx.ErrBadSpec},
		"other weights":      {t.Context(), PretrainedVision{Name: "resnet50", Tensor: small}, inventedPicture, mmibx.ErrUsage},
		"a broken picture":   {t.Context(), PretrainedVision{Name: "resnet50", Tensor: empty}, func(int) ([]float32, error) { return nil, broken }, broken},
		"an interruption":    {cancelled, PretrainedVision{Name: "resnet50", Tensor: empty}, inventedPicture, mmibx.ErrInterrupted},
	} {
		if _, err := Pictures(c.ctx, &c.encoder, c.images, 20, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// The time of 32 pictures, with the reading of 17 MB of weights.
func BenchmarkEfficientNetLite0(b *testing.B) {
	file, err := weights.OpenVision("efficientnet-lite0")
	if err != nil {
		b.Skip(err)
	}
	defer file.Close()
	pixels, _ := inventedPicture(0)
	for b.Loop() {
		images := func(int) ([]float32, error) { return pixels, nil }
		if _, err := Pictures(b.Context(), &PretrainedVision{Name: "efficientnet-lite0", Tensor: file.Tensor}, images, 32, nil); err != nil {
			b.Fatal(err)
		}
	}
}
