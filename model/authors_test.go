//go:build torch

package model

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/weights"
)

// TestParityOfCheckpoints holds Parity against testdata/authors.py, which builds
// MMIB from transformers' BertModel, torchcrf and torchvision: checkpoints as its
// authors save them, in both formats, for both tasks and presets.
func TestParityOfCheckpoints(t *testing.T) {
	for _, c := range []struct {
		task   mmibx.Task
		preset string
		ending string
	}{{mmibx.MNER, "official", ".pt"}, {mmibx.MNER, "default", ".safetensors"}, {mmibx.MRE, "official", ".safetensors"}, {mmibx.MRE, "default", ".pt"}} {
		name := "testdata/authors_" + string(c.task) + "_" + c.preset
		t.Run(string(c.task)+" "+c.preset, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.safetensors")
			report, err := runParity(t, c.task, c.preset, name+c.ending, name+"_batch.safetensors", out)
			if err != nil {
				t.Fatal(err)
			}
			if want := []string{"bert.pooler.dense.bias", "bert.pooler.dense.weight"}; !slices.Equal(report.LeftOver, want) || len(report.Unread) > 0 {
				t.Errorf("left over %q, want %q; not read %q", report.LeftOver, want, report.Unread)
			}
			sameNumbers(t, name+"_out.safetensors", out)
		})
	}
}

func runParity(t *testing.T, task mmibx.Task, preset, path, batch, out string, settings ...string) (mmibx.ParityReport, error) {
	t.Helper()
	spec, err := mmibx.ParitySpec(task, preset, settings)
	if err != nil {
		t.Fatal(err)
	}
	w, err := weights.OpenMMIB(path)
	if err != nil {
		return mmibx.ParityReport{}, err
	}
	defer w.Close()
	b, err := weights.OpenSource(batch)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	noVision := func() (*PretrainedVision, string, error) { return nil, "", mmibx.ErrNotFound }
	return Parity(t.Context(), ParityInput{Spec: spec, Types: []string{"PER", "LOC", "ORG", "MISC"}, Weights: w, Batch: b, Name: batch, Vision: noVision}, out)
}

// tensorsOf reads a file whole.
func tensorsOf(t *testing.T, path string) map[string]weights.Tensor {
	t.Helper()
	f, err := weights.OpenSource(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tensors := map[string]weights.Tensor{}
	for _, name := range f.Names() {
		if tensors[name], err = f.Tensor(name); err != nil {
			t.Fatal(err)
		}
	}
	return tensors
}

// sameNumbers holds each tensor of ours to the fixture's, within the tolerance of
// its largest number; of a gradient, at least of a hundredth of the largest of all.
func sameNumbers(t *testing.T, theirs, ours string) {
	t.Helper()
	want, got := tensorsOf(t, theirs), tensorsOf(t, ours)
	if a, b := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)); !slices.Equal(a, b) {
		t.Fatalf("tensors %q, want %q", b, a)
	}
	values := func(x weights.Tensor) []float32 {
		v, err := x.Floats()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	size := func(x weights.Tensor) (largest float64) {
		for _, v := range values(x) {
			largest = max(largest, math.Abs(float64(v)))
		}
		return largest
	}
	floor := 0.0
	for name, x := range want {
		if strings.HasPrefix(name, "grad.") {
			floor = max(floor, 1e-2*size(x))
		}
	}
	worst := 0.0
	for name, x := range want {
		if !slices.Equal(got[name].Shape, x.Shape) {
			t.Errorf("%s: shape %v, want %v", name, got[name].Shape, x.Shape)
			continue
		}
		largest := size(x)
		if strings.HasPrefix(name, "grad.") {
			largest = max(largest, floor)
		}
		w, g := values(x), values(got[name])
		for i := range w {
			if off := math.Abs(float64(g[i])-float64(w[i])) / largest; !(off <= fixtureTolerance) {
				t.Errorf("%s: number %d is %g, want %g", name, i, g[i], w[i])
				break
			} else {
				worst = max(worst, off)
			}
		}
	}
	t.Logf("%d tensors, largest error %.1e", len(want), worst)
}

