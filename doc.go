// Package mmibx holds the words of the laboratory as types: the spec that
// decides a run, the examples that a model reads, the metrics that it logs and
// the errors that people see.
//
// The package imports the standard library only, and every other package may
// import it; see docs/reference/layout.md for the arrows between the rest.
package mmibx
