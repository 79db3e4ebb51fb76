package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

// synced opens the database of the store and brings it up to date, once. On a
// store that may not be written to it reads what is there.
func (a *app) synced(ctx context.Context) (*tracker.DB, error) {
	store := mmibx.Store(a.storeDir)
	if _, err := os.Stat(a.storeDir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the store %s: %w; a sweep makes it, --store names another", a.storeDir, mmibx.ErrNotFound)
	}
	db, err := tracker.Open(store)
	if err != nil {
		if ro, err := tracker.OpenReadOnly(store); err == nil {
			return ro, nil
		}
		return nil, err
	}
	stats, err := db.Sync(ctx)
	if ctx.Err() != nil {
		return nil, errors.Join(ctx.Err(), db.Close())
	}
	if errors.Is(err, tracker.ErrReadOnly) {
		fmt.Fprintf(os.Stderr, "mmibx: the store %s may not be written to: what is shown is what its database holds\n", a.storeDir)
	} else if err != nil { // one bad journal hides no other
		fmt.Fprintf(os.Stderr, "mmibx: not all of the store could be read: %v\n", err)
	}
	if stats.Busy {
		fmt.Fprintf(os.Stderr, "mmibx: another program writes to the database; it is %d bytes behind the journals\n", stats.Behind)
	}
	return db, nil
}

// reading opens the database for a command that reads it.
func (a *app) reading(cmd *cobra.Command, fn func(ctx context.Context, db *tracker.DB) error) error {
	db, err := a.synced(cmd.Context())
	if err != nil {
		return err
	}
	return errors.Join(db.Explain(fn(cmd.Context(), db)), db.Close())
}

func newRunsCmd(a *app) *cobra.Command {
	runs := &cobra.Command{Use: "runs", Short: "List runs, look at one, compare two, tag, note, remove, retry, stop", Args: cobra.NoArgs}
	runs.AddCommand(newRunsListCmd(a), newRunsShowCmd(a), newRunsCurveCmd(a), newRunsDiffCmd(a), newRunsErrorsCmd(a), newRunsChangesCmd(a))
	runs.AddCommand(newRunsTagCmd(a), newRunsNoteCmd(a), newRunsSaveCmd(a), newRunsStopCmd(a))
	runs.AddCommand(
		newDecideCmd(a, "rm", "Put runs into the bin; `restore` takes them out", tracker.Remove),
		newDecideCmd(a, "restore", "Take runs out of the bin", tracker.Restore),
		newRunsRetryCmd(a),
	)
	return runs
}

func newRunsListCmd(a *app) *cobra.Command {
	var q tracker.Query
	var name string
	var byArm bool
	cmd := &cobra.Command{
		Use:   "list [FILTER]",
		Short: "List runs, the latest first",
		Long: "List runs, the latest first.\n\nA filter compares keys of the spec, metrics (dev.f1 is the best, others the last; :min, :max, :last, :n\n" +
			"choose), state, tag, sweep, id, arm, started and others:  = != < <= > >=  ~ glob  in (a, b)  is missing  and or not ( )",
		Example: "  mmibx runs list 'model=mmib and ib.beta_text<0.1 and dev.f1>70'\n" +
			"  mmibx runs list 'state in (failed, lost) and not tag=seen' --sort -started --limit 20\n" +
			"  mmibx runs list --columns ib.beta_text,ib.size --sort -dev.f1 --json",
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				q.Filter = args[0]
			}
			if q.Limit < 0 {
				return &mmibx.InputError{Key: "--limit", Found: strconv.Itoa(q.Limit), Expected: "0 or more"}
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				if name != "" {
					if err := saved(ctx, db, name, &q, &byArm); err != nil {
						return err
					}
				}
				if byArm {
					return a.listArms(ctx, cmd, db, q)
				}
				rows, err := db.Runs(ctx, q)
				if err != nil {
					return err
				}
				if a.json {
					list := make([]runJSON, len(rows))
					for i := range rows {
						list[i] = jsonRun(&rows[i])
					}
					return printJSON(cmd.OutOrStdout(), list)
				}
				if len(rows) == 0 {
					fmt.Fprintln(cmd.ErrOrStderr(), "no run passes; `mmibx runs list"+a.here()+"` shows all")
				}
				return printRuns(cmd, rows, q.Columns)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Sort, "sort", "", "key to sort by, with - before it from high to low")
	flags.IntVar(&q.Limit, "limit", 0, "at most so many runs (0: all)")
	flags.StringVar(&q.Sweep, "sweep", "", "only runs of this sweep")
	flags.BoolVar(&byArm, "by-arm", false, "runs that differ in their seed alone as one line; metrics over those that are done")
	flags.StringVar(&name, "saved", "", "the name of a list that runs save or the terminal UI saved")
	flags.BoolVar(&q.Binned, "bin", false, "what is in the bin")
	flags.StringSliceVar(&q.Columns, "columns", nil, "further keys to show")
	return cmd
}

