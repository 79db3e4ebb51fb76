package datasets

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// release is a published version of a benchmark: the digests of its text.
type release struct {
	benchmark, name string
	digests         map[string]string // SHA-256 by file
}

// releases lists the versions that can be told by their digests. Twitter-2015
// goes round in two: UMT's original, and a repaired one whose labels differ in
// 239 tweets of test; a table must not mix them.
var releases = []release{
	{"twitter2015", "original (UMT)", map[string]string{
		"train.txt": "a6246e37aa1c8acd738747fa8257e01775f2a1cc0d4f36f82f9d41d6246ad6fa",
		"valid.txt": "9dcc7f9df7331de3c9cdf67a3450e041c41c6254b5e43925c576e2dfaaabe2ad",
		"test.txt":  "edb2665b89bfe58bca06a2c10b9b31cbfa95456135b6a4cbf55c872e48d9b8f9",
	}},
	{"twitter2017", "UMT", map[string]string{
		"train.txt": "801e149e8635b19d66b4ec1212c329be340ada501b35c5fa55455fb6f53633be",
		"valid.txt": "41b5db90cb32059c14c2c3ccd50845fb77f1e3d3e4f7d0c210a61bc507d8a73e",
		"test.txt":  "a7d9e172ae85bd3e35276eb2b01ce223321bdc92a47b234e24305d72e7a05243",
	}},
	{"mnre", "v2", map[string]string{
		"mnre_train.txt": "1cc34438a00e2a2db73e4eba297820f926f62abd1fddc693caa13c58b62428b7",
		"mnre_val.txt":   "c76865179b5678167b164c21fd25ed31f9a1416da393ac93ce70f32b00352b75",
		"mnre_test.txt":  "f53c2f9b7739bea7d08aee4a91bfd6ec7432e1d0eeb83debf10f5d3291bc5215",
		relationsFile:    "f09c6c2773fd9078e1b46dd632cba2e0d4b0448d9695d00297e72d4e1f50fd15",
	}},
}

// Version names the published version that a set is, and for another one the
// files that differ from the one we know. One of the user's own is told by a
// digest of all of its files.
func (s *Set) Version() string {
	if s.Benchmark.Miniature {
		return "generated"
	}
	if s.Benchmark.Own {
		all := sha256.New()
		for _, name := range slices.Sorted(maps.Keys(s.Digests)) {
			fmt.Fprintf(all, "%s\t%s\n", name, s.Digests[name])
		}
		return fmt.Sprintf("own, %.8x", all.Sum(nil))
	}
	version := "unknown version"
	for _, r := range releases {
		if r.benchmark != s.Benchmark.Name {
			continue
		}
		differ := r.differ(s.Digests)
		if len(differ) == 0 {
			return r.name
		}
		version = "unknown version (not " + r.name + ": " + strings.Join(differ, ", ") + ")"
	}
	return version
}

// differ lists the files whose digest is another, in reading order.
func (r release) differ(digests map[string]string) []string {
	var names []string
	for _, name := range []string{relationsFile, "train.txt", "valid.txt", "test.txt", "mnre_train.txt", "mnre_val.txt", "mnre_test.txt"} {
		if r.digests[name] != digests[name] && r.digests[name] != "" {
			names = append(names, name)
		}
	}
	return names
}
