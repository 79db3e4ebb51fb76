package datasets

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
)

// maxFaults is how many faults of one file are told one by one.
const maxFaults = 10

// FileError is a file with more than one bad line.
type FileError struct {
	File   string
	Faults []*mmibx.InputError // the first ten
	Count  int                 // of all
}

// Error lists the faults that are kept, one per line.
func (e *FileError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d faults", e.File, e.Count)
	if e.Count > len(e.Faults) {
		fmt.Fprintf(&b, ", the first %d", len(e.Faults))
	}
	b.WriteByte(':')
	for _, f := range e.Faults {
		b.WriteString("\n  " + f.Error())
	}
	return b.String()
}

// Unwrap gives errors.Is and errors.As every fault that is kept.
func (e *FileError) Unwrap() []error {
	all := make([]error, len(e.Faults))
	for i, f := range e.Faults {
		all[i] = f
	}
	return all
}

// faults gathers what is wrong with a file while it is read.
type faults struct {
	file  string
	line  int // of the file, from 1
	first []*mmibx.InputError
	count int
}

// add keeps a fault, with the file and the line where reading stands.
func (f *faults) add(e *mmibx.InputError) {
	f.count++
	if len(f.first) < maxFaults {
		e.File, e.Line = f.file, f.line
		f.first = append(f.first, e)
	}
}

func (f *faults) err() error {
	switch f.count {
	case 0:
		return nil
	case 1:
		return f.first[0]
	}
	return &FileError{File: f.file, Faults: f.first, Count: f.count}
}

// quote quotes the beginning of a text.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}
