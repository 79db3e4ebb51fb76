//go:build torch

package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/weights"
)

// testParity imports checkpoints of the authors' form and checks what is computed
// with them; the numbers are those of model/testdata/authors.py.
func testParity(t *testing.T, bin string) {
	l := newLab(t, bin)
	fixtures, err := filepath.Abs(filepath.Join("..", "..", "model", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for name, ending := range map[string]string{"mner_official": ".pt", "mre_default": ".pt"} {
		task, preset, _ := strings.Cut(name, "_")
		file := filepath.Join(fixtures, "authors_"+name)
		var names struct {
			Used     []string
			Missing  []string
			LeftOver []string `json:"left_over"`
		}
		decode(t, l.must("import", "checkpoint", file+ending, "--task", task, "--preset", preset, "--out", name, "--json"), &names)
		if len(names.Used) < 90 || len(names.Missing) > 0 || strings.Join(names.LeftOver, " ") != "bert.pooler.dense.bias bert.pooler.dense.weight" {
			t.Errorf("%s: %d used, %q missing, %q left over", name, len(names.Used), names.Missing, names.LeftOver)
		}
		var report struct {
			Losses    map[string]float64
			Gradients int
		}
		parity := func(weights, out string) string {
			return l.must("parity", "--model", "mmib", "--task", task, "--preset", preset, "--weights", weights, "--batch", file+"_batch.safetensors", "--out", out, "--json")
		}
		parity(file+ending, "theirs.safetensors")
		decode(t, parity(name, "ours.safetensors"), &report)
		if report.Gradients != len(names.Used) {
			t.Errorf("%s: %d gradients of %d parameters", name, report.Gradients, len(names.Used))
		}
		theirs, err := os.ReadFile(filepath.Join(l.dir, "theirs.safetensors"))
		ours, err2 := os.ReadFile(filepath.Join(l.dir, "ours.safetensors"))
		if err != nil || err2 != nil || !bytes.Equal(theirs, ours) {
			t.Errorf("%s: the folder does not compute what the checkpoint does: %v, %v", name, err, err2)
		}
		want := lossOf(t, file+"_out.safetensors")
		if got := report.Losses["loss"]; !(math.Abs(got-want) <= 1e-4*want) {
			t.Errorf("%s: loss %g, want %g", name, got, want)
		}
	}
	batch := " --batch " + filepath.Join(fixtures, "authors_mner_official_batch.safetensors")
	official := filepath.Join(fixtures, "authors_mner_official.pt")
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"parity --task mner --preset official --weights " + official + batch + " --out x.safetensors", 0, "107 tensors, 96 of them gradients"},
		{"parity --task ner --weights a.pt" + batch + " --out x.safetensors", 2, `--task: found "ner", expected mner or mre`},
		{"parity --task mner --model text --weights a.pt" + batch + " --out x.safetensors", 2, `--model: found "text", expected mmib`},
		{"parity --task mner --preset off --weights a.pt" + batch + " --out x.safetensors", 2, `preset: found "off", expected one of default, official`},
		{"parity --task mner --weights a.pt" + batch + " --out x.npz", 2, "--out: found"},
		{"parity --task mner --out x.safetensors --weights a.pt", 2, "--batch: found nothing"},
		{"parity --task mner --weights a.pt" + batch + " --out x.safetensors", 3, "weights a.pt: not found"},
		{"parity --task mner --weights " + official + " --batch b.safetensors --out x.safetensors", 3, "batch b.safetensors: not found"},
		{"parity --task mner --set ib.size=3 --weights a.pt" + batch + " --out x.safetensors", 2, "it is read off the weights"},
		{"parity --task mner --set ib.beta=-1 --weights a.pt" + batch + " --out x.safetensors", 2, "ib.beta_image: found"},
		{"parity --task mre --preset official --weights " + official + batch + " --out x.safetensors", 2, "classifier.bias: found no tensor of that name, and "},
		{"import checkpoint " + official + " --task mre --out folder", 2, "missing    classifier.weight"},
		{"import checkpoint " + official + " --task mner", 2, "--out: found nothing"},
		{"import checkpoint nowhere.pt --task mner --out folder", 3, "weights nowhere.pt: not found"},
	} {
		out, errs, code := l.mmibx(strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errs, c.want) {
			t.Errorf("mmibx %s: exit code %d, want %d and %q\n%s%s", c.args, code, c.code, c.want, out, errs)
		}
	}
	if _, err := os.Stat(filepath.Join(l.dir, "folder")); err == nil {
		t.Error("an import that failed left a folder")
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

func lossOf(t *testing.T, path string) float64 {
	t.Helper()
	f, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tensor, err := f.Tensor("loss")
	if err != nil {
		t.Fatal(err)
	}
	values, err := tensor.Floats()
	if err != nil {
		t.Fatal(err)
	}
	return float64(values[0])
}
