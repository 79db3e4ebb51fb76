package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
)

func newDataCmd(a *app) *cobra.Command {
	data := &cobra.Command{
		Use:   "data",
		Short: "Look at the benchmarks, check them, write the miniature ones",
		Args:  cobra.NoArgs,
	}
	data.AddCommand(newDataListCmd(a), newDataVerifyCmd(a), newDataStatsCmd(a), newDataShowCmd(a), newDataSynthCmd(a))
	return data
}

// chosen is a benchmark that a command was asked for, and its set if it is there.
type chosen struct {
	benchmark mmibx.Benchmark
	set       *datasets.Set
	err       error
}

// choose opens the named benchmarks, or all. Only a name that was given must be
// there: among all, what is missing is for the command to show.
func (a *app) choose(names []string) ([]chosen, error) {
	all := names
	if len(all) == 0 {
		all = mmibx.BenchmarkNames()
	}
	var list []chosen
	for _, name := range all {
		set, err := datasets.Open(name, a.dataDir)
		if err != nil && (len(names) > 0 || !errors.Is(err, mmibx.ErrNotFound)) {
			return nil, err
		}
		b, _ := mmibx.LookupBenchmark(name)
		list = append(list, chosen{b, set, err})
	}
	return list, nil
}

func newDataListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the benchmarks: task, size, evidence, version, and where they lie",
		Example: "  mmibx data list\n  mmibx data list --data ~/benchmarks --json",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := a.choose(nil)
			if err != nil {
				return err
			}
			return a.printListing(cmd.OutOrStdout(), list)
		},
	}
}

// listing is a line of `mmibx data list`.
type listing struct {
	Name     string              `json:"name"`
	Task     mmibx.Task          `json:"task"`
	Found    bool                `json:"found"`
	Where    string              `json:"where"` // folder that it lies or belongs in, "" when generated
	Version  string              `json:"version,omitempty"`
	Sizes    map[mmibx.Split]int `json:"sizes,omitempty"` // examples
	Evidence []string            `json:"evidence"`        // kinds, the usual one first
}

func (a *app) printListing(w io.Writer, list []chosen) error {
	lines := make([]listing, len(list))
	for i, c := range list {
		l := listing{Name: c.benchmark.Name, Task: c.benchmark.Task, Found: c.err == nil, Evidence: c.benchmark.Evidence}
		if !c.benchmark.Miniature {
			l.Where = filepath.Join(a.dataDir, l.Name)
		}
		if l.Found {
			l.Version, l.Sizes = c.set.Version(), map[mmibx.Split]int{}
			for split, examples := range c.set.Examples {
				l.Sizes[split] = len(examples)
			}
		}
		lines[i] = l
	}
	if a.json {
		return printJSON(w, lines)
	}
	t := newTable(w, "NAME", "TASK", "TRAIN", "DEV", "TEST", "EVIDENCE", "VERSION", "WHERE")
	for _, l := range lines {
		sizes, where := []any{"-", "-", "-"}, l.Where
		for i, split := range mmibx.Splits {
			if l.Found {
				sizes[i] = l.Sizes[split]
			}
		}
		switch {
		case !l.Found:
			where = "not found in " + l.Where + " (--data)"
		case where == "":
			where = "built in"
		}
		t.row(l.Name, l.Task, sizes[0], sizes[1], sizes[2], strings.Join(l.Evidence, ","), orDash(l.Version), where)
	}
	return t.Flush()
}

func newDataVerifyCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "verify [NAME...]",
		Short: "Check digests and numbers of the benchmarks against the known ones",
		Long: "Check digests and numbers of the benchmarks against the known ones.\n\n" +
			"Of a real benchmark the digests tell the published version and the counts are those of its paper;\n" +
			"a miniature one is generated anew and held against the digests that enter the identity of runs.\n" +
			"Without names, what is not there is shown and passed over.",
		Example:   "  mmibx data verify\n  mmibx data verify twitter2015 --data ~/benchmarks",
		ValidArgs: mmibx.BenchmarkNames(),
		RunE: func(cmd *cobra.Command, names []string) error {
			list, err := a.choose(names)
			if err != nil {
				return err
			}
			return a.printVerdicts(cmd.OutOrStdout(), list)
		},
	}
}

// verdict is a line of `mmibx data verify`.
type verdict struct {
	Name    string            `json:"name"`
	State   string            `json:"state"` // good, other or missing
	Version string            `json:"version,omitempty"`
	Faults  []string          `json:"faults,omitempty"`
	Digests map[string]string `json:"digests,omitempty"` // SHA-256 by file
}

func (a *app) printVerdicts(w io.Writer, list []chosen) error {
	verdicts := make([]verdict, len(list))
	var others []string
	for i, c := range list {
		v := verdict{Name: c.benchmark.Name, State: "missing"}
		if c.err == nil {
			faults, err := c.set.Verify()
			if err != nil {
				return err
			}
			v.State, v.Version, v.Faults, v.Digests = "good", c.set.Version(), faults, c.set.Digests
			if len(faults) > 0 {
				v.State, others = "other", append(others, v.Name)
			}
		}
		verdicts[i] = v
	}
	if err := a.writeVerdicts(w, verdicts); err != nil {
		return err
	}
	if len(others) > 0 {
		return fmt.Errorf("%s: not what is known by the name", strings.Join(others, ", "))
	}
	return nil
}

