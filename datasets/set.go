package datasets

import (
	"slices"

	"github.com/mmibx/mmibx"
)

// EntityTypes lists the entity types of the MNER benchmarks in the order in which a
// model numbers them.
func EntityTypes() []string { return slices.Clone(entityTypes) }

// Set is a benchmark that has been read (or, when miniature, generated).
type Set struct {
	Benchmark mmibx.Benchmark
	// Labels lists the entity types (MNER) or the relations (MRE, None first)
	// in the order in which a model numbers them.
	Labels []string
	// Examples holds each split in the order of its file.
	Examples map[mmibx.Split][]mmibx.Example
	// Digests maps the name of each file that the examples came from to the
	// SHA-256 of its bytes, in hexadecimal; it enters the identity of a run.
	Digests map[string]string
}
