package tracker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Edit is what the people's journal keeps of one decision; its kind says which
// of the fields count.
type Edit struct {
	Runs     []string       `json:"runs,omitempty"`
	Tags     []string       `json:"tags,omitempty"`     // tag, untag
	Note     string         `json:"note,omitempty"`     // note; "" takes it away
	Priority int            `json:"priority,omitempty"` // priority
	After    map[string]int `json:"after,omitempty"`    // retry: by run, the attempt after which another is asked for
	By       string         `json:"by,omitempty"`
}

// Look is one look at scores of a split that is sealed.
type Look struct {
	What  string      `json:"what"` // the command
	Split mmibx.Split `json:"split,omitempty"`
	Arms  []string    `json:"arms,omitempty"`
	Runs  []string    `json:"runs,omitempty"`
	By    string      `json:"by,omitempty"`
}

// The kinds of entries in the people's journal.
const (
	editTag      = "tag"
	editUntag    = "untag"
	editNote     = "note"
	editRemove   = "rm"
	editRestore  = "restore"
	editRetry    = "retry"
	editPriority = "priority"
	entryLook    = "look"
)

// Tag gives runs tags. The next Sync makes it seen, as with all that follows.
func Tag(store mmibx.Store, runs []string, tags ...string) error {
	return decide(store, editTag, Edit{Runs: runs, Tags: tags})
}

// Untag takes tags away.
func Untag(store mmibx.Store, runs []string, tags ...string) error {
	return decide(store, editUntag, Edit{Runs: runs, Tags: tags})
}

// Note replaces the note of runs.
func Note(store mmibx.Store, runs []string, note string) error {
	return decide(store, editNote, Edit{Runs: runs, Note: note})
}

// Remove puts runs into the bin: lists and tables leave them out. Their files
// stay, and Restore takes them out again.
func Remove(store mmibx.Store, runs ...string) error {
	return decide(store, editRemove, Edit{Runs: runs})
}

// Restore takes runs out of the bin.
func Restore(store mmibx.Store, runs ...string) error {
	return decide(store, editRestore, Edit{Runs: runs})
}

// Prioritize lets runs start earlier than those with a lower priority; 0 is usual.
func Prioritize(store mmibx.Store, priority int, runs ...string) error {
	return decide(store, editPriority, Edit{Runs: runs, Priority: priority})
}

// Retry asks for another attempt at runs that ended badly; until it starts they
// count as queued.
func Retry(store mmibx.Store, runs ...string) error {
	after := map[string]int{}
	for _, run := range runs {
		last, err := journal.LastAttempt(store, run)
		if err == nil && last == 0 {
			err = fmt.Errorf("run %s: %w", run, mmibx.ErrNotFound)
		}
		if err == nil {
			err = refuseImported(store, run, last)
		}
		if err != nil {
			return err
		}
		after[run] = last
	}
	return decide(store, editRetry, Edit{After: after})
}

// Forgo takes back that another attempt is asked for: runs of which none began since
// count again as they ended.
func Forgo(store mmibx.Store, runs ...string) error {
	after := map[string]int{}
	for _, run := range runs {
		after[run] = 0
	}
	return decide(store, editRetry, Edit{After: after})
}

// refuseImported answers for runs that never ran here.
func refuseImported(store mmibx.Store, run string, attempt int) error {
	_, err := journal.Read(store.Journal(run, attempt), 0, func(r journal.Record) error {
		if r.Header != nil && r.Header.Imported != nil {
			return &mmibx.InputError{Key: "run " + run, Found: "what was imported", Expected: "a run that ran here", Cure: "import it again"}
		}
		return io.EOF // the header is the first record
	})
	if errors.Is(err, io.EOF) || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// RecordLook adds a line to the ledger of looks at test scores.
func RecordLook(store mmibx.Store, l Look) error {
	l.By = userName()
	return decide(store, entryLook, l)
}

// decide appends one entry and returns when it is on disk.
func decide(store mmibx.Store, kind string, entry any) error {
	if e, ok := entry.(Edit); ok {
		e.By = userName()
		entry = e
	}
	w, err := journal.OpenAppend(store.People())
	if err != nil {
		return err
	}
	return errors.Join(w.Entry(kind, entry), w.Abandon())
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

// edit puts an entry of the people's journal into effect.
func (in *ingest) edit(r *journal.Record) error {
	switch r.Kind {
	case editTag, editUntag, editNote, editRemove, editRestore, editRetry, editPriority:
	default:
		return nil
	}
	var e Edit
	if json.Unmarshal(r.Entry, &e) != nil {
		return nil // an entry of another program; it stands in the table of entries
	}
	for run, attempt := range e.After {
		if err := in.set(run, "retry", attempt); err != nil {
			return err
		}
	}
	for _, run := range e.Runs {
		if err := in.editRun(r.Kind, run, &e); err != nil {
			return err
		}
	}
	return nil
}

func (in *ingest) editRun(kind, run string, e *Edit) error {
	switch kind {
	case editTag, editUntag:
		query := "INSERT OR IGNORE INTO tag (run, tag) VALUES (?, ?)"
		if kind == editUntag {
			query = "DELETE FROM tag WHERE run = ? AND tag = ?"
		}
		for _, tag := range e.Tags {
			if err := in.exec(query, run, tag); err != nil {
				return err
			}
		}
		return nil
	case editNote:
		return in.set(run, "note", e.Note)
	case editRemove, editRestore:
		return in.set(run, "binned", kind == editRemove)
	case editPriority:
		return in.set(run, "priority", e.Priority)
	}
	return nil
}

func (in *ingest) set(run, column string, value any) error {
	return in.exec("INSERT INTO edit (run, "+column+") VALUES (?1, ?2) ON CONFLICT (run) DO UPDATE SET "+column+" = ?2", run, value)
}
