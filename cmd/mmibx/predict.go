package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
)

type predictFlags struct{ best, device string }

func newPredictCmd(a *app) *cobra.Command {
	var f predictFlags
	cmd := &cobra.Command{
		Use:   "predict RUN [FILE]",
		Short: "Read tweets, print the entities or relations that a run's model finds",
		Long: `Read tweets, print the entities or relations that a run's model finds.

FILE, or standard input, holds a sentence a line, CoNLL (as the benchmarks), MNRE,
or JSON lines such as
  {"text": "Ada met Bo", "caption": "two women", "image": "17_06_4705.jpg"}
  {"tokens": ["Ada", "met", "Bo"], "head": {"start": 0, "end": 1}, "tail": {"start": 2, "end": 3}}
An image is a picture of the benchmark, or a file; captions are for runs that read
captions. Without either the picture is blank. Relations need head and tail.`,
		Example: "  echo 'Ada Lovelace lives in London' | mmibx predict 4f1c9a\n" +
			"  mmibx predict --best 'benchmark=twitter2017 and model=mmib' tweets.txt --json",
		Args: func(cmd *cobra.Command, args []string) error {
			least := 1
			if f.best != "" {
				least = 0
			}
			return usageArgs(cobra.RangeArgs(least, least+1))(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkDevice(f.device); err != nil {
				return err
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				if f.best != "" {
					id, err := bestRun(ctx, db, f.best)
					if err != nil {
						return err
					}
					args = append([]string{id}, args...)
				}
				return a.predict(cmd, db, args[0], append(args[1:], "-")[0], f.device)
			})
		},
	}
	cmd.Flags().StringVar(&f.best, "best", "", "instead of RUN: the run with the best dev F1 of those that pass a `FILTER`")
	cmd.Flags().StringVar(&f.device, "device", "", "cpu or cuda (that of the training)")
	return cmd
}

// bestRun is the run with the highest dev F1 that passes a filter. Scores of
// different benchmarks are not compared.
func bestRun(ctx context.Context, db *tracker.DB, filter string) (string, error) {
	rows, err := db.Runs(ctx, tracker.Query{Filter: filter, Sort: "-" + mmibx.DevF1})
	if err != nil {
		return "", err
	}
	rows = slices.DeleteFunc(rows, func(r tracker.RunRow) bool { return r.State != mmibx.Done })
	if len(rows) == 0 {
		return "", fmt.Errorf("--best %q: %w: no run that is done passes it", filter, mmibx.ErrNotFound)
	}
	best := rows[0]
	for i := range rows {
		if other := rows[i].Benchmark; other != best.Benchmark {
			return "", &mmibx.InputError{Key: "--best", Found: "runs of " + best.Benchmark + " and " + other, Expected: "runs of one benchmark", Cure: "add benchmark=" + best.Benchmark}
		}
	}
	fmt.Fprintf(os.Stderr, "run %s, dev F1 %s: %s on %s\n", best.ID, digits(best.DevF1, 2), best.Label, best.Benchmark)
	return best.ID, nil
}

func (a *app) predict(cmd *cobra.Command, db *tracker.DB, prefix, file, device string) error {
	t, err := a.trained(cmd.Context(), db, prefix)
	if err != nil {
		return err
	}
	name, blob, err := readInput(cmd, file)
	if err != nil {
		return err
	}
	tweets, err := datasets.ParseTweets(name, t.spec.TaskOf(), blob)
	if err != nil {
		return err
	}
	warnUnread(&t.spec, tweets)
	predictions, err := a.ask(cmd.Context(), t, device, mmibx.Inquiry{Tweets: tweets})
	if err != nil {
		return err
	}
	if len(predictions) != len(tweets) {
		return fmt.Errorf("%s answered %d of %d tweets", workerName, len(predictions), len(tweets))
	}
	for i := range tweets {
		found := newExtraction(&tweets[i], predictions[i])
		if err := found.print(cmd.OutOrStdout(), a.json); err != nil {
			return err
		}
	}
	return nil
}

// readInput reads a file, or standard input for "-".
func readInput(cmd *cobra.Command, file string) (name string, blob []byte, err error) {
	if file == "-" {
		if cmd.InOrStdin() == os.Stdin && isTerminal(os.Stdin) {
			fmt.Fprintln(os.Stderr, "Type tweets, one a line; Ctrl-D ends them.")
		}
		blob, err = io.ReadAll(cmd.InOrStdin())
		return "standard input", blob, err
	}
	blob, err = os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("tweets %s: %w", file, mmibx.ErrNotFound)
	}
	return file, blob, err
}

// warnUnread says once that a run does not see what the tweets bring.
func warnUnread(spec *mmibx.Spec, tweets []mmibx.Tweet) {
	var captions, images bool
	for i := range tweets {
		captions = captions || tweets[i].Caption != ""
		images = images || tweets[i].Image != ""
	}
	switch kind := spec.Evidence.Kind; {
	case (captions || images) && (kind == "none" || spec.Evidence.Pictures == "blank"):
		fmt.Fprintln(os.Stderr, "mmibx: this run was trained without pictures; those of the tweets are not read")
	case captions && kind != "captions":
		fmt.Fprintf(os.Stderr, "mmibx: this run was trained on %s; the captions of the tweets are not read\n", kind)
	}
}

// extraction is a tweet and what was found in it.
type extraction struct {
	mmibx.Prediction
	Tokens   []string  `json:"tokens"`
	Entities []mention `json:"entities,omitzero"` // MNER: may be empty
	Head     *mention  `json:"head,omitempty"`    // MRE
	Tail     *mention  `json:"tail,omitempty"`
}

// mention is some words of a tweet, from start to before end.
type mention struct {
	Type string `json:"type,omitempty"`
	Text string `json:"text"`
	mmibx.Span
}

func newExtraction(t *mmibx.Tweet, p mmibx.Prediction) *extraction {
	x := &extraction{Prediction: p, Tokens: t.Tokens}
	mentioned := func(kind string, s mmibx.Span) mention {
		return mention{Type: kind, Text: strings.Join(t.Tokens[s.Start:s.End], " "), Span: s}
	}
	if p.Relation != "" {
		head, tail := mentioned("", t.Head), mentioned("", t.Tail)
		x.Head, x.Tail = &head, &tail
		return x
	}
	x.Entities = []mention{}
	tags := make([]string, len(p.Tags))
	for i, tag := range p.Tags { // the 13 tags of the released code hold some that are no entity
		if strings.HasPrefix(tag, "B-") || strings.HasPrefix(tag, "I-") {
			tags[i] = tag
		}
	}
	for _, s := range scoring.Spans(tags, scoring.Lenient) {
		x.Entities = append(x.Entities, mentioned(s.Type, s.Span))
	}
	return x
}

func (x *extraction) print(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(x)
	}
	_, err := fmt.Fprintln(w, x.text())
	return err
}

// text is the tweet with its entities in brackets, or a relation and its two
// entities.
func (x *extraction) text() string {
	if x.Relation != "" {
		return fmt.Sprintf("%s: %s -> %s", x.Relation, x.Head.Text, x.Tail.Text)
	}
	var parts []string
	at := 0
	for _, e := range x.Entities {
		parts = append(parts, x.Tokens[at:e.Start]...)
		parts = append(parts, "["+e.Type+" "+e.Text+"]")
		at = e.End
	}
	return strings.Join(append(parts, x.Tokens[at:]...), " ")
}
