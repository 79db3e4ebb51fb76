package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/weights"
)

// modelFlags say which MMIB a file of weights is of.
type modelFlags struct {
	model, task, preset string
	set                 []string
}

func (f *modelFlags) add(cmd *cobra.Command, preset string) {
	flags := cmd.Flags()
	flags.StringVar(&f.model, "model", "mmib", "the network: mmib")
	flags.StringVar(&f.task, "task", "", "mner or mre")
	flags.StringVar(&f.preset, "preset", preset, "official (as released) or default")
	flags.StringArrayVar(&f.set, "set", nil, "`KEY=VALUE` of what the preset decides: betas, align, masks, tags; repeatable")
}

func (f *modelFlags) spec() (mmibx.Spec, error) {
	if f.model != "mmib" {
		return mmibx.Spec{}, &mmibx.InputError{Key: "--model", Found: fmt.Sprintf("%q", f.model), Expected: "mmib"}
	}
	return mmibx.ParitySpec(mmibx.Task(f.task), f.preset, f.set)
}

func newParityCmd(a *app) *cobra.Command {
	var f modelFlags
	var job mmibx.ParityJob
	cmd := &cobra.Command{
		Use:   "parity --task mner|mre --weights FILE --batch BATCH.safetensors --out OUT.safetensors",
		Short: "Compute outputs, losses and gradients of a batch, to be held against another program",
		Long: `Compute outputs, losses and gradients of a batch, to be held against another program.

Weights are those of a run (best.safetensors), a folder of mmibx import checkpoint, or
a checkpoint of MMIB's authors (.pt, .pth or safetensors). Depth and widths are read
off them; heads are those of a config.json beside them, else 12. Dropout is off; latents
are means, plus eps_text and eps_image times their deviation where the batch has them.
docs/reference/parity-command.md lists what the batch may hold and what is written.`,
		Example: "  mmibx parity --task mner --preset official --weights mmib.pt --batch batch.safetensors --out ours.safetensors\n" +
			"  mmibx parity --task mre --preset default --weights mmibx-runs/runs/4f1c9a0d2b6e/1/best.safetensors \\\n" +
			"    --batch batch.safetensors --out ours.safetensors --set ib.beta=0.01",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			spec, err := f.spec()
			if err != nil {
				return err
			}
			job.Spec = spec.Values()
			if err := checkParity(&job); err != nil {
				return err
			}
			report, err := runParity(cmd.Context(), job)
			if err != nil {
				return err
			}
			return a.printParity(cmd, report)
		},
	}
	f.add(cmd, "default")
	flags := cmd.Flags()
	flags.StringVar(&job.Weights, "weights", "", "the weights: a `FILE`, or a folder that holds one")
	flags.StringVar(&job.Batch, "batch", "", "the batch: a `FILE` of tensors")
	flags.StringVarP(&job.Out, "out", "o", "", "the `FILE` to write, .safetensors")
	flags.StringVar(&job.Device, "device", "cpu", "cpu or cuda")
	flags.IntVar(&job.Threads, "threads", 0, "of an operation; 0: as many as PyTorch takes")
	return cmd
}

func checkParity(job *mmibx.ParityJob) error {
	for _, f := range []struct{ flag, value string }{{"--weights", job.Weights}, {"--batch", job.Batch}} {
		if f.value == "" {
			return &mmibx.InputError{Key: f.flag, Found: "nothing", Expected: "the name of a file"}
		}
	}
	if filepath.Ext(job.Out) != ".safetensors" {
		return &mmibx.InputError{Key: "--out", Found: fmt.Sprintf("%q", job.Out), Expected: "a name that ends in .safetensors"}
	}
	return checkDevice(job.Device)
}

// runParity lets a worker do the job.
func runParity(ctx context.Context, job mmibx.ParityJob) (mmibx.ParityReport, error) {
	var report mmibx.ParityReport
	err := askWorker(ctx, "parity", job, nil, func(line []byte) {
		if r := (mmibx.ParityReport{}); json.Unmarshal(line, &r) == nil {
			report = r
		}
	})
	if err == nil && report.Tensors == 0 {
		err = errors.New("the worker ended without an answer")
	}
	return report, err
}

// printParity says what the file holds, and warns of what was not read.
func (a *app) printParity(cmd *cobra.Command, r mmibx.ParityReport) error {
	terms, err := lossTerms(r.Out)
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(cmd.OutOrStdout(), struct {
			mmibx.ParityReport
			Losses map[string]*float64 `json:"losses"`
		}{r, terms})
	}
	log := cmd.ErrOrStderr()
	if len(r.LeftOver) > 0 {
		fmt.Fprintf(log, "mmibx: weights that the model does not have: %s\n", strings.Join(r.LeftOver, ", "))
	}
	if len(r.Unread) > 0 {
		fmt.Fprintf(log, "mmibx: tensors of the batch that are not read: %s\n", strings.Join(r.Unread, ", "))
	}
	if r.Pictures != "" {
		fmt.Fprintf(log, "mmibx: pictures by ResNet-50 of %s, frozen, in evaluation mode\n", r.Pictures)
	}
	t := newTable(cmd.OutOrStdout(), "TERM", "VALUE")
	for _, name := range lossNames {
		if v, ok := terms[name]; ok {
			t.row(name, digits(v, 6))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d tensors, %d of them gradients\n", r.Out, r.Tensors, r.Gradients)
	return err
}

// lossNames are the terms of the loss in the order in which they are printed.
var lossNames = []string{"loss_task", "loss_align", "kl_text", "kl_image", "loss"}

// lossTerms reads the terms that a file holds; nil is one that is not finite.
func lossTerms(path string) (map[string]*float64, error) {
	f, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	terms := map[string]*float64{}
	for _, name := range lossNames {
		if _, _, ok := f.Shape(name); !ok {
			continue
		}
		t, err := f.Tensor(name)
		if err != nil {
			return nil, err
		}
		values, err := t.Floats()
		if err != nil || len(values) != 1 {
			return nil, errors.Join(fmt.Errorf("%s: %s is no number", path, name), err)
		}
		terms[name] = nil
		if v := float64(values[0]); !math.IsNaN(v) && !math.IsInf(v, 0) {
			terms[name] = &v
		}
	}
	return terms, nil
}