func (a *app) writeVerdicts(w io.Writer, verdicts []verdict) error {
	if a.json {
		return printJSON(w, verdicts)
	}
	t := newTable(w, "NAME", "STATE", "VERSION")
	for _, v := range verdicts {
		t.row(v.Name, v.State, orDash(v.Version))
		for _, fault := range v.Faults {
			t.row("", "", fault)
		}
	}
	return t.Flush()
}

func newDataStatsCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "stats [NAME...]",
		Short: "Count tweets, words, labels and pictures; print the ceilings of miniature benchmarks",
		Long: "Count tweets, words, labels and pictures; print the ceilings of miniature benchmarks.\n\n" +
			"A ceiling is the best micro-F1 there can be, in percent, from the text alone or with pictures:\n" +
			"POPULATION over all that could be drawn, +- one standard error of a score on a split of this size;\n" +
			"REALISED given the texts and pictures of this split, +- one standard error from its gold labels;\n" +
			"REACHED is what the best classifier scores on them.",
		Example:   "  mmibx data stats mini-twitter2015\n  mmibx data stats --json",
		ValidArgs: mmibx.BenchmarkNames(),
		RunE: func(cmd *cobra.Command, names []string) error {
			list, err := a.choose(names)
			if err != nil {
				return err
			}
			return a.printStats(cmd.OutOrStdout(), list)
		},
	}
}

// stats is what `mmibx data stats` knows of a benchmark.
type stats struct {
	Name     string             `json:"name"`
	Version  string             `json:"version"`
	Splits   []datasets.Counts  `json:"splits"`
	Ceilings []datasets.Ceiling `json:"ceilings,omitempty"` // miniature only

	benchmark mmibx.Benchmark
	labels    []string
}

func (a *app) printStats(w io.Writer, list []chosen) error {
	var all []stats
	for _, c := range list {
		if c.err != nil {
			continue
		}
		s := stats{Name: c.benchmark.Name, Version: c.set.Version(), benchmark: c.benchmark, labels: c.set.Labels}
		for _, split := range mmibx.Splits {
			s.Splits = append(s.Splits, c.set.Counts(split))
		}
		if c.benchmark.Miniature {
			var err error
			if s.Ceilings, err = datasets.MiniCeilings(s.Name); err != nil {
				return err
			}
		}
		all = append(all, s)
	}
	if a.json {
		return printJSON(w, all)
	}
	for i, s := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := s.print(w); err != nil {
			return err
		}
	}
	return nil
}

func (s *stats) print(w io.Writer) error {
	examples, mentions := "tweets", "entities"
	if s.benchmark.Task == mmibx.MRE {
		examples, mentions = "pairs", "related pairs"
	}
	fmt.Fprintf(w, "%s: %s\n\n", s.Name, s.Version)
	t := newTable(w, "", "TRAIN", "DEV", "TEST")
	count := func(name string, of func(*datasets.Counts) int) {
		t.row(name, of(&s.Splits[0]), of(&s.Splits[1]), of(&s.Splits[2]))
	}
	count(examples, func(c *datasets.Counts) int { return c.Tweets })
	count("words", func(c *datasets.Counts) int { return c.Words })
	count("pictures", func(c *datasets.Counts) int { return c.Pictures })
	count("  without", func(c *datasets.Counts) int { return c.Blank })
	count(mentions, func(c *datasets.Counts) int { return c.Mentions })
	for _, label := range s.labels {
		count("  "+label, func(c *datasets.Counts) int { return c.Labels[label] })
	}
	if err := t.Flush(); err != nil || len(s.Ceilings) == 0 {
		return err
	}
	fmt.Fprintln(w)
	t = newTable(w, "CEILING", "FROM", "MENTIONS", "AMBIGUOUS", "POPULATION", "REALISED", "REACHED")
	for _, c := range s.Ceilings {
		from := "text"
		if c.Pictures {
			from = "text and picture"
		}
		t.row(c.Split, from, c.Mentions, c.Ambiguous, fmt.Sprintf("%.2f +- %.2f", c.Population, c.PopulationSE),
			fmt.Sprintf("%.2f +- %.2f", c.Realised, c.RealisedSE), fmt.Sprintf("%.2f", c.Reached))
	}
	return t.Flush()
}

func newDataSynthCmd(a *app) *cobra.Command {
	var out string
	synth := &cobra.Command{
		Use:   "synth NAME|all",
		Short: "Write a miniature benchmark in the formats of the real ones",
		Long: "Write a miniature benchmark in the formats of the real ones: OUT/NAME/ gets the splits as text\n" +
			"and a folder of pictures. Texts and pixels are the same on every machine.",
		Example:   "  mmibx data synth all --out ./miniature\n  mmibx data synth mini-mnre --out /tmp/data",
		Args:      usageArgs(cobra.ExactArgs(1)),
		ValidArgs: append(miniatureNames(), "all"),
		RunE: func(cmd *cobra.Command, args []string) error {
			names := args
			if args[0] == "all" {
				names = miniatureNames()
			}
			for _, name := range names {
				if err := datasets.WriteMini(cmd.Context(), name, out); err != nil {
					return err
				}
				fmt.Fprintln(cmd.ErrOrStderr(), "wrote", filepath.Join(out, name))
			}
			if !a.json {
				return nil
			}
			written := map[string]string{}
			for _, name := range names {
				written[name] = filepath.Join(out, name)
			}
			return printJSON(cmd.OutOrStdout(), written)
		},
	}
	synth.Flags().StringVarP(&out, "out", "o", "data", "folder to write into")
	return synth
}

func miniatureNames() []string {
	var names []string
	for _, b := range mmibx.Benchmarks() {
		if b.Miniature {
			names = append(names, b.Name)
		}
	}
	return names
}
