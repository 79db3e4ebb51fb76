package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/audit"
	"github.com/mmibx/mmibx/datasets"
)

// errLeak makes a leak the exit code 1.
var errLeak = errors.New("the shape of the evidence gives the label away")

// usualAudit is what is audited where nobody says otherwise.
func usualAudit() audit.Request {
	return audit.Request{Split: mmibx.Train, Options: audit.Options{Folds: 5, Draws: 99, Seed: 1}}
}

func newAuditCmd(a *app) *cobra.Command {
	q := usualAudit()
	split := string(q.Split)
	var paths []string
	cmd := &cobra.Command{
		Use:   "audit BENCHMARK",
		Short: "Look for leaks: evidence whose shape gives the label away, splits that share texts or pictures",
		Long: "Look for leaks: can the label be predicted from nothing but the shape of the evidence (how many pieces,\n" +
			"how many zeros, sizes, names, order)? A linear classifier is cross-validated in folds that keep each picture\n" +
			"together, against permuted labels. A leak is p <= 0.01 and a macro-F1 at least 2 points above its mean under\n" +
			"permuted labels; the exit code is then 1.\n\n" +
			"Audited is the evidence that lies in the benchmark's folder (captions, feature files, pictures), or lists of\n" +
			"crops, boxes or phrases (.json, .pth) by --evidence: a folder of them, or one file, whose fellows of the\n" +
			"other splits are found by name. Also shown: what a linear text model gains from the shape, texts and\n" +
			"pictures that two splits share, and broken pictures.",
		Example:   "  mmibx audit mnre\n  mmibx audit mnre --evidence ~/TMR-RE/data/txt --json",
		Args:      usageArgs(cobra.ExactArgs(1)),
		ValidArgs: mmibx.BenchmarkNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Split = mmibx.Split(split); !slices.Contains(mmibx.Splits, q.Split) {
				return &mmibx.InputError{Key: "--split", Found: split, Expected: "train, dev or test"}
			}
			if q.Folds < 2 || q.Draws < 99 {
				return &mmibx.InputError{Key: "--folds, --draws", Found: fmt.Sprint(q.Folds, " and ", q.Draws), Expected: "at least 2 folds, and 99 draws for a p of 0.01"}
			}
			var err error
			if q.Set, err = datasets.Open(args[0], a.dataDir); err != nil {
				return err
			}
			q.DataDir = a.dataDir
			for _, path := range paths {
				lists, err := audit.FindLists(path)
				if err != nil {
					return err
				}
				q.Lists = append(q.Lists, lists...)
			}
			say, clear := countLine(cmd.ErrOrStderr())
			q.Tell = say
			report, err := audit.Run(cmd.Context(), q)
			clear()
			if err != nil {
				return err
			}
			if err := a.printAudit(cmd.OutOrStdout(), report); err != nil || !report.Leak {
				return err
			}
			return errLeak
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&paths, "evidence", nil, "a folder of published lists, or one of their files, instead of the benchmark's own evidence")
	flags.StringVar(&split, "split", split, "whose labels are predicted: train, dev or test")
	flags.IntVar(&q.Draws, "draws", q.Draws, "of permuted labels, at most")
	flags.IntVar(&q.Folds, "folds", q.Folds, "of the cross-validation")
	flags.Uint64Var(&q.Seed, "seed", q.Seed, "of folds and permutations")
	return cmd
}

func (a *app) printAudit(w io.Writer, r *audit.Report) error {
	if a.json {
		return printJSON(w, r)
	}
	fmt.Fprintf(w, "%s: %s; labels of %s, %d folds by picture, %d draws\n", r.Benchmark, r.Version, r.Split, r.Folds, r.Draws)
	if len(r.Sources) == 1 { // the order of the examples
		fmt.Fprintln(w, "\nno evidence is there: neither captions, feature files nor pictures")
	}
	for i := range r.Sources {
		if err := printSource(w, &r.Sources[i]); err != nil {
			return err
		}
	}
	if err := printOverlaps(w, r.Overlaps); err != nil {
		return err
	}
	return printPictureCounts(w, r.Pictures)
}

func printSource(w io.Writer, s *audit.Source) error {
	fmt.Fprintf(w, "\n%s %s", s.Kind, s.Name)
	if s.Known < s.Rows {
		fmt.Fprintf(w, " (of %d of %d examples)", s.Known, s.Rows)
	}
	fmt.Fprint(w, ": ")
	switch {
	case len(s.Tests) == 0:
		fmt.Fprintln(w, "good, the shape is the same everywhere")
		return nil
	case s.Leak:
		fmt.Fprint(w, "LEAK\n\n")
	default:
		fmt.Fprint(w, "good\n\n")
	}
	t := newTable(w, "PREDICTED", "FROM", "ACCURACY", "MAJORITY", "MACRO-F1", "PERMUTED", "EFFECT", "P", "")
	for _, test := range s.Tests {
		verdict := ""
		if test.Leak {
			verdict = "leak"
		}
		t.row(test.Target, test.Family, percent(test.Accuracy), percent(test.Majority), percent(test.MacroF1), percent(test.Permuted),
			signed(test.Effect), fmt.Sprintf("%.3f", test.P), verdict)
	}
	if err := t.Flush(); err != nil || s.Gain == nil {
		return err
	}
	fmt.Fprintf(w, "\na linear text model, micro-F1 on %s: %.2f from the words alone", s.Gain.Scored, s.Gain.Text)
	for _, family := range audit.Families {
		if with, ok := s.Gain.With[family]; ok {
			fmt.Fprintf(w, ", %.2f (%s) with the %s", with, signed(with-s.Gain.Text), family)
		}
	}
	fmt.Fprintln(w)
	return nil
}

// signed shows a difference in points; one that rounds to nothing has no sign.
func signed(v float64) string {
	if text := fmt.Sprintf("%+.2f", v); text != "-0.00" && text != "+0.00" {
		return text
	}
	return "0.00"
}

func printOverlaps(w io.Writer, all []audit.Overlap) error {
	fmt.Fprintln(w)
	t := newTable(w, "SHARED BY", "SAME TEXT", "NEAR TEXT", "PICTURES", "SUCH AS")
	for _, o := range all {
		first := func(list []string) []string { return list[:min(1, len(list))] }
		examples := slices.Concat(first(o.ExactPairs), first(o.NearPairs), first(o.PictureNames))
		t.row(fmt.Sprintf("%s, %s", o.First, o.Second), o.Exact, o.Near, o.Pictures, orDash(strings.Join(examples, ", ")))
	}
	return t.Flush()
}

func printPictureCounts(w io.Writer, all []audit.PictureCounts) error {
	if len(all) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	t := newTable(w, "PICTURES", "NAMED", "MISSING", "BROKEN", "KNOWN BROKEN", "TWEETS WITHOUT")
	for _, c := range all {
		t.row(c.Split, c.Named, c.Missing, len(c.Broken), c.Known, c.Blank)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, c := range all {
		for _, fault := range c.Broken {
			fmt.Fprintln(w, fault)
		}
	}
	return nil
}
