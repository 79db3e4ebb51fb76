package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
)

func newImportPredictionsCmd(a *app) *cobra.Command {
	var m tracker.Import
	split := string(mmibx.Test)
	cmd := &cobra.Command{
		Use:   "predictions FILE",
		Short: "Bring in another program's predictions, to be scored as ours are",
		Long: `Bring in another program's predictions of a split. They become a run that is
done, marked as imported, which tables and tests treat like ours:
mmibx table --sweep NAME --with SYSTEM. Scores are our scorer's; none is taken
from the file.

FILE is CoNLL (token, TAB, tag; or token, TAB, gold, TAB, tag) or JSON lines such
as {"id":"test:0","tags":["O","B-PER"]} or {"id":"test:0","relation":"None"}.
CoNLL, and JSON lines without any id, are in the order of the split. Every example
must be there once with a tag for every word, "" for words that the system never
saw, and no label that the benchmark does not have.

On dev the scores are worked out and shown at once. On test nothing is scored
before a command asks for it by name.`,
		Example: "  mmibx import predictions umt.txt --system 'UMT (released code)' --benchmark twitter2017 --split test --seed 1 --source 'f478ee6, run by us'\n" +
			"  mmibx import predictions other.jsonl --system Other --benchmark mini-mnre --split dev --source 'their release 1.2'",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			m.Split = mmibx.Split(split)
			return a.importPredictions(cmd, args[0], &m)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&m.System, "system", "", "name of the system, as tables print it")
	flags.StringVar(&m.Benchmark, "benchmark", "", "that the predictions are for")
	flags.StringVar(&split, "split", split, "dev or test")
	flags.IntVar(&m.Seed, "seed", 0, "that the system was trained with")
	flags.StringVar(&m.Source, "source", "", "where the predictions come from, in a sentence")
	flags.StringVar(&m.Format, "format", "", "conll or jsonl (guessed from the file)")
	return cmd
}

// imported is what the command says of an import.
type imported struct {
	Run       string          `json:"run"`
	Added     bool            `json:"added"`
	System    string          `json:"system"`
	Benchmark string          `json:"benchmark"`
	Split     mmibx.Split     `json:"split"`
	Seed      int             `json:"seed"`
	Examples  int             `json:"examples"`
	Scores    *scoring.Report `json:"scores,omitempty"` // on dev
}

func (a *app) importPredictions(cmd *cobra.Command, path string, m *tracker.Import) error {
	said, err := a.addPredictions(cmd.Context(), path, m)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if a.json {
		return printJSON(out, said)
	}
	verb := "imported as"
	if !said.Added {
		verb = "already there as"
	}
	fmt.Fprintf(out, "%s on %s %s, seed %d: %d predictions, %s run %s\n", m.System, m.Benchmark, m.Split, m.Seed, said.Examples, verb, said.Run)
	if said.Scores != nil {
		return printReport(out, *said.Scores)
	}
	fmt.Fprintf(out, "not scored: `mmibx unseal %s` or `mmibx table --split test --with %q` looks at test\n", said.Run, m.System)
	return nil
}

// addPredictions reads, checks and stores a file of predictions.
func (a *app) addPredictions(ctx context.Context, path string, m *tracker.Import) (*imported, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	set, err := datasets.Open(m.Benchmark, a.dataDir)
	if err != nil {
		return nil, err
	}
	predictions, err := readImport(path, m, set)
	if err != nil {
		return nil, err
	}
	said := &imported{System: m.System, Benchmark: m.Benchmark, Split: m.Split, Seed: m.Seed, Examples: len(predictions)}
	if m.Split == mmibx.Dev {
		metrics, report, err := scoring.DevMetrics(set.Benchmark.Task, set.Examples[mmibx.Dev], predictions)
		if err != nil {
			return nil, err
		}
		said.Scores, m.Scores = &report, metrics
	}
	m.Env = importEnvironment()
	db, err := tracker.Open(mmibx.Store(a.storeDir))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := upToDate(ctx, db); err != nil {
		return nil, fmt.Errorf("nothing was imported: whether the store has predictions with this seed is not known: %w", err)
	}
	if said.Run, said.Added, err = db.AddImport(ctx, *m); err != nil {
		return nil, err
	}
	if err := upToDate(ctx, db); err != nil {
		return nil, fmt.Errorf("run %s is in the store and will be seen by the next command: %w", said.Run, err)
	}
	return said, nil
}

// upToDate brings a database up to date, or says why it is not. A journal that
// cannot be read is told and hides no other.
func upToDate(ctx context.Context, db *tracker.DB) error {
	err := runnerDB{db}.Sync(ctx)
	if errors.Is(err, mmibx.ErrUnread) {
		fmt.Fprintf(os.Stderr, "mmibx: not all of the store could be read: %v\n", err)
		return nil
	}
	return err
}

// readImport reads the file and fills in what the import says of it.
func readImport(path string, m *tracker.Import, set *datasets.Set) ([]mmibx.Prediction, error) {
	var err error
	m.Original, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", mmibx.ErrNotFound, err)
	}
	if err != nil {
		return nil, err
	}
	if m.Format == "" {
		m.Format = string(scoring.GuessFormat(m.Original))
	}
	if !slices.Contains(scoring.Formats, scoring.Format(m.Format)) {
		return nil, &mmibx.InputError{Key: "--format", Found: m.Format, Expected: "conll or jsonl"}
	}
	m.File, m.Inputs = filepath.Base(path), mmibx.Inputs{Data: set.Digests}
	key := scoring.Key{Task: set.Benchmark.Task, Examples: set.Examples[m.Split], Labels: set.Labels}
	predictions, err := scoring.ReadForeign(path, m.Original, scoring.Format(m.Format), key)
	if err != nil {
		return nil, err
	}
	var kept bytes.Buffer
	if err := scoring.WritePredictions(&kept, predictions); err != nil {
		return nil, err
	}
	m.Predictions = kept.Bytes()
	return predictions, nil
}

// importedResults are the runs of systems that are not ours, of one split, on some
// benchmarks. Each of the systems must have some.
func importedResults(ctx context.Context, db *tracker.DB, systems []string, split mmibx.Split, benchmarks []string) ([]result, error) {
	var all []result
	for _, system := range systems {
		runs, err := db.Imports(ctx, system)
		if err != nil {
			return nil, err
		}
		before := len(all)
		for i := range runs {
			r := &runs[i]
			if r.Binned || r.State != mmibx.Done || r.Split != split || !slices.Contains(benchmarks, r.Benchmark) {
				continue
			}
			spec := mmibx.Spec{Benchmark: r.Benchmark, Seed: r.Seed, Model: mmibx.ModelSpec{Name: r.System}}
			all = append(all, result{ID: r.ID, Arm: r.Arm, System: r.System, Spec: spec, State: r.State, Values: map[string]float64{}})
		}
		if len(all) == before {
			return nil, noImport(ctx, db, system, split)
		}
	}
	return all, onePerSeed(all)
}

// noImport says what there is instead.
func noImport(ctx context.Context, db *tracker.DB, system string, split mmibx.Split) error {
	runs, err := db.Imports(ctx, "")
	if err != nil {
		return err
	}
	var has []string
	for i := range runs {
		r := &runs[i]
		if s := fmt.Sprintf("%s on %s %s", r.System, r.Benchmark, r.Split); !r.Binned && !slices.Contains(has, s) {
			has = append(has, s)
		}
	}
	return fmt.Errorf("system %q: no predictions on %s of the table's benchmarks: %w; imported are: %s", system, split, mmibx.ErrNotFound, orDash(strings.Join(has, ", ")))
}
