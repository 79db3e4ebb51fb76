package tui

import (
	"context"
	"os/exec"
)

// Author writes sweep files. Nothing of it starts a run.
type Author interface {
	// Template is the text of a study that ships, or for "" one to start from.
	Template(ctx context.Context, study string) (string, error)
	// Draft gives a key of a sweep file other values, as they were typed, and reads
	// the text as the CLI would, to be run by so many workers; without a key it reads
	// it as it is. What is wrong with the text is in the draft; an error is about the
	// store.
	Draft(ctx context.Context, text, key, typed string, workers int) (Draft, error)
	// Save writes a text to a file and says its path. Another text is replaced only
	// where that is allowed; else the error is one of fs.ErrExist.
	Save(ctx context.Context, name, text string, replace bool) (path string, err error)
	// Editor is the person's editor on a copy of a text, and what reads it after.
	Editor(text string) (cmd *exec.Cmd, read func() (string, error), err error)
}

// Draft is a sweep file that is being written.
type Draft struct {
	Text   string
	Name   string
	Fields []DraftField
	Plan   Plan     // of the last text that makes one
	Faults []string // of the text; then Plan is empty
	Note   string   // what the store has under the name already
}

// DraftField is a key of the file that the form shows.
type DraftField struct {
	Key    string
	Typed  string
	Locked string // why the form cannot change it
}
