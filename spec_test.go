package mmibx

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
)

func mustResolve(t *testing.T, settings map[string]any) Spec {
	t.Helper()
	s, err := Resolve(settings)
	if err != nil {
		t.Fatalf("Resolve(%v): %v", settings, err)
	}
	return s
}

func TestFieldsMatchTheSpec(t *testing.T) {
	var flat func(prefix string, v map[string]any) int
	flat = func(prefix string, v map[string]any) (n int) {
		for k, x := range v {
			if group, ok := x.(map[string]any); ok {
				n += flat(prefix+k+".", group)
				continue
			}
			if _, ok := LookupField(prefix + k); !ok {
				t.Errorf("%s%s is in Spec and not in Fields", prefix, k)
			}
			n++
		}
		return n
	}
	blob, err := json.Marshal(Spec{})
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(blob, &tree); err != nil {
		t.Fatal(err)
	}
	if n := flat("", tree); n != len(Fields) {
		t.Errorf("Spec has %d fields, Fields %d", n, len(Fields))
	}
}

func TestUnreadFieldsDoNotChangeTheRun(t *testing.T) {
	text := map[string]any{"benchmark": "mini-twitter2017", "model": "text", "seed": 3}
	a := mustResolve(t, text)
	text["ib.beta_text"], text["align.tau"], text["evidence.kind"], text["model.key_mask"] = 10, 5, "grid", false
	b := mustResolve(t, text)
	if a.ID(Inputs{}) != b.ID(Inputs{}) {
		t.Errorf("a text-only run changed its id with fields that it does not read: %v and %v", a.Canonical(), b.Canonical())
	}
	unread := strings.Join(b.Unread([]string{"ib.beta_text", "train.lr", "align.tau", "evidence"}), " ")
	if unread != "ib.beta_text align.tau evidence.kind" {
		t.Errorf("Unread = %q", unread)
	}

	bce := map[string]any{"benchmark": "mnre", "model": "mmib", "align.estimator": "bce-concat"}
	c := mustResolve(t, bce)
	bce["align.tau"] = 0.5
	d := mustResolve(t, bce)
	if c.ID(Inputs{}) != d.ID(Inputs{}) || len(d.Unread([]string{"align.tau"})) != 1 {
		t.Error("bce has no temperature, yet align.tau changed the run")
	}
}

// What is no part of the identity does not reach the worker either: two cells of
// a grid that collapse are one spec, whichever of them comes first.
func TestUnreadFieldsAreForgotten(t *testing.T) {
	for _, c := range []struct {
		name   string
		plain  map[string]any
		unread map[string]any
	}{
		{"text without a picture", map[string]any{"benchmark": "twitter2017", "model": "text"},
			map[string]any{"evidence.kind": "pixels", "evidence.encoder": "resnet50", "evidence.pictures": "shuffled", "ib.beta": 3.0, "align.tau": 0.5}},
		{"no alignment", map[string]any{"benchmark": "mini-mnre", "model": "mmib", "align.weight": 0.0},
			map[string]any{"align.tau": 0.5, "align.pooling": "mean", "align.estimator": "bce-concat"}},
		{"bce has no temperature", map[string]any{"benchmark": "mini-mnre", "model": "mmib", "align.estimator": "bce-concat"},
			map[string]any{"align.tau": 0.5, "align.learn_tau": true, "align.projection": 8}},
		{"no beta to warm up", map[string]any{"benchmark": "mini-mnre", "model": "mmib", "ib.beta": 0},
			map[string]any{"ib.warmup": 0.5}},
		{"no decay of anything", map[string]any{"benchmark": "mini-mnre", "model": "text", "train.weight_decay": 0},
			map[string]any{"train.decay": "released"}},
		{"no entities to mark", map[string]any{"benchmark": "mini-twitter2015", "model": "text"},
			map[string]any{"model.markers": "released"}},
	} {
		want := mustResolve(t, c.plain)
		maps.Copy(c.unread, c.plain)
		if got := mustResolve(t, c.unread); got != want {
			t.Errorf("%s: unread settings are kept:\n%+v\n%+v", c.name, got, want)
		}
	}
}