// With pictures instead of features the checkpoint's own ResNet-50 runs, in
// evaluation mode; heads are those of config.json.
func TestParityOfPictures(t *testing.T) {
	dir := t.TempDir()
	fixture := readVisionFixture(t, "resnet50.json")
	var all []weights.Pending
	for name, x := range tensorsOf(t, "testdata/authors_pictures.safetensors") {
		all = append(all, weights.Pending{Name: "module." + name, DType: x.DType, Shape: x.Shape, Bytes: func() ([]byte, error) { return x.Bytes, nil }})
	}
	for name, shape := range fixture.Shapes {
		if strings.HasSuffix(name, ".num_batches_tracked") {
			continue
		}
		all = append(all, weights.Pending{Name: "module.vis_encoding.resnet." + name, DType: weights.F32, Shape: shape, Bytes: func() ([]byte, error) {
			return weights.FromFloats(shape, inventedWeights(name, shape)).Bytes, nil
		}})
	}
	checkpoint := filepath.Join(dir, "mmib.safetensors")
	if err := weights.WritePending(checkpoint, all, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"num_attention_heads": 2}`), 0o666); err != nil {
		t.Fatal(err)
	}
	var pixels []float32
	for _, p := range []int{0, 1, 1, 0} {
		values, err := inventedPicture(p)
		if err != nil {
			t.Fatal(err)
		}
		pixels = append(pixels, values...)
	}
	batch := tensorsOf(t, "testdata/authors_pictures_batch.safetensors")
	batch["images"] = weights.FromFloats([]int64{2, 2, 3, pictureSide, pictureSide}, pixels)
	path, out := writeBatch(t, dir, batch), filepath.Join(dir, "out.safetensors")

	report, err := runParity(t, mmibx.MRE, "official", checkpoint, path, out)
	if err != nil {
		t.Fatal(err)
	}
	if report.Pictures != checkpoint || !slices.Contains(report.LeftOver, "module.vis_encoding.resnet.fc.weight") {
		t.Errorf("pictures by %q, left over %q", report.Pictures, report.LeftOver)
	}
	// Gradients have the names of the file.
	theirs := map[string]weights.Tensor{}
	for name, x := range tensorsOf(t, "testdata/authors_pictures_out.safetensors") {
		if bare, ok := strings.CutPrefix(name, "grad."); ok {
			name = "grad.module." + bare
		}
		theirs[name] = x
	}
	sameNumbers(t, writeBatch(t, t.TempDir(), theirs), out)
	if _, err := runParity(t, mmibx.MRE, "official", "testdata/authors_mre_official.safetensors", path, out); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("pictures without a ResNet: %v", err)
	}
}

func writeBatch(t *testing.T, dir string, tensors map[string]weights.Tensor) string {
	t.Helper()
	path := filepath.Join(dir, "batch.safetensors")
	var named []weights.Named
	for name, x := range tensors {
		named = append(named, weights.Named{Name: name, Tensor: x})
	}
	if err := weights.WriteFile(path, named, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// What is wrong with a batch is said with its key, and nothing is written.
func TestParityRefuses(t *testing.T) {
	ints := func(v int64, shape ...int64) weights.Tensor {
		n := int64(1)
		for _, d := range shape {
			n *= d
		}
		return weights.FromInts(shape, slices.Repeat([]int64{v}, int(n)))
	}
	floats := func(shape ...int64) weights.Tensor {
		n := int64(1)
		for _, d := range shape {
			n *= d
		}
		return weights.FromFloats(shape, make([]float32, n))
	}
	hole := ints(1, 4, 9)
	copy(hole.Bytes[8:], make([]byte, 8))
	type batch = map[string]weights.Tensor
	for name, c := range map[string]struct {
		change batch // an empty type of element takes the tensor away
		key    string
	}{
		"no pieces":               {batch{"input_ids": {}}, "input_ids"},
		"pieces in one row":       {batch{"input_ids": ints(1, 9)}, "input_ids"},
		"no row":                  {batch{"input_ids": ints(1, 0, 9)}, "input_ids"},
		"an unknown piece":        {batch{"input_ids": ints(30, 4, 9)}, "input_ids"},
		"a negative piece":        {batch{"input_ids": ints(-1, 4, 9)}, "input_ids"},
		"pieces as floats":        {batch{"input_ids": floats(4, 9)}, "input_ids"},
		"too many pieces":         {batch{"input_ids": ints(1, 4, 13)}, "input_ids"},
		"a mask of another batch": {batch{"attention_mask": ints(1, 3, 9)}, "attention_mask"},
		"padding before a piece":  {batch{"attention_mask": hole}, "attention_mask"},
		"only padding":            {batch{"attention_mask": ints(0, 4, 9)}, "attention_mask"},
		"a third type":            {batch{"token_type_ids": ints(2, 4, 9)}, "token_type_ids"},
		"a 14th tag":              {batch{"labels": ints(13, 4, 9)}, "labels"},
		"labels of relations":     {batch{"labels": ints(1, 4)}, "labels"},
		"no pictures":             {batch{"image_features": {}}, "image_features"},
		"both kinds of pictures":  {batch{"images": floats(4, 1, 3, 2, 2)}, "image_features"},
		"narrow pictures":         {batch{"image_features": floats(4, 3, 9)}, "image_features"},
		"small pictures":          {batch{"image_features": {}, "images": floats(4, 1, 3, 2, 2)}, "images"},
		"noise of another width":  {batch{"eps_text": floats(4, 9, 23)}, "eps_text"},
		"noise of more rows":      {batch{"eps_image": floats(4, 4, 24)}, "eps_image"},
	} {
		t.Run(name, func(t *testing.T) {
			tensors := tensorsOf(t, "testdata/authors_mner_official_batch.safetensors")
			maps.Copy(tensors, c.change)
			maps.DeleteFunc(tensors, func(_ string, x weights.Tensor) bool { return x.DType == "" })
			dir := t.TempDir()
			path, out := writeBatch(t, dir, tensors), filepath.Join(dir, "out.safetensors")
			_, err := runParity(t, mmibx.MNER, "official", "testdata/authors_mner_official.pt", path, out)
			var fault *mmibx.InputError
			if !errors.As(err, &fault) || fault.Key != c.key || fault.File != path || fault.Found == "" || fault.Expected == "" || fault.Cure == "" {
				t.Errorf("%v, want a fault of %s", err, c.key)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*out*")); len(left) > 0 {
				t.Errorf("%v was written", left)
			}
		})
	}
	for name, c := range map[string]struct {
		task         mmibx.Task
		preset, file string
		key          string
		settings     []string
	}{
		"the other task":        {mmibx.MRE, "official", "mner_official.pt", "classifier.bias", nil},
		"the other preset":      {mmibx.MNER, "default", "mner_official.pt", "crf.end_transitions", nil},
		"no discriminator":      {mmibx.MRE, "official", "mre_default.pt", "discrimonator.bias", nil},
		"another discriminant":  {mmibx.MRE, "official", "mre_official.safetensors", "discrimonator.bias", []string{"align.estimator=bce-bilinear"}},
		"a width without heads": {mmibx.MRE, "official", "pictures.safetensors", "bert.embeddings.word_embeddings.weight", nil},
		"no model":              {mmibx.MRE, "official", "pictures_batch.safetensors", "bert.embeddings.word_embeddings.weight", nil},
	} {
		_, err := runParity(t, c.task, c.preset, "testdata/authors_"+c.file, "testdata/authors_mner_official_batch.safetensors", filepath.Join(t.TempDir(), "out.safetensors"), c.settings...)
		var fault *mmibx.InputError
		if !errors.As(err, &fault) || fault.Key != c.key || fault.File != "testdata/authors_"+c.file {
			t.Errorf("%s: %v, want a fault of %s", name, err, c.key)
		}
	}
}

// What a batch leaves out: a mask of ones, types of 0, no noise, no loss.
func TestParityOfTheLeastBatch(t *testing.T) {
	const name = "testdata/authors_mner_official"
	dir := t.TempDir()
	whole := tensorsOf(t, name+"_batch.safetensors")
	least := map[string]weights.Tensor{"input_ids": whole["input_ids"], "image_features": whole["image_features"]}
	implied := maps.Clone(least)
	implied["attention_mask"] = weights.FromInts([]int64{4, 9}, slices.Repeat([]int64{1}, 36))
	implied["token_type_ids"] = weights.FromInts([]int64{4, 9}, make([]int64, 36))
	implied["eps_text"] = weights.FromFloats([]int64{4, 9, 24}, make([]float32, 4*9*24))
	implied["eps_image"] = weights.FromFloats([]int64{4, 3, 24}, make([]float32, 4*3*24))
	implied["caption"] = weights.FromInts([]int64{1}, []int64{1})
	a, b := filepath.Join(dir, "a.safetensors"), filepath.Join(dir, "b.safetensors")
	report, err := runParity(t, mmibx.MNER, "official", name+".pt", writeBatch(t, dir, least), a)
	if err != nil || report.Gradients != 0 {
		t.Fatal(report, err)
	}
	if report, err = runParity(t, mmibx.MNER, "official", name+".pt", writeBatch(t, dir, implied), b); err != nil || !slices.Equal(report.Unread, []string{"caption"}) {
		t.Fatal(report, err)
	}
	sameNumbers(t, a, b)
	want := []string{"emissions", "fused", "kl_image", "kl_text", "logvar_image", "logvar_text", "loss_align", "mean_image", "mean_text"}
	if got := slices.Sorted(maps.Keys(tensorsOf(t, a))); !slices.Equal(got, want) {
		t.Errorf("without labels: %q, want %q", got, want)
	}
}

// TestShapesOfMMIB holds the names and shapes that weights knows against the
// parameters that are built, and reads a run's weights back.
func TestShapesOfMMIB(t *testing.T) {
	for _, settings := range [][]any{
		{"preset", "default"}, {"preset", "official"},
		{"align.learn_tau", true, "align.projection", 7},
		{"align.weight", 0.0}, {"align.estimator", "bce-concat", "align.width", 3}, {"align.estimator", "bce-bilinear", "ib.size", 0},
	} {
		for _, benchmark := range []string{"mini-twitter2017", "mini-mnre"} {
			spec := defaultSpec(t, benchmark, append(settings, "encoder.width", 32)...)
			path := filepath.Join(t.TempDir(), BestWeights)
			want := map[string][]int64{}
			do(t, func() {
				m, err := newSystem(spec, invented(spec.TaskOf(), 32))
				if err != nil {
					t.Error(err)
					return
				}
				defer m.params.Free()
				at := Checkpoint{Best: map[string][]float32{}}
				for _, name := range m.params.Names() {
					p, _ := m.params.Tensor(name)
					want[name], at.Best[name] = p.Shape(), p.Floats()
				}
				if err := (&training{system: m, at: at, o: Options{Dir: filepath.Dir(path)}}).saveBest(); err != nil {
					t.Error(err)
				}
			})
			w, err := weights.OpenMMIB(path)
			if err != nil {
				t.Fatal(err)
			}
			fitted := spec
			fitted.IB.Size, fitted.Align.LearnTau, fitted.Align.Projection = 0, false, 0
			w.Fit(&fitted)
			if got := w.Shapes(&fitted); !maps.EqualFunc(got, want, slices.Equal) {
				t.Errorf("%v, %s: %v, want %v", settings, benchmark, got, want)
			}
			if w.Config.Heads != 4 {
				t.Errorf("%d heads, 32 wide encoders have 4", w.Config.Heads)
			}
			if m := w.Match(&fitted); len(m.Missing)+len(m.LeftOver)+len(m.Misfits) > 0 {
				blob, _ := json.Marshal(m)
				t.Errorf("%v, %s: %s", settings, benchmark, blob)
			}
			w.Close()
		}
	}
}

// Tags stand on first pieces under model.tags bio, by their names.
func TestPlaceTags(t *testing.T) {
	scheme, err := newTagScheme("bio", []string{"PER", "LOC", "ORG", "MISC"})
	if err != nil {
		t.Fatal(err)
	}
	b := &batch{b: 3, l: 5, realBL: []bool{true, true, true, true, true, true, true, true, false, false, true, true, false, false, false}}
	scheme.place(b, []int64{
		11, 2, 10, 1, 12, // [CLS] B-MISC X O [SEP]
		11, 9, 12, 4, 0, // [CLS] I-LOC [SEP], and a tag on padding
		11, 12, 0, 0, 0, // no word
	})
	if want := []int64{1, 3, 1, 0, 0, 0}; !slices.Equal(b.positionBW, want) {
		t.Errorf("positions %v, want %v", b.positionBW, want)
	}
	if want := []int64{7, 0, 4, 0, 0, 0}; !slices.Equal(b.tagBW, want) {
		t.Errorf("tags %v, want %v", b.tagBW, want)
	}
	if want := []bool{true, true, true, false, true, false}; !slices.Equal(b.taggedBW, want) {
		t.Errorf("tagged %v, want %v", b.taggedBW, want)
	}
}
