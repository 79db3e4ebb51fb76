// Command mmibx-worker does the mathematics: it is the only program that links
// libtorch, and mmibx starts it. Its first argument says what to do:
//
//	work      take jobs (mmibx.Job, a line of JSON each) on standard input until it
//	          ends, and answer each with an mmibx.Outcome on standard output
//	features  turn a folder of pictures into a feature file (mmibx.FeatureJob)
//	predict   answer one mmibx.Inquiry with an mmibx.Prediction a line
//	parity    write what MMIB computes of a batch with given weights
//	          (mmibx.ParityJob)
//	facts     print what libtorch is linked and what it found, as JSON
//	facts cuda  the same after a try of CUDA, and why runs cannot be on a GPU
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/mmibx/mmibx"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case err == nil:
	case errors.Is(err, mmibx.ErrUsage):
		fmt.Fprintln(os.Stderr, "mmibx-worker:", err)
		os.Exit(2)
	case errors.Is(err, mmibx.ErrNotFound):
		fmt.Fprintln(os.Stderr, "mmibx-worker:", err)
		os.Exit(3)
	case errors.Is(err, mmibx.ErrInterrupted):
		fmt.Fprintln(os.Stderr, "mmibx-worker:", err)
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "mmibx-worker:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch strings.Join(args, " ") {
	case "work":
		return work(ctx, os.Stdin, os.Stdout)
	case "features":
		return features(ctx, os.Stdin, os.Stdout)
	case "predict":
		return predict(ctx, os.Stdin, os.Stdout)
	case "parity":
		return parity(ctx, os.Stdin, os.Stdout)
	case "facts":
		return facts(os.Stdout, "cpu")
	case "facts cuda":
		return facts(os.Stdout, "cuda")
	}
	return fmt.Errorf("%w: mmibx-worker work|features|predict|parity|facts [cuda]; mmibx starts it by itself", mmibx.ErrUsage)
}
