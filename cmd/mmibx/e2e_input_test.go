//go:build torch

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/weights"
)

// testWrongInput gives the programs what people get wrong. Each fault is to be
// named with its place, what was found and what to do.
func testWrongInput(t *testing.T, bin string) {
	l := newLab(t, bin)
	l.env = []string{"MMIBX_WEIGHTS=" + filepath.Join(l.dir, "weights")}
	l.write("typo.toml", "name = \"typo\"\nbenchmarks = [\"mini-mnre\"]\n[base]\nmodel = \"mmib\"\nib.beta_txt = 1\n")
	for _, split := range []string{"train", "valid", "test"} {
		l.write("data/twitter2017/"+split+".txt", "IMGID:1\nRT\tO\nParis\tB-LOC\n\nIMGID:2\nAnna\tX-PER\n")
	}
	for _, split := range []string{"train", "valid", "test"} {
		l.write("pictures/twitter2015/"+split+".txt", "IMGID:1\nRT\tO\nParis\tB-LOC\n\n")
	}
	l.write("pictures/twitter2015/images/1.jpg", "<html>not found")
	l.write("data/mnre/ours_rel2id.json", `{"None": 0, "/per/per/peer": 1}`)
	const pair = "{'token': ['Anna', 'met', 'Bo'], 'h': {'name': 'Anna', 'pos': [0, 1]}, 't': {'name': 'Bo', 'pos': [2, 3]}, 'img_id': '1.jpg', 'relation': 'None'}\n"
	for _, split := range []string{"train", "val", "test"} {
		l.write("data/mnre/mnre_"+split+".txt", pair+pair+pair[:60]+"\n")
	}
	l.encoder("whole", 16, 0)
	l.encoder("cut", 16, 100)
	l.encoder("narrow", 8, 0)
	const mini = "train -q benchmark=mini-mnre model=text train.epochs=1 encoder.name="
	for _, c := range []struct {
		args string
		code int
		want []string
	}{
		{"train benchmark=twitter2015 model=text", 3, []string{"benchmark twitter2015: not found: no file", filepath.Join("twitter2015", "train.txt"), "--data or $MMIBX_DATA"}},
		{"train benchmark=twitter2017 model=text", 2, []string{filepath.Join("twitter2017", "train.txt") + ":6: ", `found tag "X-PER"`, "expected O, B-<type> or I-<type>"}},
		{"data verify mnre", 2, []string{"mnre_train.txt:3: ", "found ", "expected "}},
		{"train -q --data pictures benchmark=twitter2015 model=concat encoder=small evidence=pixels evidence.encoder=small", 1,
			[]string{"not all runs are done: 1 failed", filepath.Join("images", "1.jpg") + `: found a file that begins "<html>not found"`, "expected a JPEG or PNG picture"}},
		{"plan typo.toml", 2, []string{"typo.toml:5: ib.beta_txt: found an unknown key", "did you mean ib.beta_text?"}},
		{"plan no.toml", 3, []string{"sweep file no.toml: not found"}},
		{mini + "cutt", 3, []string{"weights cutt: not found in", "put or link a Hugging Face BERT folder there"}},
		{mini + "cut", 1, []string{"not all runs are done: 1 failed", filepath.Join("cut", "model.safetensors"), "found ", "expected "}},
		{mini + "narrow", 1, []string{"not all runs are done: 1 failed", "narrow: ", "found shape [", "as config.json says"}},
		{mini + "whole", 0, []string{"1 done"}},
	} {
		out, errs, code := l.mmibx(strings.Fields(c.args)...)
		if code != c.code {
			t.Errorf("mmibx %s: exit code %d, want %d", c.args, code, c.code)
		}
		for _, want := range c.want {
			if !strings.Contains(out+errs, want) {
				t.Errorf("mmibx %s says\n%s%swhich lacks %q", c.args, out, errs, want)
			}
		}
	}
}

// encoder writes a folder of BERT weights whose configuration says 16 wide. Its
// tensors are width wide, and its file lacks some bytes at the end.
func (l *lab) encoder(name string, width int64, lacks int) {
	l.Helper()
	l.write("weights/"+name+"/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n")
	config := l.write("weights/"+name+"/config.json", `{"model_type": "bert", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
		"intermediate_size": 32, "vocab_size": 6, "max_position_embeddings": 64, "type_vocab_size": 2}`)
	path := filepath.Join(filepath.Dir(config), "model.safetensors")
	var tensors []weights.Named
	add := func(name string, shape ...int64) {
		n := int64(1)
		for _, d := range shape {
			n *= d
		}
		tensor := weights.Tensor{DType: weights.F32, Shape: shape, Bytes: make([]byte, 4*n)}
		tensors = append(tensors, weights.Named{Name: name, Tensor: tensor})
	}
	linear := func(name string, out, in int64) { add(name+".weight", out, in); add(name+".bias", out) }
	add("embeddings.word_embeddings.weight", 6, width)
	add("embeddings.position_embeddings.weight", 64, width)
	add("embeddings.token_type_embeddings.weight", 2, width)
	for _, norm := range []string{"embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"} {
		add(norm+".LayerNorm.weight", width)
		add(norm+".LayerNorm.bias", width)
	}
	for _, square := range []string{"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"} {
		linear("encoder.layer.0."+square, width, width)
	}
	linear("encoder.layer.0.intermediate.dense", 32, width)
	linear("encoder.layer.0.output.dense", width, 32)
	if err := weights.WriteFile(path, tensors, nil); err != nil {
		l.Fatal(err)
	}
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-int64(lacks))
	}
	if err != nil {
		l.Fatal(fmt.Errorf("encoder %s: %w", name, err))
	}
}