func printRuns(cmd *cobra.Command, rows []tracker.RunRow, columns []string) error {
	header := []any{"ID", "STATE", "BENCHMARK", "SEED", "STEPS", "LOSS", "DEV F1"}
	for _, c := range columns {
		header = append(header, c)
	}
	t, onTest := newTable(cmd.OutOrStdout(), append(header, "STARTED", "RUN")...), false
	for i := range rows {
		r := &rows[i]
		id := r.ID
		if r.OnTest {
			id, onTest = id+" "+markOnTest, true
		}
		cells := []any{id, r.State, orDash(r.Benchmark), r.Seed, r.Steps, digits(r.Loss, 4), digits(r.DevF1, 2)}
		for _, c := range columns {
			v, ok := r.Values[c]
			if !ok {
				v = "-"
			}
			cells = append(cells, v)
		}
		about := r.Label
		for _, tag := range r.Tags {
			about += " #" + tag
		}
		t.row(append(cells, r.Started.Local().Format("2006-01-02 15:04"), about)...)
	}
	if err := t.Flush(); err != nil || !onTest {
		return err
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), onTestNote)
	return err
}

// markOnTest stands by runs whose checkpoint was chosen on test, here as in
// tables; onTestNote explains it.
const (
	markOnTest = "§"
	onTestNote = markOnTest + " The checkpoint was chosen on test, as the released code does."
)

func digits(v *float64, n int) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.*f", n, *v)
}

// runJSON is a run as --json prints it. Numbers that are not finite are the
// strings "NaN", "+Inf" and "-Inf", which JSON has no numbers for.
type runJSON struct {
	ID        string         `json:"id"`
	Arm       string         `json:"arm"`
	State     string         `json:"state"`
	Class     string         `json:"class,omitempty"`
	Error     string         `json:"error,omitempty"`
	Sweeps    []string       `json:"sweeps,omitempty"`
	Benchmark string         `json:"benchmark"`
	Model     string         `json:"model"`
	Label     string         `json:"label"`
	Seed      int            `json:"seed"`
	Attempts  int            `json:"attempts"`
	Started   time.Time      `json:"started"`
	Finished  *time.Time     `json:"finished,omitempty"`
	Steps     int64          `json:"steps"`
	Epoch     any            `json:"epoch,omitempty"`
	Loss      any            `json:"loss,omitempty"`
	DevF1     any            `json:"dev_f1,omitempty"`
	DevF1Step int64          `json:"dev_f1_step,omitempty"`
	Tags      []string       `json:"tags,omitempty"`
	Note      string         `json:"note,omitempty"`
	Host      string         `json:"host,omitempty"`
	Device    string         `json:"device,omitempty"`
	OnTest    bool           `json:"chosen_on_test,omitempty"`
	Imported  string         `json:"imported,omitempty"` // the split, or the other tracker
	Values    map[string]any `json:"values,omitempty"`
}

func jsonRun(r *tracker.RunRow) runJSON {
	j := runJSON{
		ID: r.ID, Arm: r.Arm, State: string(r.State), Class: string(r.Class), Error: r.Error, Sweeps: r.Sweeps, Benchmark: r.Benchmark,
		Model: r.Model, Label: r.Label, Seed: r.Seed, Attempts: r.Attempts, Started: r.Started, Steps: r.Steps,
		Epoch: jsonMaybe(r.Epoch), Loss: jsonMaybe(r.Loss), DevF1: jsonMaybe(r.DevF1), DevF1Step: r.DevF1Step,
		Tags: r.Tags, Note: r.Note, Host: r.Host, Device: r.Device, OnTest: r.OnTest, Imported: r.Imported,
	}
	for key, v := range r.Values {
		if x, isFloat := v.(float64); isFloat {
			v = jsonNumber(x)
		}
		if j.Values == nil {
			j.Values = map[string]any{}
		}
		j.Values[key] = v
	}
	if !r.Finished.IsZero() {
		j.Finished = &r.Finished
	}
	return j
}