func TestEveryReadFieldChangesTheRun(t *testing.T) {
	base := mustResolve(t, map[string]any{"benchmark": "mini-twitter2015", "model": "mmib", "evidence.pictures": "shuffled"})
	for _, f := range Fields {
		if f.Key == "benchmark" || f.Key == "model.name" || !f.readBy(&base) {
			continue
		}
		s := base
		if err := s.Set(f.Key, otherValue(t, &f, f.value(&base))); err != nil {
			t.Fatal(err)
		}
		if s.ID(Inputs{}) == base.ID(Inputs{}) {
			t.Errorf("%s does not reach the run id", f.Key)
		}
		if same := s.Arm(Inputs{}) == base.Arm(Inputs{}); same != (f.Key == "seed") {
			t.Errorf("%s: arm unchanged = %v", f.Key, same)
		}
	}
	if base.ID(Inputs{}) == base.ID(Inputs{Data: map[string]string{"train.txt": "00"}}) {
		t.Error("the digests of the data do not reach the run id")
	}
}

// otherValue returns a value of the field that is valid and differs from v.
func otherValue(t *testing.T, f *Field, v any) any {
	t.Helper()
	switch v := v.(type) {
	case bool:
		return !v
	case string:
		for _, c := range f.Choices {
			if c != v && c != "none" {
				return c
			}
		}
		return v + "x"
	case int:
		if float64(v+1) <= f.Max {
			return v + 1
		}
		return v - 1
	case float64:
		if v/2 != v && v/2 >= f.Min {
			return v / 2
		}
		return f.Max / 2
	}
	t.Fatalf("%s: a value of type %T", f.Key, v)
	return nil
}

func TestSetRefuses(t *testing.T) {
	for _, c := range []struct {
		key   string
		value any
		want  string // part of the message
	}{
		{"ib.beta_txt", 0.1, "did you mean ib.beta_text?"},
		{"ib.beta_text", -1, "a number from 0"},
		{"ib.beta_text", math.NaN(), "a number from 0"},
		{"ib.beta_text", math.Inf(1), "a number from 0"},
		{"ib.beta_text", "much", "a number from 0"},
		{"ib.size", 2.5, "a whole number"},
		{"ib.eval_latent", "median", "one of mean, sample"},
		{"model.key_mask", "perhaps", "true or false"},
	} {
		var s Spec
		err := s.Set(c.key, c.value)
		var input *InputError
		if !errors.As(err, &input) || !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Set(%s, %v) = %v, want %q", c.key, c.value, err, c.want)
		}
	}
}

func TestResolve(t *testing.T) {
	s := mustResolve(t, map[string]any{"benchmark": "mnre", "model": "mmib", "preset": "official", "ib.beta": "0.5"})
	for key, want := range map[string]any{
		"ib.beta_text": 0.5, "ib.beta_image": 0.5, "ib.eval_latent": "sample", "train.select_on": "dev",
		"train.pad_to": 80, "model.key_mask": false, "evidence.kind": "captions", "encoder.name": "minilm",
		"model.markers": "released", "train.decay": "released",
	} {
		if got, _ := s.Get(key); got != want {
			t.Errorf("official MRE: %s = %v, want %v", key, got, want)
		}
	}
	for _, bad := range []map[string]any{
		{"benchmark": "twitter2016", "model": "mmib"},
		{"benchmark": "mnre", "model": "mmbi"},
		{"benchmark": "mnre", "model": "mmib", "evidence": "none"},
		{"benchmark": "mnre", "model": "mmib", "preset": "best"},
		{"benchmark": "mnre", "model": "mmib", "preset": "official", "train.select_on": "test"},
		{"benchmark": "twitter2017", "model": "mmib", "train.select_on": "test"},
	} {
		if _, err := Resolve(bad); !errors.Is(err, ErrUsage) {
			t.Errorf("Resolve(%v) = %v, want a usage error", bad, err)
		}
	}
}

