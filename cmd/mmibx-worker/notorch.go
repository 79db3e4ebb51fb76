//go:build !torch

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/mmibx/mmibx"
)

func work(context.Context, io.Reader, io.Writer) error { return errNoTorch() }

func features(context.Context, io.Reader, io.Writer) error { return errNoTorch() }

func predict(context.Context, io.Reader, io.Writer) error { return errNoTorch() }

func parity(context.Context, io.Reader, io.Writer) error { return errNoTorch() }

func facts(io.Writer, string) error { return errNoTorch() }

func errNoTorch() error {
	return fmt.Errorf("%w; run `make build`, which finds or fetches a PyTorch and builds the worker with it", mmibx.ErrNoTorch)
}
