package mmibx

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Resolve turns settings (key to value, as a sweep file or a command line gives
// them) into a whole spec. What is not set comes from the preset (`preset` =
// "default" or "official"), which may depend on benchmark, task and encoder.
//
// Two keys stand for others: `preset`, and `ib.beta`, which sets ib.beta_text
// and ib.beta_image alike. Errors are *InputError without file and line.
func Resolve(settings map[string]any) (Spec, error) {
	set := make(map[string]any, len(settings))
	for k, v := range settings {
		if full, ok := keyAliases[k]; ok {
			k = full
		}
		set[k] = v
	}
	if beta, ok := set["ib.beta"]; ok {
		delete(set, "ib.beta")
		set["ib.beta_text"], set["ib.beta_image"] = beta, beta
	}
	preset := "default"
	if p, ok := set["preset"]; ok {
		preset = fmt.Sprint(p)
		delete(set, "preset")
	}

	s := frozenSpec()
	first := []string{"benchmark", "model.name", "encoder.name"} // presets depend on these
	if err := s.setAll(set, first); err != nil {
		return Spec{}, err
	}
	b, ok := LookupBenchmark(s.Benchmark)
	if !ok {
		return Spec{}, unknownName("benchmark", s.Benchmark, BenchmarkNames())
	}
	m, ok := LookupModel(s.Model.Name)
	if !ok {
		return Spec{}, unknownName("model.name", s.Model.Name, ModelNames())
	}
	if !slices.Contains(m.Tasks, b.Task) {
		return Spec{}, &InputError{Key: "model.name", Found: m.Name, Expected: fmt.Sprintf("a model for %s, the task of %s: %s", b.Task, b.Name, strings.Join(modelsFor(b.Task), ", "))}
	}
	_, encoderSet := set["encoder.name"]
	values, err := presetValues(preset, b, m, s.Encoder.Name, encoderSet)
	if err != nil {
		return Spec{}, err
	}
	for k, v := range values {
		if err := s.Set(k, v); err != nil {
			return Spec{}, fmt.Errorf("preset %s: %w", preset, err)
		}
	}
	if err := s.setAll(set, slices.Sorted(maps.Keys(set))); err != nil {
		return Spec{}, err
	}
	s.forgetUnread()
	return s, s.check(preset)
}

// forgetUnread sets the fields that the model does not read to their frozen
// defaults: what is no part of a run's identity may not reach its worker, nor
// the digests of what it reads. So a text-only run is the same run in a grid
// over kinds of evidence, and reads no evidence there.
func (s *Spec) forgetUnread() {
	for _, f := range Fields {
		if !f.readBy(s) {
			f.of(s).Set(reflect.ValueOf(f.Frozen))
		}
	}
}

func (s *Spec) setAll(settings map[string]any, keys []string) error {
	for _, k := range keys {
		if v, ok := settings[k]; ok {
			if err := s.Set(k, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// check refuses specs whose values contradict each other or their preset.
func (s *Spec) check(preset string) error {
	if m, _ := LookupModel(s.Model.Name); m.reads("evidence") {
		if err := s.Evidence.check(m.Name, s.Benchmark); err != nil {
			return err
		}
	}
	if s.Train.SelectOn == "test" && (preset != "official" || s.TaskOf() != MNER) {
		return &InputError{Key: "train.select_on", Found: "test", Expected: "dev",
			Cure: `test is sealed; only preset = "official" of MNER chooses on it, as the released code does`}
	}
	return nil
}

func (e EvidenceSpec) check(model, benchmark string) error {
	switch {
	case e.Kind == "none":
		return &InputError{Key: "evidence.kind", Found: "none", Expected: "evidence for the model " + model,
			Cure: "use evidence.pictures = \"blank\" for a model that gets no picture, or the model text"}
	case e.Kind == "pixels" && e.Encoder == "":
		return &InputError{Key: "evidence.encoder", Found: "nothing", Expected: "one of " + strings.Join(pictureEncoders(), ", ")}
	case e.Kind == "features" && e.Features == "":
		return &InputError{Key: "evidence.features", Found: "nothing", Expected: "the NAME of features/NAME.safetensors in the folder of " + benchmark}
	}
	return nil
}

// Official says whether the spec agrees with the preset official wherever that
// differs from default, but for the keys that are named.
func (s *Spec) Official(but ...string) bool {
	settings := map[string]any{"benchmark": s.Benchmark, "model.name": s.Model.Name, "encoder.name": s.Encoder.Name}
	usual, err := Resolve(settings)
	if err != nil {
		return false
	}
	settings["preset"] = "official"
	official, err := Resolve(settings)
	if err != nil {
		return false
	}
	agrees := false
	for _, f := range Fields {
		want := f.value(&official)
		if want == f.value(&usual) || slices.Contains(but, f.Key) {
			continue
		}
		if agrees = f.value(s) == want; !agrees {
			return false
		}
	}
	return agrees
}

func unknownName(key, found string, names []string) error {
	cure := ""
	if near := Nearest(found, names); near != "" {
		cure = fmt.Sprintf("did you mean %s?", near)
	}
	return &InputError{Key: key, Found: fmt.Sprintf("%q", found), Expected: "one of " + strings.Join(names, ", "), Cure: cure}
}

// presetValues is the table of presets in docs/reference/presets.md.
func presetValues(preset string, b Benchmark, m Model, encoder string, encoderSet bool) (map[string]any, error) {
	v := map[string]any{}
	if m.reads("evidence") {
		v["evidence.kind"] = b.Evidence[0]
		v["evidence.encoder"] = PictureEncoders[0]
	}
	if !encoderSet && !b.Miniature {
		encoder = "minilm"
		v["encoder.name"] = encoder
	}
	switch preset {
	case "default":
		if b.Task == MRE && !b.Miniature {
			v["train.epochs"] = 3
		}
	case "official":
		officialValues(v, b.Task)
	default:
		return nil, unknownName("preset", preset, []string{"default", "official"})
	}
	if b.Miniature {
		miniatureValues(v, preset, b.Task)
	}
	return v, nil
}

// miniatureValues fits a preset to the small encoder and the short tweets of the
// miniature benchmarks.
func miniatureValues(v map[string]any, preset string, task Task) {
	maps.Copy(v, map[string]any{
		"train.epochs": 5, "train.batch": 32, "train.lr": 5e-3, "train.head_lr": 5e-3, "train.max_length": 64,
	})
	if task == MRE {
		v["train.epochs"] = 7 // one label a tweet: it takes more of them
	}
	if preset == "official" {
		v["train.pad_to"] = 64
	} else {
		v["ib.size"] = 8
		v["align.weight"] = 0.3 // few steps: a stronger pull than on real data
		v["umgf.dropout"] = 0.0 // a narrow graph: .4 leaves little of a picture
	}
}

// officialValues reproduces the released code (github cuishiyao96/MMIB, commit
// 89be362) and its README's commands.
func officialValues(v map[string]any, task Task) {
	maps.Copy(v, map[string]any{
		"model.key_mask": false, "model.tags": "official",
		"ib.kl_positions": "all", "ib.kl_reduction": "mean", "ib.size": 0,
		"ib.beta_text": 1.0, "ib.beta_image": 1.0,
		"align.weight": 1.0, "align.estimator": "bce-concat", "align.width": 0,
		"train.epochs": 30, "train.batch": 8, "train.lr": 3e-5, "train.head_lr": 0.0,
		"train.warmup": 0.03, "train.clip": 0.0, "train.max_length": 128, "train.pad_to": 128,
		"train.select_on": "test", "train.decay": "released",
	})
	if task == MRE {
		maps.Copy(v, map[string]any{
			"train.select_on": "dev", "ib.eval_latent": "sample", "train.task_reduction": "sum", "model.markers": "released",
			"train.max_length": 80, "train.pad_to": 80,
		})
	}
}