func TestEvidenceFields(t *testing.T) {
	id := func(settings ...string) string {
		all := map[string]any{"benchmark": "mnre", "model": "concat"}
		for i := 0; i < len(settings); i += 2 {
			all[settings[i]] = settings[i+1]
		}
		s := mustResolve(t, all)
		return s.ID(Inputs{})
	}
	if id() != id("evidence.encoder", "resnet50", "evidence.features", "vit") {
		t.Error("captions have no picture encoder, yet one changed the run")
	}
	pixels, vit := id("evidence", "pixels"), id("evidence", "features", "evidence.features", "vit")
	if pixels != id("evidence", "pixels", "evidence.encoder", "efficientnet-lite0") || pixels == id("evidence", "pixels", "evidence.encoder", "resnet50") {
		t.Error("the run does not follow evidence.encoder")
	}
	if vit == id("evidence", "features", "evidence.features", "clip") {
		t.Error("the run does not follow evidence.features")
	}
	for key, settings := range map[string]map[string]any{
		"evidence.encoder":  {"benchmark": "mnre", "model": "concat", "evidence": "pixels", "evidence.encoder": ""},
		"evidence.features": {"benchmark": "mnre", "model": "concat", "evidence": "features"},
	} {
		if _, err := Resolve(settings); err == nil || !strings.HasPrefix(err.Error(), key+": found nothing") {
			t.Errorf("Resolve(%v) = %v, want a word about %s", settings, err, key)
		}
	}
}

// Settings stand in one order, whether or not they are at their frozen default.
func TestLabel(t *testing.T) {
	for want, lr := range map[string]float64{
		"text train.head_lr=0.001 train.lr=0.001": 0.001,
		"text train.head_lr=0.01 train.lr=0.01":   0.01,
		"text":                                    0.005,
	} {
		s, err := Resolve(map[string]any{"benchmark": "mini-mnre", "model.name": "text", "train.lr": lr, "train.head_lr": lr})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Label(); got != want {
			t.Errorf("rate %g: %q, want %q", lr, got, want)
		}
	}
	for want, settings := range map[string]map[string]any{
		"mmib preset=official":              {"benchmark": "mnre", "model": "mmib", "preset": "official"},
		"mmib preset=official train.clip=1": {"benchmark": "twitter2015", "model": "mmib", "preset": "official", "train.clip": 1},
	} {
		s := mustResolve(t, settings)
		if got := s.Label(); got != want {
			t.Errorf("%v: %q, want %q", settings, got, want)
		}
	}
}

func TestValuesRoundTrip(t *testing.T) {
	s := mustResolve(t, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "seed": 7, "train.lr": 2e-5})
	blob, err := json.Marshal(s.Values())
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := json.Unmarshal(blob, &values); err != nil {
		t.Fatal(err)
	}
	back, err := SpecOf(values)
	if err != nil {
		t.Fatal(err)
	}
	if back != s || !maps.Equal(back.Canonical(), s.Canonical()) {
		t.Errorf("through JSON: %+v, want %+v", back, s)
	}
}

// The ids of released specs never change. Canonical values, digests and
// revisions stand in the file, so that only a change of the rule breaks it;
// testdata/ids.py made it from the rule's description, in Python.
// A plan that was frozen before a key existed stands for the runs that it stood for then.
func TestYoungerFieldsAreFrozen(t *testing.T) {
	spec := mustResolve(t, map[string]any{"benchmark": "mini-twitter2015", "model": "mmib", "preset": "official", "seed": 3})
	text, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Fields {
		group, name, nested := strings.Cut(f.Key, ".")
		var tree map[string]any
		if err := json.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		if nested {
			delete(tree[group].(map[string]any), name)
		} else {
			delete(tree, group)
		}
		older, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		want := spec
		f.of(&want).Set(reflect.ValueOf(f.Frozen))
		var got Spec
		if err := json.Unmarshal(older, &got); err != nil || got != want {
			t.Errorf("without %s: %+v, %v, want %+v", f.Key, got, err, want)
		}
	}
	var got Spec
	if err := json.Unmarshal([]byte(`{"seed": "three"}`), &got); err == nil {
		t.Errorf("a word as seed is read as %+v", got)
	}
}

