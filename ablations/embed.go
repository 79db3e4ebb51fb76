// Package ablations holds the studies that ship: sweep files that the program
// carries with it. A study is one file, and being in this folder registers it.
package ablations

import (
	"embed"
	"fmt"
	"strings"

	"github.com/mmibx/mmibx"
)

//go:embed *.toml
var files embed.FS

// Names lists the studies in alphabetical order.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".toml")
	}
	return names
}

// Read returns the text of a study's sweep file.
func Read(name string) ([]byte, error) {
	text, err := files.ReadFile(name + ".toml")
	if err != nil {
		cure := "`mmibx studies` lists them"
		if near := mmibx.Nearest(name, Names()); near != "" {
			cure = "did you mean " + near + "?"
		}
		return nil, fmt.Errorf("study %q: %w; %s", name, mmibx.ErrNotFound, cure)
	}
	return text, nil
}
