// Package torch is the thin layer over libtorch that the models are written on:
// a tensor handle, a scope that frees, the operations that the models need, the
// optimiser, and a shim of a few C++ functions that gotch lacks.
//
// Three rules make it safe. All of it runs on one goroutine that is locked to
// its thread (Do), because libtorch keeps gradient mode, autocast, the last
// error and the OpenMP team per thread. Tensors belong to a Scope or to Params
// and nothing waits for the garbage collector. An operation that libtorch
// refuses panics with an *Error, which Do turns into an error.
//
// Everything but this file carries the build tag torch.
package torch
