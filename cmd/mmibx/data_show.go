package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/scoring"
)

// sampleJSON is an example as `mmibx data show --json` prints it.
type sampleJSON struct {
	ID       string            `json:"id"`
	Tokens   []string          `json:"tokens"`
	Tags     []string          `json:"tags,omitempty"`
	Relation string            `json:"relation,omitempty"`
	Head     *mmibx.Span       `json:"head,omitempty"`
	Tail     *mmibx.Span       `json:"tail,omitempty"`
	Picture  string            `json:"picture,omitempty"`
	Captions map[string]string `json:"captions,omitempty"`
}

func newDataShowCmd(a *app) *cobra.Command {
	split, limit, from := string(mmibx.Train), 10, 0
	cmd := &cobra.Command{
		Use:       "show NAME [WORDS]",
		Short:     "Show examples of a benchmark with their labels, pictures and captions",
		Long:      "Show examples of a benchmark with their labels, pictures and captions: those that hold all of WORDS among\ntheir words, labels and id, or all.",
		Example:   "  mmibx data show mini-mnre\n  mmibx data show twitter2017 'B-ORG lakers' --split dev --limit 5\n  mmibx data show mnre dev:17 --split dev --json",
		ValidArgs: mmibx.BenchmarkNames(),
		Args:      usageArgs(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(mmibx.Splits, mmibx.Split(split)) {
				return &mmibx.InputError{Key: "--split", Found: split, Expected: "train, dev or test"}
			}
			if limit < 0 || from < 0 {
				return &mmibx.InputError{Key: "--limit, --from", Found: strconv.Itoa(min(limit, from)), Expected: "0 or more"}
			}
			set, err := datasets.Open(args[0], a.dataDir)
			if err != nil {
				return err
			}
			words := strings.Join(args[1:], " ")
			var found []*mmibx.Example
			for i := range set.Examples[mmibx.Split(split)] {
				if e := &set.Examples[mmibx.Split(split)][i]; holds(e, words) {
					found = append(found, e)
				}
			}
			all := len(found)
			found = found[min(from, all):]
			if limit > 0 {
				found = found[:min(limit, len(found))]
			}
			list, err := a.samplesOf(set, found)
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), list)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d examples of %s %s\n", len(list), all, args[0], split)
			return printSamples(cmd.OutOrStdout(), list)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&split, "split", split, "train, dev or test")
	flags.IntVar(&limit, "limit", limit, "at most so many (0: all)")
	flags.IntVar(&from, "from", from, "leave so many out at the start")
	return cmd
}

func (a *app) samplesOf(set *datasets.Set, found []*mmibx.Example) ([]sampleJSON, error) {
	captions, err := a.captionsOf(set)
	if err != nil {
		return nil, err
	}
	list := make([]sampleJSON, len(found))
	for i, e := range found {
		s := sampleJSON{ID: e.ID, Tokens: e.Tokens, Tags: e.Tags, Relation: e.Relation, Picture: e.Image}
		if e.Relation != "" {
			s.Head, s.Tail = &e.Head, &e.Tail
		}
		for _, c := range captions {
			if text := c.Texts[e.Image]; text != "" {
				if s.Captions == nil {
					s.Captions = map[string]string{}
				}
				s.Captions[c.Captioner] = text
			}
		}
		list[i] = s
	}
	return list, nil
}

// printSamples shows sentences with their entities in brackets. Whatever a tweet
// holds, a terminal shows it and obeys none of it.
func printSamples(w io.Writer, list []sampleJSON) error {
	for i := range list {
		s := &list[i]
		fmt.Fprintf(w, "%s  %s\n  %s\n", s.ID, orDash(s.Picture), widget.Clean(bracketed(s)))
		if s.Relation != "" {
			fmt.Fprintf(w, "  %s\n", s.Relation)
		}
		for _, name := range slices.Sorted(maps.Keys(s.Captions)) {
			fmt.Fprintf(w, "  %s: %s\n", name, widget.Clean(s.Captions[name]))
		}
	}
	return nil
}

// bracketed is a sentence with its entities in brackets, closed by their types.
func bracketed(s *sampleJSON) string {
	spans := scoring.Spans(s.Tags, scoring.Lenient)
	if s.Head != nil {
		spans = []scoring.Span{{Span: *s.Head, Type: "head"}, {Span: *s.Tail, Type: "tail"}}
	}
	words := slices.Clone(s.Tokens)
	for _, sp := range spans {
		words[sp.Start] = "[" + words[sp.Start]
		words[sp.End-1] += "]" + sp.Type
	}
	return strings.Join(words, " ")
}
