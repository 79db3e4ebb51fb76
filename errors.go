package mmibx

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinels that callers test with errors.Is. The program's exit codes follow
// them: ErrUsage is 2, ErrNotFound is 3, ErrInterrupted is 130, others 1.
var (
	ErrUsage       = errors.New("usage")
	ErrNotFound    = errors.New("not found")
	ErrInterrupted = errors.New("interrupted")
	// ErrPruned is the cause of the end of a run's context where a pruner ends it.
	ErrPruned = errors.New("pruned")
	// ErrDiverged marks a run whose loss stopped being finite.
	ErrDiverged = errors.New("diverged")
	// ErrOutOfMemory marks a run that the device could not hold.
	ErrOutOfMemory = errors.New("out of memory")
	// ErrBadSpec marks a spec that no retry can save.
	ErrBadSpec = errors.New("bad spec")
	// ErrUnread marks a sync that left journals out because they cannot be read;
	// all others are in the database, and trying again does not help.
	ErrUnread = errors.New("a journal cannot be read")
	// ErrBudget marks a sweep that ended because its budget of hours is used up.
	ErrBudget = errors.New("the budget is used up")
	// ErrNoTorch is what a program built without libtorch answers.
	ErrNoTorch = errors.New("this program was built without libtorch")
)

// InputError is a fault in something that a person wrote: a sweep file, a data
// file, a flag. Each part may be empty; Error prints those that are set.
type InputError struct {
	File     string // as the user named it
	Line     int    // from 1; 0 when unknown
	Key      string // dotted key, column or flag
	Found    string
	Expected string
	Cure     string // what to do about it, as an imperative
}

// Error reads "FILE:LINE: key KEY: found X, expected Y; do Z".
func (e *InputError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		fmt.Fprintf(&b, "%s: ", e.Key)
	}
	b.WriteString("found " + e.Found)
	if e.Expected != "" {
		b.WriteString(", expected " + e.Expected)
	}
	if e.Cure != "" {
		b.WriteString("; " + e.Cure)
	}
	return b.String()
}

// Unwrap makes a fault of input a usage error.
func (e *InputError) Unwrap() error { return ErrUsage }

// FirstLine is the first line of a failure's text, which says what happened; what a
// process printed before may follow it.
func FirstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// Nearest returns the candidate with the smallest edit distance to word, or ""
// when nothing is near enough to be worth suggesting. A word without dots may be
// meant for the last part of a dotted candidate: lr for train.lr.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", len(word)/2+2
	for _, c := range candidates {
		d := editDistance(word, c)
		if dot := strings.LastIndex(c, "."); dot >= 0 && !strings.Contains(word, ".") {
			d = min(d, editDistance(word, c[dot+1:]))
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// editDistance is Levenshtein's, over bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			substitute := diagonal
			if a[i-1] != b[j-1] {
				substitute++
			}
			diagonal = row[j]
			row[j] = min(row[j]+1, row[j-1]+1, substitute)
		}
	}
	return row[len(b)]
}
