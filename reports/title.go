package reports

import (
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// settingTitles are the names of settings in figures and tables; others keep
// their keys.
var settingTitles = map[string]string{
	"ib.beta_text": "text β", "ib.beta_image": "image β", "ib.size": "size",
	"align.tau": "τ", "align.weight": "alignment", "align.estimator": "estimator", "align.learn_tau": "learned τ",
	"evidence.kind": "evidence", "evidence.pictures": "pictures", "evidence.shuffle_share": "share",
	"model.fusion": "fusion", "ib.train_latent": "latent in training",
	"encoder.name": "encoder", "encoder.width": "encoder width", "encoder.layers": "encoder layers", "train.epochs": "epochs", "train.precision": "precision", "train.lr": "lr", "train.head_lr": "head lr", "train.batch": "batch", "model.dropout": "dropout",
}

// ArmTitle names an arm as figures and tables print it: the model's title, then
// what is unusual about it, as in "MMIB, image β = 0.1". Keys in without are
// taken as usual; equal weights of both bottlenecks read "β = 0.1", a switch that
// is on has its name alone, and pictures are "shuffled pictures", of a share if
// not of all tweets.
func ArmTitle(s mmibx.Spec, without ...string) string {
	label := armLabel(s, without...)
	name, rest, _ := strings.Cut(label, " ")
	title := name
	if m, ok := mmibx.LookupModel(name); ok {
		title = m.Title
	}
	var names, values []string
	for part := range strings.FieldsSeq(rest) {
		key, value, _ := strings.Cut(part, "=")
		if known, ok := settingTitles[key]; ok {
			key = known
		}
		names, values = append(names, key), append(values, value)
	}
	text, image := slices.Index(names, "text β"), slices.Index(names, "image β")
	if text >= 0 && image >= 0 && values[text] == values[image] {
		names[image] = "β"
		names, values = slices.Delete(names, text, text+1), slices.Delete(values, text, text+1)
	}
	for i := range names {
		switch {
		case names[i] == "preset":
			title += ", " + values[i]
		case values[i] == "true":
			title += ", " + names[i]
		case names[i] == "pictures":
			title += ", " + values[i] + " pictures"
		default:
			title += ", " + names[i] + " = " + values[i]
		}
	}
	return title
}

// armLabel is Spec.Label with some keys put back to the preset's value. Specs of
// one method on several benchmarks share it, though their presets differ.
func armLabel(s mmibx.Spec, without ...string) string {
	if len(without) > 0 {
		base, err := mmibx.Resolve(map[string]any{"benchmark": s.Benchmark, "model.name": s.Model.Name, "encoder.name": s.Encoder.Name})
		if err == nil {
			for _, key := range without {
				if v, ok := base.Get(key); ok {
					_ = s.Set(key, v) // a value of the preset is in range
				}
			}
		}
	}
	return s.Label()
}
