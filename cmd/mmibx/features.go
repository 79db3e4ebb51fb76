package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
)

func newFeaturesCmd(a *app) *cobra.Command {
	job := mmibx.FeatureJob{}
	cmd := &cobra.Command{
		Use:   "features FOLDER -o FILE",
		Short: "Turn a folder of pictures into a feature file",
		Long: "Turn the JPEG and PNG pictures of a folder, and of those below it, into a feature file with a frozen encoder.\n" +
			"A picture's id is the name of its file, or what a join.tsv in the folder says. As features/NAME.safetensors in a\n" +
			"benchmark's folder the file is evidence: evidence.kind=features evidence.features=NAME.",
		Example: "  mmibx features data/twitter2017/images -o data/twitter2017/features/lite0.safetensors\n" +
			"  mmibx train benchmark=twitter2017 model=mmib evidence=features evidence.features=lite0",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkDevice(job.Device); err != nil {
				return err
			}
			job.Folder = args[0]
			started := time.Now()
			report, clear := progressLine(cmd.ErrOrStderr())
			last, err := runFeatures(cmd.Context(), job, report)
			clear()
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"file": job.Out, "pictures": last.Done, "rows": last.Rows, "width": last.Width})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d pictures, %d rows of %d by %s, in %s\n",
				job.Out, last.Done, last.Rows, last.Width, job.Encoder, time.Since(started).Round(time.Second/10))
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&job.Encoder, "encoder", mmibx.PictureEncoders[0], "frozen picture encoder: "+strings.Join(mmibx.PictureEncoders, " or "))
	flags.StringVarP(&job.Out, "out", "o", "", "the feature file to write, .safetensors")
	flags.StringVar(&job.Device, "device", "cpu", "cpu or cuda")
	flags.IntVar(&job.Threads, "threads", 0, "of an operation; 0: as many as PyTorch takes")
	return cmd
}

// progressLine says how far the pictures are, as countLine does.
func progressLine(w io.Writer) (report func(mmibx.FeatureReport), clear func()) {
	say, clear := countLine(w)
	return func(r mmibx.FeatureReport) { say("pictures", r.Done, r.Total) }, clear
}

// countLine says how far some work is in a line of the terminal that is written
// over, and clears it; elsewhere it says nothing. A total of 0 is not shown.
func countLine(w io.Writer) (say func(doing string, done, total int), clear func()) {
	terminal := false
	if f, ok := w.(*os.File); ok {
		_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
		terminal = err == nil
	}
	if !terminal {
		return func(string, int, int) {}, func() {}
	}
	clear = func() { fmt.Fprint(w, "\r\x1b[K") }
	return func(doing string, done, total int) {
		clear()
		fmt.Fprint(w, doing)
		if total > 0 {
			fmt.Fprintf(w, " %d/%d", done, total)
		}
	}, clear
}

// runFeatures lets a worker do the job and returns its last report.
func runFeatures(ctx context.Context, job mmibx.FeatureJob, report func(mmibx.FeatureReport)) (mmibx.FeatureReport, error) {
	var last mmibx.FeatureReport
	if filepath.Ext(job.Out) != ".safetensors" {
		return last, &mmibx.InputError{Key: "--out", Found: fmt.Sprintf("%q", job.Out), Expected: "a name that ends in .safetensors"}
	}
	err := askWorker(ctx, "features", job, nil, func(line []byte) {
		if json.Unmarshal(line, &last) == nil {
			report(last)
		}
	})
	if err == nil && last.Rows == 0 {
		err = errors.New("the worker ended without an answer")
	}
	return last, err
}
