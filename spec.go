package mmibx

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Spec is everything that decides a run. Each field has a dotted key (its JSON
// names joined), a row in Fields and a resolved value: nothing is left to a
// default at run time.
type Spec struct {
	Benchmark   string          `json:"benchmark"`
	Seed        int             `json:"seed"`
	Model       ModelSpec       `json:"model"`
	Encoder     EncoderSpec     `json:"encoder"`
	Evidence    EvidenceSpec    `json:"evidence"`
	IB          IBSpec          `json:"ib"`
	Align       AlignSpec       `json:"align"`
	CoAttention CoAttentionSpec `json:"coattention"`
	UMT         UMTSpec         `json:"umt"`
	UMGF        UMGFSpec        `json:"umgf"`
	HVPNeT      HVPNeTSpec      `json:"hvpnet"`
	MEGA        MEGASpec        `json:"mega"`
	Train       TrainSpec       `json:"train"`
}

// ModelSpec chooses the network.
type ModelSpec struct {
	Name    string  `json:"name"`
	KeyMask bool    `json:"key_mask"` // false: padded keys are attended to and padded query rows are uniform, as released
	Tags    string  `json:"tags"`     // "bio": 9 tags on first pieces; "official": 13 tags on every piece
	Markers string  `json:"markers"`  // of MRE: "whole", or "released": none closes at the end of the tweet
	Dropout float64 `json:"dropout"`
	Fusion  string  `json:"fusion"` // cross-modal attention, or concat
}

// EncoderSpec chooses what turns words into vectors.
type EncoderSpec struct {
	Name   string `json:"name"`   // "small" (from scratch, words as pieces) or the name of a set of weights
	Width  int    `json:"width"`  // of the small encoder
	Layers int    `json:"layers"` // of the small encoder
}

// EvidenceSpec chooses what stands for the picture.
type EvidenceSpec struct {
	Kind         string  `json:"kind"`          // grid, captions, pixels, features or none
	Captioner    string  `json:"captioner"`     // who wrote the captions
	Encoder      string  `json:"encoder"`       // frozen encoder of pixels
	Features     string  `json:"features"`      // name of the feature file
	Pictures     string  `json:"pictures"`      // own, shuffled within the split, or blank
	ShuffleShare float64 `json:"shuffle_share"` // of the examples whose picture is shuffled
}

// IBSpec holds the bottleneck: the refinement regularizer L_rr of the paper.
type IBSpec struct {
	BetaText    float64 `json:"beta_text"`    // weight of the text's KL (beta2 of the released code)
	BetaImage   float64 `json:"beta_image"`   // weight of the picture's KL (beta3)
	Warmup      float64 `json:"warmup"`       // share of the steps over which both betas rise from 0
	Size        int     `json:"size"`         // width d_z of the latents; 0: as released, no projection
	TrainLatent string  `json:"train_latent"` // sample or mean
	EvalLatent  string  `json:"eval_latent"`  // mean or sample
	KLPositions string  `json:"kl_positions"` // real or all, padding included
	KLReduction string  `json:"kl_reduction"` // sum over dimensions (nats) or their mean
}

// AlignSpec holds the alignment regularizer L_ar of the paper.
type AlignSpec struct {
	Weight     float64 `json:"weight"`     // beta1 of the released code
	Estimator  string  `json:"estimator"`  // infonce, bce-concat or bce-bilinear
	Tau        float64 `json:"tau"`        // temperature of infonce
	LearnTau   bool    `json:"learn_tau"`  // learn log tau, from Tau on
	Width      int     `json:"width"`      // scores per pair of bce-concat; 0: as many as the latent is wide, as released
	Pooling    string  `json:"pooling"`    // first position, mean or sum of the real ones
	Projection int     `json:"projection"` // width that infonce compares in; 0: the latents' own
	Negatives  int     `json:"negatives"`  // rolls along the batch, for bce
}

// CoAttentionSpec holds the knob of the rival coattention.
type CoAttentionSpec struct {
	Heads int `json:"heads"` // of both attentions
}

// UMTSpec holds the knob of the rival umt.
type UMTSpec struct {
	AuxWeight float64 `json:"aux_weight"` // weight of the span tagger's loss
}

// UMGFSpec holds the knob of the rival umgf.
type UMGFSpec struct {
	Dropout float64 `json:"dropout"` // inside the graph
}

// HVPNeTSpec holds the sizes of the rival hvpnet that its paper chose.
type HVPNeTSpec struct {
	Rows   int `json:"rows"`   // rows of evidence that become prefixes
	Hidden int `json:"hidden"` // width inside the map from evidence to prefixes
}

// MEGASpec holds the knob of the rival mega.
type MEGASpec struct {
	Dropout float64 `json:"dropout"` // before the classifier
}

// TrainSpec holds the optimisation.
type TrainSpec struct {
	Epochs        int     `json:"epochs"`
	Batch         int     `json:"batch"`
	LR            float64 `json:"lr"`      // of a pretrained encoder, and of all else where head_lr is 0
	HeadLR        float64 `json:"head_lr"` // of what starts from scratch; 0: as lr
	Warmup        float64 `json:"warmup"`  // share of the steps
	WeightDecay   float64 `json:"weight_decay"`
	Decay         string  `json:"decay"`          // "matrices", or "released": what the released code's optimisers decay
	Clip          float64 `json:"clip"`           // global norm; 0: none
	Patience      int     `json:"patience"`       // epochs without a better dev score; 0: never stop early
	SelectOn      string  `json:"select_on"`      // dev, or test as the released MNER code does
	TaskReduction string  `json:"task_reduction"` // mean or sum over the batch
	MaxLength     int     `json:"max_length"`     // pieces
	PadTo         int     `json:"pad_to"`         // 0: the longest of the batch
	Precision     string  `json:"precision"`      // float32 or bfloat16
}

// SpecOf makes a spec of stored values, as Spec.Values gave them. A key that they
// lack, because it is younger than they are, has its frozen default: what the run
// was done with.
func SpecOf(values map[string]any) (Spec, error) {
	s := frozenSpec()
	for key, value := range values {
		if err := s.Set(key, value); err != nil {
			return Spec{}, fmt.Errorf("%w: %w", ErrBadSpec, err)
		}
	}
	return s, nil
}

// UnmarshalJSON reads a spec as it stands in plans and jobs. A field that it lacks,
// because it is younger than they are, has its frozen default.
func (s *Spec) UnmarshalJSON(text []byte) error {
	type fields Spec // without this method
	full := fields(frozenSpec())
	if err := json.Unmarshal(text, &full); err != nil {
		return err
	}
	*s = Spec(full)
	return nil
}

// frozenSpec has every field at its frozen default.
func frozenSpec() Spec {
	var s Spec
	for _, f := range Fields {
		f.of(&s).Set(reflect.ValueOf(f.Frozen))
	}
	return s
}

// TaskOf returns the task of the spec's benchmark, "" when it is not known.
func (s *Spec) TaskOf() Task {
	b, _ := LookupBenchmark(s.Benchmark)
	return b.Task
}

// Inputs are the digests of what a run reads, by name.
type Inputs struct {
	Data    map[string]string `json:"data,omitempty"`    // SHA-256 of each file of the benchmark and its evidence
	Weights map[string]string `json:"weights,omitempty"` // SHA-256 of each file of pretrained weights
}

// DataDigest is one digest for the files of the benchmark together, in hex: the
// version of the data that a run read.
func (in *Inputs) DataDigest() string {
	if len(in.Data) == 0 {
		return ""
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(in.Data)) {
		fmt.Fprintf(h, "%s %s\n", in.Data[name], name)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Canonical returns the spec's values by key, without the fields at their
// frozen default and without those that the model does not read. Two specs
// that decide the same run have the same canonical values.
func (s *Spec) Canonical() map[string]any {
	values := map[string]any{}
	for _, f := range Fields {
		if v := f.value(s); v != f.Frozen && f.readBy(s) {
			values[f.Key] = v
		}
	}
	return values
}

// ID names a run: the first 12 hex digits of SHA-256 over the canonical JSON of
// the spec, what it reads, and the revisions of its model and its task.
func (s *Spec) ID(in Inputs) string { return identity(s.Canonical(), in, s.revision()) }

// Arm names the runs that are equal but for the seed, in the way of ID.
func (s *Spec) Arm(in Inputs) string {
	values := s.Canonical()
	delete(values, "seed")
	return identity(values, in, s.revision())
}

// revision is that of the spec's model, then that of its task.
func (s *Spec) revision() [2]int {
	m, _ := LookupModel(s.Model.Name)
	return [2]int{m.Revision, taskRevisions[s.TaskOf()]}
}

func identity(values map[string]any, in Inputs, revision [2]int) string {
	blob, err := json.Marshal(struct {
		Spec     map[string]any `json:"spec"`
		Inputs   Inputs         `json:"inputs"`
		Revision [2]int         `json:"revision"`
	}{values, in, revision})
	if err != nil {
		panic(err) // strings, numbers and booleans always marshal; Set refuses NaN and infinities
	}
	sum := sha256.Sum256(blob)
	return hex.EncodeToString(sum[:])[:12]
}

// Get returns the value of a key, as bool, int, float64 or string.
func (s *Spec) Get(key string) (any, bool) {
	f, ok := LookupField(key)
	if !ok {
		return nil, false
	}
	return f.value(s), true
}

// Values returns every key with its value.
func (s *Spec) Values() map[string]any {
	values := make(map[string]any, len(Fields))
	for _, f := range Fields {
		values[f.Key] = f.value(s)
	}
	return values
}

// Set changes one field. It accepts what TOML, JSON and a command line give for
// it (an integer for a float, digits in a string) and refuses what is out of
// range. The error is an *InputError without file and line.
func (s *Spec) Set(key string, value any) error {
	f, ok := LookupField(key)
	if !ok {
		cure := "`mmibx fields` lists the keys"
		if near := Nearest(key, FieldKeys()); near != "" {
			cure = fmt.Sprintf("did you mean %s?", near)
		}
		return &InputError{Key: key, Found: "an unknown key", Expected: "a field of the spec", Cure: cure}
	}
	v, err := f.parse(value)
	if err != nil {
		return err
	}
	f.of(s).Set(reflect.ValueOf(v))
	return nil
}

// Unread lists those of the given keys that the spec's model, evidence or
// estimator does not read: setting them would change nothing but the look of
// the spec.
func (s *Spec) Unread(keys []string) []string {
	var unread []string
	for _, k := range keys {
		if f, ok := LookupField(k); ok && !f.readBy(s) {
			unread = append(unread, f.Key)
		}
	}
	return unread
}

// Label is a short name of the spec for people: the model and those canonical
// values that differ from the preset default for its benchmark, or, of a benchmark
// that is not known here, from the frozen defaults: two arms never share it. Near the
// released code's setting it says preset=official, and what differs from that.
func (s *Spec) Label() string {
	base, err := Resolve(map[string]any{"benchmark": s.Benchmark, "model.name": s.Model.Name, "encoder.name": s.Encoder.Name})
	if err != nil {
		if _, known := LookupModel(s.Model.Name); !known {
			return s.Model.Name // of another program
		}
		base = frozenSpec()
		base.Model.Name, base.Encoder.Name = s.Model.Name, s.Encoder.Name
	}
	parts := s.unlike(&base)
	if len(parts) > 3 { // else that preset, which is unlike in more, is not nearer
		official, err := Resolve(map[string]any{"benchmark": s.Benchmark, "model.name": s.Model.Name, "encoder.name": s.Encoder.Name, "preset": "official"})
		if err == nil {
			if nearer := s.unlike(&official); len(nearer)+1 < len(parts) {
				parts = append([]string{"preset=official"}, nearer...)
			}
		}
	}
	return strings.Join(append([]string{s.Model.Name}, parts...), " ")
}

// unlike lists the keys, benchmark and seed apart, whose values are not those of another
// spec of the same model, each with the own one.
func (s *Spec) unlike(base *Spec) []string {
	usual, own := base.Canonical(), s.Canonical()
	keys := maps.Clone(usual)
	maps.Copy(keys, own)
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		v, said := own[k]
		if !said { // at its frozen default, where the preset's is another
			f, _ := LookupField(k)
			if !f.readBy(s) {
				continue
			}
			v = f.value(s)
		}
		if k != "seed" && k != "benchmark" && usual[k] != v {
			parts = append(parts, fmt.Sprintf("%s=%v", k, v))
		}
	}
	return parts
}
