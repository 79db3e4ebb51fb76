package mmibx

import (
	"math"
	"time"
)

// Metric is one named number. Scores are in percent (0 to 100), shares from 0 to 1, information in
// nats, times in seconds. NaN, +Inf and -Inf are values of their own and are
// kept as such; a missing number is a metric that was not logged.
type Metric struct {
	Name  string
	Value float64
}

// Point is a metric at a step.
type Point struct {
	Step   int64 // optimiser steps since the run began
	Metric string
	Value  float64
	At     time.Time
}

// Finite says whether v is an ordinary number.
func Finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Names of metrics that more than one package must agree on. A worker logs
// train.* every few steps and the rest after each epoch.
const (
	Loss      = "train.loss"
	LossTask  = "train.loss_task"
	LossAlign = "train.loss_align"
	KLText    = "train.kl_text"
	KLImage   = "train.kl_image"
	GradNorm  = "train.grad_norm" // of all gradients together, before clipping

	DevF1        = "dev.f1" // chosen by default; micro, lenient for MNER, without None for MRE
	DevPrecision = "dev.precision"
	DevRecall    = "dev.recall"
	DevF1Strict  = "dev.f1_strict"

	RateText    = "dev.rate_text"   // nats per real position
	RateImage   = "dev.rate_image"  // nats per real row of evidence
	RecallAt1   = "dev.recall_at_1" // share of tweets whose own picture is the nearest of 32
	InfoNCE     = "dev.infonce_bound"
	InfoNCECap  = "dev.infonce_log_k"
	ModalityGap = "dev.modality_gap"

	Epoch          = "epoch"            // fraction of epochs finished, with the train.* metrics
	StepsPerSecond = "steps_per_second" // optimiser steps
)
