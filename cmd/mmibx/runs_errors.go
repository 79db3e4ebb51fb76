package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
)

type errorsFlags struct {
	evalFlags
	kind, label string
	limit       int
}

func newRunsErrorsCmd(a *app) *cobra.Command {
	f := errorsFlags{evalFlags: evalFlags{split: string(mmibx.Dev), rule: string(scoring.Lenient)}}
	cmd := &cobra.Command{
		Use:   "errors RUN",
		Short: "Show what a run got wrong: missed, spurious, wrong type, wrong boundary",
		Long: `Show what a run got wrong, from the predictions that it kept: entities (or
relations) that were missed, are spurious, have the wrong type or the wrong
boundary, or both; then each sentence with its errors and the caption that the run
was shown.

Each entity of gold and each predicted one is right or part of one error.
--split test is a look at test: the ledger gets a line before anything is read.`,
		Example: "  mmibx runs errors 4f1c9a\n  mmibx runs errors 4f1c9a --kind missed --type PER --limit 20\n  mmibx runs errors 4f1c9a --json",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				if err := f.checkLabel(ctx, a, db, args[0]); err != nil {
					return err
				}
				j, err := a.grade(ctx, db, args[0], mmibx.Split(f.split), scoring.Rule(f.rule))
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), f.json(j))
				}
				return f.print(cmd.OutOrStdout(), j)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.split, "split", f.split, "dev, or test, which is a look at test")
	flags.StringVar(&f.rule, "rule", f.rule, "how tags become spans: "+string(scoring.Lenient)+", "+string(scoring.Strict))
	flags.StringVar(&f.kind, "kind", "", "only errors of this kind: "+kindNames())
	flags.StringVar(&f.label, "type", "", "only errors with this entity type or relation in gold or prediction")
	flags.IntVar(&f.limit, "limit", 0, "at most so many sentences (0: all)")
	return cmd
}

func kindNames() string {
	names := make([]string, len(scoring.MistakeKinds))
	for i, k := range scoring.MistakeKinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

func (f *errorsFlags) check() error {
	if err := f.evalFlags.check(); err != nil {
		return err
	}
	if f.kind != "" && !slices.Contains(scoring.MistakeKinds, scoring.MistakeKind(f.kind)) {
		return &mmibx.InputError{Key: "--kind", Found: f.kind, Expected: "one of " + kindNames()}
	}
	if f.limit < 0 {
		return &mmibx.InputError{Key: "--limit", Found: strconv.Itoa(f.limit), Expected: "0 or more"}
	}
	return nil
}

// checkLabel refuses a type that the run's benchmark does not have, before
// anything is looked at.
func (f *errorsFlags) checkLabel(ctx context.Context, a *app, db *tracker.DB, prefix string) error {
	if f.label == "" {
		return nil
	}
	run, err := runOf(ctx, db, prefix)
	if err != nil {
		return err
	}
	set, err := datasets.Open(run.Benchmark, a.dataDir)
	if err != nil || slices.Contains(set.Labels, f.label) {
		return err
	}
	return &mmibx.InputError{Key: "--type", Found: f.label, Expected: "one of " + strings.Join(set.Labels, ", ")}
}

// wanted are the mistakes of an example that the flags let through.
func (f *errorsFlags) wanted(j *scoring.Judged) []scoring.Mistake {
	var list []scoring.Mistake
	for _, m := range j.Mistakes {
		if (f.kind == "" || string(m.Kind) == f.kind) && (f.label == "" || m.Gold != nil && m.Gold.Type == f.label || m.Predicted != nil && m.Predicted.Type == f.label) {
			list = append(list, m)
		}
	}
	return list
}

// wrongJSON is an example as --json prints it.
type wrongJSON struct {
	ID       string            `json:"id"`
	Tokens   []string          `json:"tokens"`
	Head     *mmibx.Span       `json:"head,omitempty"`
	Tail     *mmibx.Span       `json:"tail,omitempty"`
	Mistakes []scoring.Mistake `json:"mistakes"`
	Picture  string            `json:"picture,omitempty"`
	Caption  string            `json:"caption,omitempty"`
}

func (f *errorsFlags) json(all *graded) any {
	out := struct {
		Run      string                      `json:"run"`
		Split    mmibx.Split                 `json:"split"`
		Kinds    map[scoring.MistakeKind]int `json:"kinds"`
		Examples []wrongJSON                 `json:"examples"`
	}{all.run.ID, all.split, map[scoring.MistakeKind]int{}, []wrongJSON{}}
	for i := range all.judged {
		j := &all.judged[i]
		list := f.wanted(j)
		for _, m := range list {
			out.Kinds[m.Kind]++
		}
		if len(list) == 0 || f.limit > 0 && len(out.Examples) >= f.limit {
			continue
		}
		e := wrongJSON{ID: j.Example.ID, Tokens: j.Example.Tokens, Mistakes: list, Picture: all.pictures[i], Caption: all.captions[all.pictures[i]]}
		if all.set.Benchmark.Task == mmibx.MRE {
			e.Head, e.Tail = &j.Example.Head, &j.Example.Tail
		}
		out.Examples = append(out.Examples, e)
	}
	return out
}

// print shows counts, then sentences. Whatever a tweet holds, a terminal shows it
// and obeys none of it.
func (f *errorsFlags) print(out io.Writer, all *graded) error {
	counts, wrong := map[scoring.MistakeKind]int{}, 0
	var text strings.Builder
	for i := range all.judged {
		j := &all.judged[i]
		list := f.wanted(j)
		if len(list) == 0 {
			continue
		}
		for _, m := range list {
			counts[m.Kind]++
		}
		if wrong++; f.limit == 0 || wrong <= f.limit {
			writeWrong(&text, all, i, list)
		}
	}
	fmt.Fprintf(out, "%s %s: %d of %d examples", all.run.Benchmark, all.split, wrong, len(all.judged))
	for _, k := range scoring.MistakeKinds {
		if n := counts[k]; n > 0 {
			fmt.Fprintf(out, ", %d %s", n, k)
		}
	}
	fmt.Fprintf(out, "; F1 of all %s\n", percent(all.report.F1))
	_, err := io.WriteString(out, text.String())
	return err
}

func writeWrong(text *strings.Builder, all *graded, i int, list []scoring.Mistake) {
	e := all.judged[i].Example
	fmt.Fprintf(text, "\n%s\n", e.ID)
	for _, m := range list {
		fmt.Fprintf(text, "  %-17s %s\n", m.Kind, widget.Clean(mistakeText(e, m)))
	}
	fmt.Fprintf(text, "  %s\n", widget.Clean(strings.Join(e.Tokens, " ")))
	if caption := all.captions[all.pictures[i]]; caption != "" {
		fmt.Fprintf(text, "  picture: %s\n", widget.Clean(caption))
	}
}

// mistakeText is a mistake in words: gold -> predicted.
func mistakeText(e *mmibx.Example, m scoring.Mistake) string {
	name := func(s *scoring.Span) string {
		if s == nil {
			return "nothing"
		}
		return strings.TrimSpace(s.Type + " " + strings.Join(e.Tokens[s.Start:s.End], " "))
	}
	if e.Relation != "" {
		who := strings.Join(e.Tokens[e.Head.Start:e.Head.End], " ") + " and " + strings.Join(e.Tokens[e.Tail.Start:e.Tail.End], " ")
		return fmt.Sprintf("%s -> %s  (%s)", name(m.Gold), name(m.Predicted), who)
	}
	return name(m.Gold) + " -> " + name(m.Predicted)
}
