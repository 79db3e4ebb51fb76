package weights

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

const authorsFile = "../model/testdata/authors_mner_official.pt" // by model/testdata/authors.py

// authorsTensors reads the checkpoint whole.
func authorsTensors(t *testing.T) []Named {
	t.Helper()
	f, err := OpenSource(authorsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return all(t, f)
}

func writeTensors(t *testing.T, all []Named, metadata map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mmib.safetensors")
	if err := WriteFile(path, all, metadata); err != nil {
		t.Fatal(err)
	}
	return path
}

func official(t *testing.T, task mmibx.Task) mmibx.Spec {
	t.Helper()
	spec, err := mmibx.ParitySpec(task, "official", nil)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestMMIBReadsSizes(t *testing.T) {
	m, err := OpenMMIB(authorsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	want := Config{Type: "bert", Width: 24, Layers: 1, Heads: 12, Intermediate: 48, Vocab: 30, Types: 2, Positions: 12, Epsilon: 1e-12, Activation: "gelu", Position: "absolute"}
	if m.Config != want || m.Evidence != 10 || m.Latent != 0 {
		t.Errorf("%+v, evidence %d, latent %d", m.Config, m.Evidence, m.Latent)
	}
}

func TestMMIBMatch(t *testing.T) {
	var all []Named
	for _, x := range authorsTensors(t) {
		switch x.Name {
		case "crf.transitions": // is missing
			continue
		case "linear.bias":
			x.Tensor = FromFloats([]int64{3}, make([]float32, 3))
		case "bert.embeddings.LayerNorm.weight":
			x.Name = "bert.embeddings.LayerNorm.gamma"
		}
		x.Name = "model.module." + x.Name
		all = append(all, x)
	}
	one := FromFloats([]int64{1}, []float32{1})
	for _, name := range []string{"epoch", "model.module.vis_encoding.resnet.bn1.bias", "model.module.vis_encoding.resnet.fc.bias", "model.module.crf.transition"} {
		all = append(all, Named{name, one})
	}
	path := writeTensors(t, all, nil)
	m, err := OpenMMIB(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	spec := official(t, mmibx.MNER)
	m.Fit(&spec)
	match := m.Match(&spec)
	if want := []string{"crf.transitions"}; !slices.Equal(match.Missing, want) {
		t.Errorf("missing %q, want %q", match.Missing, want)
	}
	want := []string{
		"epoch", "model.module.bert.pooler.dense.bias", "model.module.bert.pooler.dense.weight",
		"model.module.crf.transition", "model.module.vis_encoding.resnet.fc.bias",
	}
	if !slices.Equal(match.LeftOver, want) {
		t.Errorf("left over %q, want %q", match.LeftOver, want)
	}
	if len(match.Misfits) != 1 || match.Misfits[0].Name != "model.module.linear.bias" || !slices.Equal(match.Misfits[0].Expected, []int64{24}) {
		t.Errorf("misfits %v", match.Misfits)
	}
	for _, name := range []string{"model.module.bert.embeddings.LayerNorm.gamma", "model.module.vis_encoding.resnet.bn1.bias"} {
		if !slices.Contains(match.Used, name) {
			t.Errorf("%s is not used", name)
		}
	}
	if n := len(match.Used) + len(match.LeftOver) + len(match.Misfits); n != len(all) {
		t.Errorf("%d names are reported of %d", n, len(all))
	}
	match.Misfits = nil
	err = match.Err(path)
	if text := "crf.transitions: found no tensor of that name, expected the weights of this task and preset; the nearest name that is left over is model.module.crf.transition"; err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("%v, want %s", err, text)
	}
}

// A folder that is written reads back, under our names and with its heads.
func TestMMIBWrite(t *testing.T) {
	m, err := OpenMMIB(writeTensors(t, authorsTensors(t), map[string]string{HeadsKey: "6"}))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	spec := official(t, mmibx.MNER)
	m.Fit(&spec)
	dir := filepath.Join(t.TempDir(), "new", "folder")
	if err := m.Write(dir, m.Match(&spec)); err != nil {
		t.Fatal(err)
	}
	back, err := OpenMMIB(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	if back.Config != m.Config || back.Config.Heads != 6 {
		t.Errorf("%+v, want %+v", back.Config, m.Config)
	}
	match := back.Match(&spec)
	if len(match.Missing)+len(match.LeftOver)+len(match.Misfits) > 0 {
		t.Errorf("%+v", match)
	}
	encoder, err := OpenFolder(dir) // its encoder is one of Hugging Face's too
	if err != nil {
		t.Fatal(err)
	}
	encoder.Close()
	for _, name := range match.Used {
		_, want, err := m.Tensor(name)
		_, got, err2 := back.Tensor(name)
		if errors.Join(err, err2) != nil || !slices.Equal(got, want) {
			t.Errorf("%s differs: %v", name, errors.Join(err, err2))
		}
	}
}

func TestMMIBRefuses(t *testing.T) {
	all := authorsTensors(t)
	twice := slices.Clone(all)
	for _, x := range all {
		twice = append(twice, Named{"best." + x.Name, x.Tensor})
	}
	narrow := slices.Clone(all)
	renamedTwice := append(slices.Clone(all), Named{"bert.embeddings.LayerNorm.gamma", FromFloats([]int64{24}, make([]float32, 24))})
	for i, x := range narrow {
		if x.Name == wordTable {
			narrow[i].Tensor = FromFloats([]int64{30}, make([]float32, 30))
		}
	}
	for name, c := range map[string]struct {
		path   string
		config string
		want   string
	}{
		"no file":            {path: "nowhere.pt", want: "weights nowhere.pt: not found"},
		"an empty folder":    {path: t.TempDir(), want: "not found: neither model.safetensors nor pytorch_model.bin"},
		"no model":           {path: writeTensors(t, all[:1], nil), want: "found no tensor of that name among 1"},
		"two models":         {path: writeTensors(t, twice, nil), want: `found it 2 times, after "", "best."`},
		"a name twice":       {path: writeTensors(t, renamedTwice, nil), want: "two tensors for it"},
		"a table in a row":   {path: writeTensors(t, narrow, nil), want: "found shape [30], expected word-pieces x width"},
		"odd heads":          {path: writeTensors(t, all, map[string]string{HeadsKey: "5"}), want: "found a width of 24, expected a multiple of 5 heads"},
		"heads in words":     {path: writeTensors(t, all, map[string]string{HeadsKey: "many"}), want: `found "many", expected a number`},
		"heads of config":    {path: writeTensors(t, all, nil), config: `{"num_attention_heads": 7}`, want: "expected a multiple of 7 heads"},
		"another model":      {path: writeTensors(t, all, nil), config: `{"model_type": "roberta"}`, want: `found "roberta", expected bert`},
		"another activation": {path: writeTensors(t, all, nil), config: `{"hidden_act": "relu"}`, want: `found "relu", expected gelu`},
		"a broken config":    {path: writeTensors(t, all, nil), config: `{`, want: "config.json: found unexpected end of JSON input"},
	} {
		if c.config != "" {
			if err := os.WriteFile(filepath.Join(filepath.Dir(c.path), configFile), []byte(c.config), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		m, err := OpenMMIB(c.path)
		if err == nil {
			m.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, mmibx.ErrUsage) && !errors.Is(err, mmibx.ErrNotFound) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// Whatever shapes a file has, it is refused or matched, never trusted.
func FuzzMMIB(f *testing.F) {
	f.Add(2, 4, uint8(0))
	f.Add(0, 0, uint8(3))
	names := []string{
		wordTable, "linear.weight", "classifier.weight", "txt_mean_head.weight", "discrimonator.weight",
		"bert.embeddings.position_embeddings.weight", "bert.encoder.layer.0.intermediate.dense.weight", "align.text_projection.weight", "bert.encoder.layer.x",
	}
	f.Fuzz(func(t *testing.T, rows, columns int, which uint8) {
		rows, columns = rows&7, columns&31
		var all []Named
		for i, name := range names {
			shape := []int64{int64(rows), int64(columns)}
			if i > 0 && int(which)%len(names) == i {
				shape = []int64{int64(rows * columns)}
			}
			all = append(all, Named{name, FromFloats(shape, make([]float32, rows*columns))})
		}
		m, err := OpenMMIB(writeTensors(t, all, map[string]string{HeadsKey: "1"}))
		if err != nil {
			return
		}
		defer m.Close()
		for _, task := range []mmibx.Task{mmibx.MNER, mmibx.MRE} {
			spec := official(t, task)
			m.Fit(&spec)
			if m.Match(&spec).Err("x") == nil {
				t.Error("a handful of tensors is no model")
			}
		}
	})
}
