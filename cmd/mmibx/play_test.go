package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// playLogger logs a run of the store $MMIBX_STORE, its seed on the first line of
// standard input, twenty times a second until standard input ends.
func playLogger() error {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	seed, err := strconv.Atoi(line[:len(line)-1])
	if err != nil {
		return err
	}
	spec, err := mmibx.Resolve(map[string]any{"benchmark": "mini-mnre", "model": "text", "seed": seed})
	if err != nil {
		return err
	}
	store, id := mmibx.Store(os.Getenv("MMIBX_STORE")), spec.ID(mmibx.Inputs{})
	claim, err := journal.Claim(store.RunLock(id))
	if err != nil {
		return err
	}
	w, err := journal.Create(store.Journal(id, 1), journal.Header{Run: id, Arm: spec.Arm(mmibx.Inputs{}), Attempt: 1, Spec: spec.Values(), Started: time.Now()})
	if err != nil {
		return errors.Join(err, claim.Close())
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, in)
		ended <- err
	}()
	fmt.Println("logging")
	for step := int64(1); ; step++ {
		if err := w.Log(step, mmibx.Metric{Name: mmibx.Loss, Value: 1 / float64(step)}, mmibx.Metric{Name: mmibx.Epoch, Value: float64(step) / 1000}); err != nil {
			return err
		}
		select {
		case err := <-ended:
			return errors.Join(err, w.Close(journal.Trailer{State: mmibx.Stopped, Finished: time.Now()}), claim.Close())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
