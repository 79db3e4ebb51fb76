package mmibx

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Field describes one key of the spec.
type Field struct {
	Key string
	// Frozen is the value that canonical JSON omits. It never changes once
	// released, or every run id would; presets move instead.
	Frozen   any
	Min, Max float64  // of numbers
	Choices  []string // of strings, nil: any
	Doc      string
	// when says whether a model that reads the field's group reads the field
	// itself, given the rest of the spec; nil: always.
	when func(*Spec) bool
	// named: read only by the models that register the key itself.
	named bool
	index []int
}

// PictureEncoders names the frozen encoders of evidence.kind pixels, the usual
// one first. A test in model holds the list against the code.
var PictureEncoders = []string{"efficientnet-lite0", "resnet50"}

// SmallPictureEncoder is the encoder of pixels that starts from scratch and is
// trained with the network.
const SmallPictureEncoder = "small"

func pictureEncoders() []string { return append(slices.Clone(PictureEncoders), SmallPictureEncoder) }

// Fields lists every key of the spec in reading order.
var Fields = index([]Field{
	{Key: "benchmark", Frozen: "", Doc: "the data, one of `mmibx data list`"},
	{Key: "seed", Frozen: 0, Min: 0, Max: math.MaxInt32, Doc: "decides starting weights, data order, dropout and noise; an axis of its own"},

	{Key: "model.name", Frozen: "", Doc: "the network"},
	{Key: "model.key_mask", Frozen: true, Doc: "attention leaves out padded keys (the released code attends to them)", named: true},
	{Key: "model.tags", Frozen: "bio", Choices: []string{"bio", "official"}, Doc: "9 tags on first pieces, or the released code's 13 on every piece", when: forTask(MNER)},
	{Key: "model.markers", Frozen: "whole", Choices: []string{"whole", "released"}, Doc: "all four markers of the two entities, or as the released code writes them: none closes at the end of the tweet", when: forTask(MRE)},
	{Key: "model.dropout", Frozen: 0.1, Max: 0.9, Doc: "share of activations dropped in training"},

	{Key: "model.fusion", Frozen: "cross", Choices: []string{"cross", "concat"}, Doc: "cross-modal attention as published, or the mean latent of the picture beside every word's, projected", named: true},

	{Key: "encoder.name", Frozen: "small", Doc: "`small` (from scratch) or the name of pretrained weights"},
	{Key: "encoder.width", Frozen: 32, Min: 8, Max: 1024, Doc: "width of the small encoder", when: smallEncoder},
	{Key: "encoder.layers", Frozen: 1, Min: 0, Max: 24, Doc: "layers of the small encoder", when: smallEncoder},

	{Key: "evidence.kind", Frozen: "none", Choices: []string{"none", "grid", "captions", "pixels", "features"}, Doc: "what stands for the picture"},
	{Key: "evidence.captioner", Frozen: "", Doc: "who wrote the captions; empty: BLIP-2 for Twitter, LLaVA-NeXT for MNRE, the first of a benchmark of your own", when: func(s *Spec) bool { return s.Evidence.Kind == "captions" }},
	{Key: "evidence.encoder", Frozen: "", Choices: append([]string{""}, pictureEncoders()...), Doc: "picture encoder of pixels: frozen, or `small`, trained with the network", when: func(s *Spec) bool { return s.Evidence.Kind == "pixels" }},
	{Key: "evidence.features", Frozen: "", Doc: "NAME of the feature file features/NAME.safetensors in the benchmark's folder", when: func(s *Spec) bool { return s.Evidence.Kind == "features" }},
	{Key: "evidence.pictures", Frozen: "own", Choices: []string{"own", "shuffled", "blank"}, Doc: "the example's own picture, another's of the split, or none", when: hasEvidence},
	{Key: "evidence.shuffle_share", Frozen: 1.0, Max: 1, Doc: "share of the examples whose picture is another's", when: func(s *Spec) bool { return hasEvidence(s) && s.Evidence.Pictures == "shuffled" }},

	{Key: "ib.beta_text", Frozen: 1e-3, Max: 1e6, Doc: "weight of the text's KL"},
	{Key: "ib.beta_image", Frozen: 1e-3, Max: 1e6, Doc: "weight of the picture's KL"},
	{Key: "ib.warmup", Frozen: 0.0, Max: 1, Doc: "share of the steps over which both betas rise linearly from 0; 0: constant", when: compressed},
	{Key: "ib.size", Frozen: 64, Max: 768, Doc: "width of the latents; 0: the encoder's, without a projection, as released"},
	{Key: "ib.train_latent", Frozen: "sample", Choices: []string{"sample", "mean"}, Doc: "latent used in training; mean leaves the noise out and keeps both KL terms"},
	{Key: "ib.eval_latent", Frozen: "mean", Choices: []string{"mean", "sample"}, Doc: "latent used at evaluation"},
	{Key: "ib.kl_positions", Frozen: "real", Choices: []string{"real", "all"}, Doc: "positions whose KL counts"},
	{Key: "ib.kl_reduction", Frozen: "sum", Choices: []string{"sum", "mean"}, Doc: "over latent dimensions: sum is nats per position"},

	{Key: "align.weight", Frozen: 0.1, Max: 1e6, Doc: "weight of the alignment loss; 0: none"},
	{Key: "align.estimator", Frozen: "infonce", Choices: []string{"infonce", "bce-concat", "bce-bilinear"}, Doc: "lower bound of the mutual information of tweet and picture", when: aligned},
	{Key: "align.tau", Frozen: 0.1, Min: 1e-3, Max: 100, Doc: "temperature of infonce", when: infoNCE},
	{Key: "align.learn_tau", Frozen: false, Doc: "learn log tau, starting at align.tau", when: infoNCE},
	{Key: "align.width", Frozen: 1, Max: 768, Doc: "scores per pair; 0: the latent's width, as released", when: func(s *Spec) bool { return aligned(s) && s.Align.Estimator == "bce-concat" }},
	{Key: "align.pooling", Frozen: "first", Choices: []string{"first", "mean", "sum"}, Doc: "what stands for the tweet and for the picture", when: aligned},
	{Key: "align.projection", Frozen: 0, Max: 768, Doc: "width of a linear projection of both before the cosine of infonce; 0: none", when: infoNCE},
	{Key: "align.negatives", Frozen: 1, Min: 1, Max: 64, Doc: "rolls along the batch that serve as negatives", when: func(s *Spec) bool { return aligned(s) && s.Align.Estimator != "infonce" }},

	{Key: "coattention.heads", Frozen: 1, Min: 1, Max: 16, Doc: "heads of both attentions, a divisor of the encoder's width; 1 as published"},
	{Key: "umt.aux_weight", Frozen: 0.5, Max: 10, Doc: "weight of the span tagger's loss, .5 as released"},
	{Key: "umgf.dropout", Frozen: 0.4, Max: 0.9, Doc: "share of activations dropped inside the graph, .4 as released"},
	{Key: "hvpnet.rows", Frozen: 4, Min: 1, Max: 64, Doc: "rows of evidence that become prefixes: the whole picture and, as published, three more"},
	{Key: "hvpnet.hidden", Frozen: 800, Min: 1, Max: 8192, Doc: "width inside the map from evidence to prefixes"},
	{Key: "mega.dropout", Frozen: 0.5, Max: 0.9, Doc: "share of the pair's vector dropped before the classifier, as released"},

	{Key: "train.epochs", Frozen: 6, Min: 1, Max: 1000, Doc: "passes over the training split"},
	{Key: "train.batch", Frozen: 16, Min: 1, Max: 4096, Doc: "examples per step"},
	{Key: "train.lr", Frozen: 1e-4, Max: 1, Doc: "AdamW's rate for a pretrained encoder"},
	{Key: "train.head_lr", Frozen: 1e-3, Max: 1, Doc: "AdamW's rate for all that starts from scratch; 0: as train.lr"},
	{Key: "train.warmup", Frozen: 0.06, Max: 1, Doc: "share of the steps with a rising rate; it falls linearly to 0 after"},
	{Key: "train.weight_decay", Frozen: 0.01, Max: 10, Doc: "decoupled"},
	{Key: "train.decay", Frozen: "matrices", Choices: []string{"matrices", "released"}, Doc: "what weight_decay acts on: matrices is all but biases, LayerNorm and the temperature; released adds the blocks' LayerNorms for MNER and is everything for MRE", when: func(s *Spec) bool { return s.Train.WeightDecay > 0 }},
	{Key: "train.clip", Frozen: 1.0, Max: 1e6, Doc: "largest norm of all gradients together; 0: no clipping"},
	{Key: "train.patience", Frozen: 0, Max: 1000, Doc: "epochs without a better score before stopping; 0: never"},
	{Key: "train.select_on", Frozen: "dev", Choices: []string{"dev", "test"}, Doc: "split that chooses the checkpoint; test only to reproduce the released code, and marked"},
	{Key: "train.task_reduction", Frozen: "mean", Choices: []string{"mean", "sum"}, Doc: "of the task loss over the batch"},
	{Key: "train.max_length", Frozen: 128, Min: 8, Max: 512, Doc: "word-pieces per tweet, the rest is cut off"},
	{Key: "train.pad_to", Frozen: 0, Max: 512, Doc: "word-pieces that every batch is padded to; 0: its longest"},
	{Key: "train.precision", Frozen: "float32", Choices: []string{"float32", "bfloat16"}, Doc: "of the matrix products"},
})

