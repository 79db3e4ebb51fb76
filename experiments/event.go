package experiments

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// EventKind says what happened in a sweep.
type EventKind string

// The kinds of events.
const (
	Began    EventKind = "began"    // the runner took up the plan
	Started  EventKind = "started"  // a worker was given a run
	Ended    EventKind = "ended"    // a run ended in State
	Retrying EventKind = "retrying" // a run ended badly and waits for another try
	Waiting  EventKind = "waiting"  // another process holds the run
	Told     EventKind = "told"     // a person said something: Text is the verb
	Warned   EventKind = "warned"   // something that people should know
	Finished EventKind = "finished" // the runner leaves
)

// Event is one line of a sweep's story. The runner reports each and keeps them
// in the sweep's folder, where a terminal UI reads them.
type Event struct {
	Kind      EventKind           `json:"kind"`
	At        time.Time           `json:"at"`
	Run       string              `json:"run,omitempty"`
	ArmName   string              `json:"arm_name,omitempty"`
	Label     string              `json:"label,omitempty"`
	Benchmark string              `json:"benchmark,omitempty"`
	Seed      int                 `json:"seed"`
	Lane      int                 `json:"lane,omitempty"` // of the worker, from 1
	Attempt   int                 `json:"attempt,omitempty"`
	State     mmibx.State         `json:"state,omitempty"`
	Class     mmibx.FailureClass  `json:"class,omitempty"`
	Text      string              `json:"text,omitempty"`
	Took      time.Duration       `json:"took,omitempty"`   // of an attempt that ended
	Counts    map[mmibx.State]int `json:"counts"`           // of the plan's runs, after the event
	Left      time.Duration       `json:"left,omitempty"`   // estimated, 0 while nothing is known
	Jobs      int                 `json:"jobs"`             // workers wanted at once on the processor
	Slots     int                 `json:"slots"`            // workers wanted at once on all devices; those of GPUs are the first lanes
	Device    string              `json:"device,omitempty"` // of the lane, where it is a GPU: cuda:1
	Paused    bool                `json:"paused,omitempty"`
	Spent     time.Duration       `json:"spent,omitempty"` // by all attempts at runs of the plan
	// Utilisation is the share of the workers' time since the runner began in which they
	// had a run, from 0 to 1.
	Utilisation float64 `json:"utilisation,omitempty"`
	// Offered is the workers' time of which Utilisation is a share.
	Offered time.Duration `json:"offered,omitempty"`
}

func eventsPath(store mmibx.Store, sweep string) string {
	return filepath.Join(store.Sweep(sweep), "events")
}

// Events calls fn for each event of a sweep from an offset on and returns the
// offset to go on from. A sweep that never ran has none.
func Events(store mmibx.Store, sweep string, offset int64, fn func(Event)) (next int64, err error) {
	path := eventsPath(store, sweep)
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return offset, nil
	}
	return journal.Read(path, offset, func(r journal.Record) error {
		var e Event
		if r.Type == journal.TypeEntry && json.Unmarshal(r.Entry, &e) == nil {
			fn(e)
		}
		return nil
	})
}
