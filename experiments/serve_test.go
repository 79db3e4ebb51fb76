package experiments

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// A worker whose device has failed answers its job and takes no other, which the
// runner then gives to the next worker.
func TestServeEndsWithItsDevice(t *testing.T) {
	store := newStore(t)
	var jobs bytes.Buffer
	for _, run := range []string{"0123456789ab", "123456789abc"} {
		if err := json.NewEncoder(&jobs).Encode(mmibx.Job{Run: run, Attempt: 1, Store: store}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var answers strings.Builder
	err := Serve(ctx, &jobs, &answers, func(_ context.Context, job mmibx.Job) mmibx.Outcome {
		leave()
		return mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: mmibx.Failed, Class: mmibx.FailError}
	})
	if said := answers.String(); err != nil || strings.Count(said, "\n") != 1 || !strings.Contains(said, "0123456789ab") {
		t.Errorf("%v; answered %q", err, said)
	}
}
