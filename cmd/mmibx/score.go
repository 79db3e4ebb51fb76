package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/scoring"
)

func newScoreCmd(a *app) *cobra.Command {
	rule := string(scoring.Lenient)
	cmd := &cobra.Command{
		Use:   "score GOLD PRED",
		Short: "Score predictions of any program against gold",
		Long: `Score predictions of any program against gold: entity spans (precision, recall
and F1 by seqeval's rules) or relations (without None).

Either file may be CoNLL (token, TAB, tag; blank lines between tweets), MNRE
(Python literals) or JSON lines such as {"id":"test:0","tags":["O","B-PER"]} or
{"id":"test:0","relation":"/per/per/peer"}. CoNLL and MNRE are matched by
position, JSON lines by id. A tag "" is a word that the system never saw: it
leaves gold too, and is counted.`,
		Example: "  mmibx score data/twitter2017/test.txt predictions.jsonl\n  mmibx score gold.txt pred.txt --rule strict --json",
		Args:    usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(scoring.Rules, scoring.Rule(rule)) {
				return &mmibx.InputError{Key: "--rule", Found: rule, Expected: ruleNames()}
			}
			report, err := scoreFiles(args[0], args[1], scoring.Rule(rule))
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), report)
			}
			return printReport(cmd.OutOrStdout(), report)
		},
	}
	cmd.Flags().StringVar(&rule, "rule", rule, "how tags become spans: "+ruleNames())
	return cmd
}

func ruleNames() string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(scoring.Rules)), ", "), "[]")
}

// scoreFiles scores a file of predictions against one of gold.
func scoreFiles(goldPath, predPath string, rule scoring.Rule) (scoring.Report, error) {
	predicted, err := readScored(predPath, mmibx.Test)
	if err != nil {
		return scoring.Report{}, err
	}
	split := mmibx.Test
	if len(predicted) > 0 {
		prefix, _, _ := strings.Cut(predicted[0].ID, ":")
		split = mmibx.Split(prefix)
	}
	gold, err := readScored(goldPath, split)
	if err != nil {
		return scoring.Report{}, err
	}
	predictions := make([]mmibx.Prediction, len(predicted))
	for i, e := range predicted {
		predictions[i] = mmibx.Prediction{ID: e.ID, Tags: e.Tags, Relation: e.Relation}
	}
	if len(gold) > 0 && gold[0].Relation != "" {
		return scoring.MRE(gold, predictions)
	}
	return scoring.MNER(gold, predictions, rule)
}

// readScored reads tags or relations from a file in any of the three formats,
// told apart by how the first line begins. The examples of CoNLL and MNRE are
// numbered within split.
func readScored(path string, split mmibx.Split) ([]mmibx.Example, error) {
	head, err := firstBytes(path)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("{'")):
		return datasets.ReadMRE(path, split, nil)
	case !bytes.HasPrefix(head, []byte("{\"")):
		return datasets.ReadMNER(path, split)
	}
	predictions, err := scoring.ReadPredictions(path)
	if err != nil {
		return nil, err
	}
	examples := make([]mmibx.Example, len(predictions))
	for i, p := range predictions {
		examples[i] = mmibx.Example{ID: p.ID, Tags: p.Tags, Relation: p.Relation}
	}
	return examples, nil
}

func firstBytes(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", mmibx.ErrNotFound, err)
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if n == 0 && err != io.EOF {
		return nil, err
	}
	return bytes.TrimLeft(bytes.ReplaceAll(head[:n], []byte("{ "), []byte("{")), " \t\r\n\ufeff"), nil
}

func printReport(w io.Writer, r scoring.Report) error {
	t := newTable(w, "", "PRECISION", "RECALL", "F1", "CORRECT", "PREDICTED", "GOLD")
	line := func(name string, s scoring.Scores) {
		t.row(name, percent(s.Precision), percent(s.Recall), percent(s.F1), s.Correct, s.Predicted, s.Gold)
	}
	name := "all"
	if r.Rule != "" {
		name += " (" + string(r.Rule) + ")"
	}
	line(name, r.Scores)
	for _, s := range r.Types {
		line(s.Type, s.Scores)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Rule == "" {
		fmt.Fprintf(w, "accuracy %s of %d pairs, None included\n", percent(r.Accuracy), r.Examples)
	}
	if r.Dropped.Words > 0 {
		fmt.Fprintf(w, "%d words were never seen and left out of gold, with parts of %d of its spans\n", r.Dropped.Words, r.Dropped.Spans)
	}
	return nil
}

func percent(v float64) string { return fmt.Sprintf("%.2f", v) }