func jsonMaybe(v *float64) any {
	if v == nil {
		return nil
	}
	return jsonNumber(*v)
}

func jsonNumber(v float64) any {
	if mmibx.Finite(v) {
		return v
	}
	return strings.TrimSpace(fmt.Sprintf("%+v", v))
}

// resolve turns prefixes of ids into ids.
func resolve(ctx context.Context, db *tracker.DB, prefixes []string) ([]string, error) {
	ids := make([]string, len(prefixes))
	for i, p := range prefixes {
		id, err := db.Resolve(ctx, p)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

// runOf reads the run that a beginning of its id names.
func runOf(ctx context.Context, db *tracker.DB, prefix string) (*tracker.RunDetail, error) {
	id, err := db.Resolve(ctx, prefix)
	if err != nil {
		return nil, err
	}
	return db.Run(ctx, id)
}

// decide resolves ids, lets fn write into the people's journal, and syncs.
func (a *app) decide(cmd *cobra.Command, prefixes []string, fn func(store mmibx.Store, ids []string) error) error {
	return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
		ids, err := resolve(ctx, db, prefixes)
		if err != nil {
			return err
		}
		if err := fn(mmibx.Store(a.storeDir), ids); err != nil {
			return err
		}
		_, err = db.Sync(ctx)
		return err
	})
}

// retryRuns refuses what needs no other attempt.
func (a *app) retryRuns(store mmibx.Store, ids ...string) error {
	states, err := a.statesOf(context.Background(), ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if s := stateIn(states, id); s == mmibx.Done || s == mmibx.Queued || s == mmibx.Running {
			return &mmibx.InputError{Key: "run " + id, Found: string(s), Expected: "one that failed, diverged or was lost or stopped"}
		}
	}
	return tracker.Retry(store, ids...)
}

func newDecideCmd(a *app, verb, short string, fn func(mmibx.Store, ...string) error) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ID...", Short: short, Example: "  mmibx runs " + verb + " 4f1c9a 77ab02",
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.decide(cmd, args, func(store mmibx.Store, ids []string) error { return fn(store, ids...) })
		},
	}
}

func newRunsRetryCmd(a *app) *cobra.Command {
	undo := false
	cmd := newDecideCmd(a, "retry", "Ask for another attempt at runs that ended badly", func(store mmibx.Store, ids ...string) error {
		if undo {
			return tracker.Forgo(store, ids...)
		}
		return a.retryRuns(store, ids...)
	})
	cmd.Flags().BoolVar(&undo, "undo", false, "ask for none, where none began since")
	return cmd
}

func newRunsTagCmd(a *app) *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use: "tag TAG ID...", Short: "Give runs a tag, or take it away with --remove",
		Example: "  mmibx runs tag paper 4f1c9a 77ab02\n  mmibx runs tag --remove paper 4f1c9a",
		Args:    usageArgs(cobra.MinimumNArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.decide(cmd, args[1:], func(store mmibx.Store, ids []string) error {
				if remove {
					return tracker.Untag(store, ids, args[0])
				}
				return tracker.Tag(store, ids, args[0])
			})
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "take the tag away")
	return cmd
}

// sureID is how many digits of an id no word of a note is likely to be.
const sureID = 6

func newRunsNoteCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "note ID... TEXT", Short: "Write a note on runs; an empty text takes it away",
		Example: "  mmibx runs note 4f1c9a 'warm-up was too short'\n  mmibx runs note 4f1c9a 77ab02 ''",
		Long:    fmt.Sprintf("Write a note on runs; an empty text takes it away. Several runs are each named by\n%d digits of their ids or more: so no word of a text without quotes is taken for a run.", sureID),
		Args:    usageArgs(cobra.MinimumNArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			last := len(args) - 1
			if i := slices.IndexFunc(args[:last], func(id string) bool { return len(id) < sureID }); last > 1 && i >= 0 {
				return &mmibx.InputError{Key: "run", Found: strconv.Quote(args[i]), Expected: fmt.Sprintf("%d digits of an id or more, where there are several runs", sureID), Cure: "put the text of the note in quotes"}
			}
			return a.decide(cmd, args[:last], func(store mmibx.Store, ids []string) error { return tracker.Note(store, ids, args[last]) })
		},
	}
}