func smallEncoder(s *Spec) bool { return s.Encoder.Name == "small" }
func hasEvidence(s *Spec) bool  { return s.Evidence.Kind != "none" }
func aligned(s *Spec) bool      { return s.Align.Weight > 0 }
func compressed(s *Spec) bool   { return s.IB.BetaText > 0 || s.IB.BetaImage > 0 }
func infoNCE(s *Spec) bool      { return aligned(s) && s.Align.Estimator == "infonce" }
func forTask(t Task) func(*Spec) bool {
	return func(s *Spec) bool { return s.TaskOf() == t }
}

// keyAliases are the short forms that people type.
var keyAliases = map[string]string{"model": "model.name", "encoder": "encoder.name", "evidence": "evidence.kind"}

// LookupField finds a field by key or by its short form ("model" for
// "model.name").
func LookupField(key string) (*Field, bool) {
	if full, ok := keyAliases[key]; ok {
		key = full
	}
	i := slices.IndexFunc(Fields, func(f Field) bool { return f.Key == key })
	if i < 0 {
		return nil, false
	}
	return &Fields[i], true
}

// FieldKeys lists the keys of Fields.
func FieldKeys() []string {
	keys := make([]string, len(Fields))
	for i, f := range Fields {
		keys[i] = f.Key
	}
	return keys
}

