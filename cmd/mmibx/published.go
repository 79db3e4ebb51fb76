package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports"
)

func newPublishedCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "published", Short: "Scores that others published: list them, hold them against arithmetic"}
	cmd.AddCommand(newPublishedListCmd(a), newPublishedVerifyCmd(a))
	return cmd
}

func newPublishedListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "list [BENCHMARK]", Short: "List the published scores with their sources and marks",
		Example: "  mmibx published list\n  mmibx published list mnre --json",
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := reports.PublishedScores()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				p.Scores = slices.DeleteFunc(p.Scores, func(s reports.PublishedScore) bool { return s.Benchmark != args[0] })
				if len(p.Scores) == 0 {
					return fmt.Errorf("published scores on %q: %w; there are some on twitter2015, twitter2017 and mnre", args[0], mmibx.ErrNotFound)
				}
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), p)
			}
			return printPublished(cmd.OutOrStdout(), p)
		},
	}
}

func printPublished(w io.Writer, p *reports.Published) error {
	t := newTable(w, "METHOD", "BENCHMARK", "PRECISION", "RECALL", "F1", "SOURCES")
	used := map[string]bool{}
	for i := range p.Scores {
		s := &p.Scores[i]
		marks := ""
		if !s.Consistent() {
			marks += "*"
		}
		if p.Hearsay(s) {
			marks += "?"
		}
		for _, key := range s.Sources {
			used[key] = true
		}
		t.row(s.Name(), s.Benchmark, digits(s.Precision, 2), digits(s.Recall, 2), percent(s.F1)+marks, strings.Join(s.Sources, " "))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n* F1 does not follow from precision and recall, beyond %.2f.  ? Known by hearsay.\n", reports.F1Tolerance)
	for _, s := range p.Sources {
		if used[s.Key] {
			fmt.Fprintf(w, "%s: %s\n", s.Key, s.Title)
		}
	}
	return nil
}

func newPublishedVerifyCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Hold published F1 against precision and recall, and these against whole numbers",
		Long: fmt.Sprintf(`Hold every published F1 against the precision and recall printed beside it; more
than %.2f points between them is a fault, and then the command fails. Precision and
recall are shares of whole numbers, too: for the known counts of gold it finds the
numbers of correct and predicted items that print as they do, or says that there
are none; that is told, and is no fault, since others may have counted otherwise.

FILE is a list of one's own in the form of reports/published.toml.`, reports.F1Tolerance),
		Example: "  mmibx published verify\n  mmibx published verify rivals.toml --json",
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := publishedOf(args)
			if err != nil {
				return err
			}
			rows, failed := p.Verify()
			if a.json {
				err = printJSON(cmd.OutOrStdout(), rows)
			} else {
				err = printVerified(cmd.OutOrStdout(), rows)
			}
			if err == nil && failed > 0 {
				err = fmt.Errorf("%d of %d published F1 do not follow from their precision and recall", failed, len(rows))
			}
			return err
		},
	}
}

func publishedOf(args []string) (*reports.Published, error) {
	if len(args) == 0 {
		return reports.PublishedScores()
	}
	text, err := os.ReadFile(args[0])
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", mmibx.ErrNotFound, err)
	}
	if err != nil {
		return nil, err
	}
	return reports.ParsePublished(args[0], text)
}

func printVerified(w io.Writer, rows []reports.VerifiedScore) error {
	t := newTable(w, "METHOD", "BENCHMARK", "F1 BY P AND R", "F1", "CORRECT/PREDICTED/GOLD")
	none := 0
	for i := range rows {
		v := &rows[i]
		verdict := percent(v.F1)
		if !v.IsConsistent {
			verdict += " fails"
		}
		counts := "-"
		if len(v.Counts) > 0 {
			counts = countsText(v.Counts)
			if !slices.ContainsFunc(v.Counts, func(c reports.CountsFit) bool { return c.Exact }) {
				none++
			}
		}
		t.row(v.Name(), v.Benchmark, digits(v.GivenF1, 2), verdict, counts)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if none > 0 {
		fmt.Fprintf(w, "\n%d rows are no shares of a known count of gold: another version of the data, another way to count, or a slip\n", none)
	}
	return nil
}

// countsText shows the counts that fit, or of those that do not the nearest.
func countsText(fits []reports.CountsFit) string {
	var fit []string
	for i := range fits {
		if c := &fits[i]; c.Exact {
			fit = append(fit, fmt.Sprintf("%d/%d/%d", c.Correct, c.Predicted, c.Gold.Count))
		}
	}
	if len(fit) > 0 {
		return strings.Join(fit, " or ")
	}
	c := &fits[0]
	return fmt.Sprintf("none; nearest %d/%d/%d, which is %.2f/%.2f", c.Correct, c.Predicted, c.Gold.Count, c.Precision(), c.Recall())
}
