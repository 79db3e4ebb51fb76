package experiments

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Verb is what a person may tell a runner while it runs.
type Verb string

// The verbs of control. Stop checkpoints and ends the runs named, or the whole
// sweep; Pause starts no further run; Jobs changes how many run at once; Retry
// queues again the runs named, or all that failed. First moves
// the runs named before or behind the others by the priority given.
const (
	Stop   Verb = "stop"
	Pause  Verb = "pause"
	Resume Verb = "resume"
	Jobs   Verb = "jobs"
	Retry  Verb = "retry"
	First  Verb = "priority"
)

// Order is a verb with what it is about.
type Order struct {
	Verb Verb     `json:"-"`
	Runs []string `json:"runs,omitempty"`
	Jobs int      `json:"jobs,omitempty"`
	// Priority of the runs named: higher starts earlier, 0 is usual.
	Priority int  `json:"priority,omitempty"`
	Now      bool `json:"now,omitempty"` // stop without waiting for checkpoints
}

// String is the order in words, as the event says it that answers.
func (o Order) String() string {
	text := string(o.Verb)
	switch {
	case o.Verb == Jobs:
		text += " " + itoa(o.Jobs)
	case o.Verb == First:
		text += fmt.Sprintf(" %d: %s", o.Priority, strings.Join(o.Runs, " "))
	case len(o.Runs) > 0:
		text += " " + strings.Join(o.Runs, " ")
	}
	return text
}

func controlPath(store mmibx.Store, sweep string) string {
	return filepath.Join(store.Sweep(sweep), "control")
}

// Tell appends an order to the sweep's control journal. A runner that is alive
// obeys within a second; without one nobody reads it.
func Tell(store mmibx.Store, sweep string, o Order) error {
	w, err := journal.OpenAppend(controlPath(store, sweep))
	if err != nil {
		return err
	}
	return errors.Join(w.Entry(string(o.Verb), o), w.Abandon())
}

// control reads the orders that came since it last looked.
type control struct {
	path   string
	offset int64
}

// newControl starts behind the orders that an earlier runner was given.
func newControl(store mmibx.Store, sweep string) (*control, error) {
	c := &control{path: controlPath(store, sweep)}
	_, err := c.orders()
	return c, err
}

func (c *control) orders() ([]Order, error) {
	if info, err := os.Stat(c.path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == c.offset {
		return nil, nil
	}
	var orders []Order
	next, err := journal.Read(c.path, c.offset, func(r journal.Record) error {
		if r.Type != journal.TypeEntry {
			return nil
		}
		o := Order{Verb: Verb(r.Kind)}
		if json.Unmarshal(r.Entry, &o) == nil {
			orders = append(orders, o)
		}
		return nil
	})
	c.offset = next
	return orders, err
}
