package scoring

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/mmibx/mmibx"
)

// MNER scores predictions against the examples of a split, by id.
func MNER(examples []mmibx.Example, predictions []mmibx.Prediction, rule Rule) (Report, error) {
	gold, pred, err := alignedTags(examples, predictions)
	if err != nil {
		return Report{}, err
	}
	return Entities(gold, pred, rule), nil
}

// alignedTags are the tags of a split and those predicted, in its order.
func alignedTags(examples []mmibx.Example, predictions []mmibx.Prediction) (gold, pred [][]string, err error) {
	byID, err := match(examples, predictions)
	if err != nil {
		return nil, nil, err
	}
	gold, pred = make([][]string, len(examples)), make([][]string, len(examples))
	for i, e := range examples {
		p := byID[e.ID]
		if len(p.Tags) != len(e.Tags) {
			return nil, nil, &mmibx.InputError{Key: e.ID, Found: fmt.Sprintf("%d tags", len(p.Tags)), Expected: fmt.Sprintf("%d, one per word", len(e.Tags))}
		}
		gold[i], pred[i] = e.Tags, p.Tags
	}
	return gold, pred, nil
}

// MRE scores predictions against the examples of a split, by id.
func MRE(examples []mmibx.Example, predictions []mmibx.Prediction) (Report, error) {
	gold, pred, err := alignedRelations(examples, predictions)
	if err != nil {
		return Report{}, err
	}
	return Relations(gold, pred), nil
}

// alignedRelations are the relations of a split and those predicted, in its order.
func alignedRelations(examples []mmibx.Example, predictions []mmibx.Prediction) (gold, pred []string, err error) {
	byID, err := match(examples, predictions)
	if err != nil {
		return nil, nil, err
	}
	gold, pred = make([]string, len(examples)), make([]string, len(examples))
	for i, e := range examples {
		p := byID[e.ID]
		if p.Relation == "" {
			return nil, nil, &mmibx.InputError{Key: e.ID, Found: "no relation", Expected: "one, which may be " + mmibx.NoRelation}
		}
		gold[i], pred[i] = e.Relation, p.Relation
	}
	return gold, pred, nil
}

// DevMetrics are the metrics that are logged of predictions on dev, mmibx.DevF1
// first, and the report that they are of.
func DevMetrics(task mmibx.Task, examples []mmibx.Example, predictions []mmibx.Prediction) ([]mmibx.Metric, Report, error) {
	if task == mmibx.MRE {
		r, err := MRE(examples, predictions)
		return devMetrics(r), r, err
	}
	r, err := MNER(examples, predictions, Lenient)
	if err != nil {
		return nil, r, err
	}
	strict, err := MNER(examples, predictions, Strict)
	return append(devMetrics(r), mmibx.Metric{Name: mmibx.DevF1Strict, Value: strict.F1}), r, err
}

func devMetrics(r Report) []mmibx.Metric {
	metrics := []mmibx.Metric{
		{Name: mmibx.DevF1, Value: r.F1}, {Name: mmibx.DevPrecision, Value: r.Precision}, {Name: mmibx.DevRecall, Value: r.Recall},
	}
	for _, t := range r.Types {
		metrics = append(metrics, mmibx.Metric{Name: mmibx.DevF1 + "." + t.Type, Value: t.F1})
	}
	return metrics
}

// PerExample counts each example of a split on its own, in the order of the
// split, as tests on predictions swap and draw them; the counts add up to those of
// MNER or MRE. Concatenated spans run from one sentence into the next and cannot
// be told apart by sentence: ErrUsage.
func PerExample(task mmibx.Task, examples []mmibx.Example, predictions []mmibx.Prediction, rule Rule) ([]Counts, error) {
	if rule == Concatenated {
		return nil, fmt.Errorf("%w: spans by the rule %q belong to no sentence; take %s or %s", mmibx.ErrUsage, rule, Lenient, Strict)
	}
	counts := make([]Counts, len(examples))
	if task == mmibx.MRE {
		gold, pred, err := alignedRelations(examples, predictions)
		if err != nil {
			return nil, err
		}
		for i := range counts {
			counts[i] = Relations(gold[i:i+1], pred[i:i+1]).Counts
		}
		return counts, nil
	}
	gold, pred, err := alignedTags(examples, predictions)
	if err != nil {
		return nil, err
	}
	for i := range counts {
		counts[i] = Entities(gold[i:i+1], pred[i:i+1], rule).Counts
	}
	return counts, nil
}

// match finds a prediction for each example and refuses any other.
func match(examples []mmibx.Example, predictions []mmibx.Prediction) (map[string]mmibx.Prediction, error) {
	byID := make(map[string]mmibx.Prediction, len(predictions))
	for _, p := range predictions {
		if _, twice := byID[p.ID]; twice {
			return nil, &mmibx.InputError{Key: p.ID, Found: "two predictions", Expected: "one per example"}
		}
		byID[p.ID] = p
	}
	for _, e := range examples {
		if _, ok := byID[e.ID]; !ok {
			return nil, &mmibx.InputError{
				Key: e.ID, Found: "no prediction", Expected: "one per example",
				Cure: "predict the whole split; ids are the split, a colon and the position from 0",
			}
		}
	}
	if len(byID) != len(examples) {
		return nil, &mmibx.InputError{Found: fmt.Sprintf("%d predictions", len(byID)), Expected: fmt.Sprintf("%d, one per example of gold", len(examples))}
	}
	return byID, nil
}

// maxLine bounds a line of a predictions file, in bytes.
const maxLine = 16 << 20

// ReadPredictions reads a file of JSON lines, one mmibx.Prediction each; blank
// lines are passed over, unknown keys too, so that other programs may add
// their own.
func ReadPredictions(path string) ([]mmibx.Prediction, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var predictions []mmibx.Prediction
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var p mmibx.Prediction
		if err := json.Unmarshal(line, &p); err != nil {
			return nil, &mmibx.InputError{
				File: path, Line: n, Found: excerpt(line) + " (" + jsonFault(err) + ")",
				Expected: `a JSON object such as {"id":"test:0","tags":["O","B-PER"]}`,
			}
		}
		if p.ID == "" {
			return nil, &mmibx.InputError{File: path, Line: n, Key: "id", Found: "nothing", Expected: `the example's id, such as "test:0"`}
		}
		predictions = append(predictions, p)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return predictions, nil
}

func jsonFault(err error) string {
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s is a %s", mistyped.Field, mistyped.Value)
	}
	return err.Error()
}

// excerpt quotes the beginning of a line.
func excerpt(line []byte) string {
	if len(line) > 40 {
		return strconv.Quote(string(line[:40])) + "..."
	}
	return strconv.Quote(string(line))
}

// WritePredictions writes one JSON object per line.
func WritePredictions(w io.Writer, predictions []mmibx.Prediction) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, p := range predictions {
		if err := enc.Encode(p); err != nil {
			return err
		}
	}
	return out.Flush()
}