// index finds each field's place in Spec, once.
func index(fields []Field) []Field {
	for i := range fields {
		t := reflect.TypeFor[Spec]()
		for part := range strings.SplitSeq(fields[i].Key, ".") {
			f, ok := fieldByJSON(t, part)
			if !ok {
				panic("mmibx: no field of Spec for the key " + fields[i].Key)
			}
			fields[i].index = append(fields[i].index, f.Index...)
			t = f.Type
		}
		if reflect.TypeOf(fields[i].Frozen) != t {
			panic("mmibx: the frozen default of " + fields[i].Key + " has another type than the field")
		}
	}
	return fields
}

func fieldByJSON(t reflect.Type, name string) (reflect.StructField, bool) {
	if t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	return t.FieldByNameFunc(func(n string) bool {
		f, _ := t.FieldByName(n)
		return f.Tag.Get("json") == name
	})
}

func (f *Field) of(s *Spec) reflect.Value { return reflect.ValueOf(s).Elem().FieldByIndex(f.index) }

func (f *Field) value(s *Spec) any { return f.of(s).Interface() }

// readBy says whether a change of the field changes the run. Benchmark, seed,
// model, encoder and train concern every model; the rest only those that
// register the field's group, or the field.
func (f *Field) readBy(s *Spec) bool {
	what, _, grouped := strings.Cut(f.Key, ".")
	if f.named {
		what = f.Key
	}
	if m, ok := LookupModel(s.Model.Name); ok && grouped && !m.reads(what) {
		return false
	}
	return f.when == nil || f.when(s)
}

// parse converts a value to the field's type and checks its range.
func (f *Field) parse(value any) (any, error) {
	switch f.Frozen.(type) {
	case bool:
		if v, ok := value.(bool); ok {
			return v, nil
		}
		if v, err := strconv.ParseBool(fmt.Sprint(value)); err == nil {
			return v, nil
		}
		return nil, f.mismatch(value, "true or false")
	case string:
		v, ok := value.(string)
		if !ok {
			return nil, f.mismatch(value, "a string")
		}
		if f.Choices != nil && !slices.Contains(f.Choices, v) {
			return nil, unknownName(f.Key, v, f.Choices)
		}
		return v, nil
	}
	v, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	if err != nil || math.IsNaN(v) || v < f.Min || v > f.Max {
		return nil, f.mismatch(value, fmt.Sprintf("a number from %g to %g", f.Min, f.Max))
	}
	if _, isInt := f.Frozen.(int); !isInt {
		return v, nil
	}
	if v != math.Trunc(v) {
		return nil, f.mismatch(value, "a whole number")
	}
	return int(v), nil
}

func (f *Field) mismatch(value any, expected string) error {
	return &InputError{Key: f.Key, Found: fmt.Sprintf("%#v", value), Expected: expected}
}