func TestGoldenIDs(t *testing.T) {
	blob, err := os.ReadFile("testdata/ids.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Spec     map[string]any `json:"spec"`
		Inputs   Inputs         `json:"inputs"`
		Revision [2]int         `json:"revision"`
		ID       string         `json:"id"`
		Arm      string         `json:"arm"`
	}
	if err := json.Unmarshal(blob, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		s, err := SpecOf(c.Spec)
		if err != nil {
			t.Fatal(err)
		}
		values := s.Canonical()
		if len(values) != len(c.Spec) {
			t.Errorf("canonical values %v, want %v", values, c.Spec)
		}
		if id := identity(values, c.Inputs, c.Revision); id != c.ID {
			t.Errorf("%v: id %s, want %s", c.Spec, id, c.ID)
		}
		delete(values, "seed")
		if arm := identity(values, c.Inputs, c.Revision); arm != c.Arm {
			t.Errorf("%v: arm %s, want %s", c.Spec, arm, c.Arm)
		}
	}
}

func TestNearest(t *testing.T) {
	if got := Nearest("benchmrk", FieldKeys()); got != "benchmark" {
		t.Errorf("Nearest = %q", got)
	}
	for word, want := range map[string]string{"lr": "train.lr", "epohcs": "train.epochs", "tain.lr": "train.lr"} {
		if got := Nearest(word, FieldKeys()); got != want {
			t.Errorf("Nearest(%s) = %q", word, got)
		}
	}
	if got := Nearest("entirely-different", FieldKeys()); got != "" {
		t.Errorf("Nearest of nothing near = %q", got)
	}
}

// Official is what the preset sets, and nothing that only comes near it.
func TestOfficial(t *testing.T) {
	for _, c := range []struct {
		set  map[string]any
		want bool
	}{
		{map[string]any{"preset": "official"}, true},
		{map[string]any{"preset": "official", "train.clip": 1.0}, false},
		{map[string]any{"preset": "official", "align.tau": 5.0}, true}, // both presets agree there
		{map[string]any{}, false},
		{map[string]any{"ib.beta": 1.0}, false},
	} {
		settings := map[string]any{"benchmark": "mini-twitter2017", "model": "mmib"}
		for k, v := range c.set {
			settings[k] = v
		}
		s, err := Resolve(settings)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Official(); got != c.want {
			t.Errorf("%v: %v", c.set, got)
		}
	}
	s, err := Resolve(map[string]any{"benchmark": "mini-twitter2017", "model": "mmib", "preset": "official", "train.select_on": "dev"})
	if err != nil || s.Official() || !s.Official("train.select_on") {
		t.Errorf("official but for the split that it chooses on (%v)", err)
	}
}

func TestDataDigest(t *testing.T) {
	a := Inputs{Data: map[string]string{"train.txt": "aa", "dev.txt": "bb"}}
	same := Inputs{Data: map[string]string{"dev.txt": "bb", "train.txt": "aa"}, Weights: map[string]string{"w": "cc"}}
	other := Inputs{Data: map[string]string{"dev.txt": "aa", "train.txt": "bb"}}
	if a.DataDigest() != same.DataDigest() || a.DataDigest() == other.DataDigest() || len(a.DataDigest()) != 64 {
		t.Errorf("%s %s %s", a.DataDigest(), same.DataDigest(), other.DataDigest())
	}
	if none := (&Inputs{}).DataDigest(); none != "" {
		t.Errorf("no files have the digest %s", none)
	}
}
