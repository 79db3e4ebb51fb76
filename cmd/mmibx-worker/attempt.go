//go:build torch

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/model"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
	"github.com/mmibx/mmibx/weights"
)

// checkpointEvery is the least time between two checkpoints of a run.
const checkpointEvery = 20 * time.Second

// registerOwn makes the user's own benchmarks known. What is wrong with one that
// the job does not read is not the job's business.
func registerOwn(job *mmibx.Job) error {
	err := datasets.RegisterOwn(job.DataDir)
	if _, known := mmibx.LookupBenchmark(fmt.Sprint(job.Spec["benchmark"])); known {
		return nil
	}
	return err
}

// record trains under a journal, whose trailer says how the attempt ended.
func record(ctx context.Context, job mmibx.Job, library *library) (err error) {
	if err := registerOwn(&job); err != nil {
		return err
	}
	spec, err := mmibx.SpecOf(job.Spec)
	if err != nil {
		return err
	}
	facts, err := torch.Init(job.Threads, job.Device)
	if err != nil {
		return err
	}
	resume, why := checkpointOf(job, facts)
	w, err := journal.Create(job.Store.Journal(job.Run, job.Attempt), header(job, facts, resume))
	if err != nil {
		return err
	}
	defer func() {
		state, class := classify(err)
		trailer := journal.Trailer{State: state, Class: class, Finished: time.Now()}
		if err != nil {
			trailer.Error = err.Error()
			trailer.Output = journal.LastWords(job.Store.Output(job.Run, job.Attempt), 50)
		}
		if err = errors.Join(err, w.Close(trailer)); err == nil {
			removeCheckpoints(job)
		}
	}()
	if why != "" {
		if err := w.Event("anew", why); err != nil {
			return err
		}
	}
	err = train(ctx, job, facts, spec, w, resume, library)
	if why := context.Cause(ctx); errors.Is(err, mmibx.ErrInterrupted) && errors.Is(why, mmibx.ErrPruned) {
		return why
	}
	return err
}

func train(ctx context.Context, job mmibx.Job, facts torch.Facts, spec mmibx.Spec, w *journal.Writer, resume *model.Checkpoint, library *library) error {
	data, err := library.data(ctx, &job, &spec, w)
	if err != nil {
		return err
	}
	dir := job.Store.Attempt(job.Run, job.Attempt)
	result, err := model.Train(ctx, spec, data, model.Options{Sink: newMeter(ctx, w, job.Device), Dir: dir, Resume: resume, Machine: machine(facts), Every: checkpointEvery})
	if err != nil {
		return err
	}
	for _, split := range []mmibx.Split{mmibx.Dev, mmibx.Test} {
		var lines bytes.Buffer
		if err := scoring.WritePredictions(&lines, result.Predictions[split]); err != nil {
			return err
		}
		sha, size, err := tracker.PutObject(job.Store, &lines)
		if err != nil {
			return err
		}
		if err := w.Artifact(journal.Artifact{Name: "predictions." + string(split), SHA256: sha, Size: size, Step: result.Steps}); err != nil {
			return err
		}
	}
	if err := keepCodes(job, w, &result); err != nil {
		return err
	}
	chosen := fmt.Sprintf("epoch %d by %s", result.BestEpoch, spec.Train.SelectOn) // a test score stays sealed
	if spec.Train.SelectOn == "dev" {
		chosen += fmt.Sprintf(" %.2f", result.BestScore)
	}
	return w.Event("chosen", chosen)
}

// keepCodes keeps the codes of a network with a bottleneck, by the moment and the
// modality: start.text, start.image, best.text, best.image, each [N, Z].
func keepCodes(job mmibx.Job, w *journal.Writer, r *model.Result) error {
	if r.Start == nil || r.Best == nil {
		return nil
	}
	var tensors []weights.Named
	for _, moment := range []struct {
		name  string
		codes *model.Codes
	}{{"start", r.Start}, {"best", r.Best}} {
		c := moment.codes
		shape := []int64{int64(len(c.Text) / c.Width), int64(c.Width)}
		tensors = append(tensors, weights.Named{Name: moment.name + ".text", Tensor: weights.FromFloats(shape, c.Text)},
			weights.Named{Name: moment.name + ".image", Tensor: weights.FromFloats(shape, c.Image)})
	}
	var file bytes.Buffer
	if err := weights.Write(&file, tensors, nil); err != nil {
		return err
	}
	sha, size, err := tracker.PutObject(job.Store, &file)
	if err != nil {
		return err
	}
	return w.Artifact(journal.Artifact{Name: mmibx.CodesOfDev, SHA256: sha, Size: size, Step: r.Steps})
}

// checkpointOf reads the checkpoint that a job asks to go on from. Where the
// resumed run would not be bit-identical to the unbroken one, it starts anew and
// says why.
func checkpointOf(job mmibx.Job, facts torch.Facts) (*model.Checkpoint, string) {
	if job.Resume == 0 {
		return nil, ""
	}
	c, err := model.ReadCheckpoint(filepath.Join(job.Store.Attempt(job.Run, job.Resume), model.LastCheckpoint))
	if err != nil {
		return nil, fmt.Sprintf("attempt %d cannot be resumed: %v", job.Resume, err)
	}
	if now := machine(facts); c.Machine != now {
		return nil, fmt.Sprintf("attempt %d ran on %s, this one on %s: a resumed run would not be the same to the bit", job.Resume, c.Machine, now)
	}
	return c, ""
}

// machine names what the bits of a run depend on besides its spec: also this
// program, of which another build may compute otherwise.
func machine(facts torch.Facts) string {
	return fmt.Sprintf("%s, program %.12s", model.Machine(facts), programDigest())
}

// removeCheckpoints drops what only an unfinished run needs. The run is done by
// then: a file that stays behind costs disk, and output.log says so.
func removeCheckpoints(job mmibx.Job) {
	for n := 1; n <= job.Attempt; n++ {
		err := os.Remove(filepath.Join(job.Store.Attempt(job.Run, n), model.LastCheckpoint))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			fmt.Fprintln(os.Stderr, "checkpoint of a run that is done:", err)
		}
	}
}

func header(job mmibx.Job, facts torch.Facts, resume *model.Checkpoint) journal.Header {
	host, _ := os.Hostname() // provenance: an unknown host is the empty name
	h := journal.Header{
		Run: job.Run, Arm: job.Arm, Attempt: job.Attempt, Spec: job.Spec, Inputs: job.Inputs, Sweep: job.Sweep, Started: time.Now(),
		Env: journal.Environment{
			Command: job.Command, Commit: job.Commit, Diff: job.Diff, Host: host, OS: runtime.GOOS + "/" + runtime.GOARCH,
			Go: runtime.Version(), PyTorch: facts.Version, ISA: facts.ISA, Device: job.Device, GPU: job.GPU, GPUModel: facts.GPU,
			Program: programDigest(), Threads: facts.Threads, PID: os.Getpid(),
		},
	}
	if resume != nil {
		h.ResumeAttempt, h.ResumeStep = job.Resume, resume.Step
	}
	return h
}

// programDigest is the SHA-256 of this program, computed once.
var programDigest = func() func() string {
	digest := ""
	return func() string {
		if digest == "" {
			if path, err := os.Executable(); err == nil {
				if b, err := os.ReadFile(path); err == nil {
					sum := sha256.Sum256(b)
					digest = hex.EncodeToString(sum[:])
				}
			}
		}
		return digest
	}
}()
