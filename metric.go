package mmibx

import (
	"math"
	"slices"
	"strings"
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
// train.* every few steps, those of pressure and of dev after each epoch.
const (
	Loss      = "train.loss"
	LossTask  = "train.loss_task"
	LossAlign = "train.loss_align"
	KLText    = "train.kl_text"
	KLImage   = "train.kl_image"
	GradNorm  = "train.grad_norm"

	GradNormTask    = "train.grad_norm_task"
	GradNormAlign   = "train.grad_norm_align"
	GradNormKLText  = "train.grad_norm_kl_text"
	GradNormKLImage = "train.grad_norm_kl_image"
	BetaTextPerNat  = "train.beta_text_per_nat"
	BetaImagePerNat = "train.beta_image_per_nat"
	LogTau          = "train.log_tau"

	DevF1        = "dev.f1" // chosen by default
	DevPrecision = "dev.precision"
	DevRecall    = "dev.recall"
	DevF1Strict  = "dev.f1_strict"

	RateText         = "dev.rate_text"
	RateImage        = "dev.rate_image"
	ActiveText       = "dev.active_text"
	ActiveImage      = "dev.active_image"
	InformationInput = "dev.information_input"
	InformationLabel = "dev.information_label"
	RecallAt1        = "dev.recall_at_1"
	InfoNCE          = "dev.infonce_bound"
	InfoNCEImage     = "dev.infonce_bound_image"
	InfoNCECap       = "dev.infonce_log_k"
	ModalityGap      = "dev.modality_gap"
	Alignment        = "dev.alignment"
	UniformityText   = "dev.uniformity_text"
	UniformityImage  = "dev.uniformity_image"

	Epoch          = "epoch"
	StepsPerSecond = "steps_per_second"
	Processors     = "system.processors"
	Memory         = "system.memory"
	GPUBusy        = "system.gpu"
	GPUMemory      = "system.gpu_memory"
)

// MetricInfo describes a metric that runs log.
type MetricInfo struct {
	Name   string
	Unit   string
	Better string // "higher", "lower", or "" where neither is
	Doc    string
}

// Metrics lists what runs log, besides dev.f1.TYPE of each type of entity or
// relation. docs/reference/metrics.md is this table; a test holds them together.
var Metrics = []MetricInfo{
	{DevF1, "%", "higher", "micro F1; lenient for MNER, without None for MRE. The best epoch stands for the run"},
	{DevPrecision, "%", "higher", "micro precision"},
	{DevRecall, "%", "higher", "micro recall"},
	{DevF1Strict, "%", "higher", "micro F1 by seqeval's strict rules (MNER)"},

	{RateText, "nats", "", "KL of the text's code to the prior, summed over dimensions, averaged over real positions, whatever ib.kl_reduction"},
	{RateImage, "nats", "", "the same of the picture's code, averaged over real rows of evidence"},
	{ActiveText, "dimensions", "", "dimensions of the text's code whose mean KL over real positions is more than 0.01 nats"},
	{ActiveImage, "dimensions", "", "the same of the picture's code, over real rows of evidence"},
	{InformationInput, "nats", "", "KL of both codes summed over an example's positions, mean over examples: an upper bound of I(X; Z)"},
	{InformationLabel, "nats", "higher", "log likelihood of an example's labels, mean over 8 drawn codes; for MRE plus the entropy of the relations: a lower bound of I(Z; Y), for MNER up to the constant H(Y)"},
	{RecallAt1, "share", "higher", "tweets whose own picture is the nearest of 32, by cosine"},
	{InfoNCE, "nats", "higher", "InfoNCE bound of the mutual information of both codes: tweets choose among 32 pictures at the temperature of the moment"},
	{InfoNCEImage, "nats", "higher", "the same bound where pictures choose among tweets"},
	{InfoNCECap, "nats", "", "mean log of the number of candidates, which neither bound exceeds"},
	{ModalityGap, "cosine space", "", "distance of the centroids of the normalised vectors of texts and pictures"},
	{Alignment, "cosine space", "lower", "mean squared distance of a tweet's normalised vector and its picture's"},
	{UniformityText, "nats", "lower", "log of the mean of exp(-2 squared distance) over pairs of tweets with different pictures; 0 where all vectors are one"},
	{UniformityImage, "nats", "lower", "the same over their pictures"},

	{Loss, "loss", "lower", "all terms, weighted"},
	{LossTask, "loss", "lower", "the task's term"},
	{LossAlign, "loss", "lower", "the alignment's term, before its weight"},
	{KLText, "loss", "", "the KL term of the text, before its beta: nats per position with ib.kl_reduction sum"},
	{KLImage, "loss", "", "the KL term of the picture, before its beta"},
	{GradNorm, "norm", "", "of all gradients together, before clipping"},
	{GradNormTask, "norm", "", "of the task's gradient, on one fixed batch of the training split"},
	{GradNormAlign, "norm", "", "of the weighted alignment's gradient, on that batch"},
	{GradNormKLText, "norm", "", "of the gradient of the text's KL times its beta, on that batch"},
	{GradNormKLImage, "norm", "", "of the gradient of the picture's KL times its beta, on that batch"},
	{BetaTextPerNat, "1/nat", "", "what a nat of the text's rate costs in the loss: beta, divided by the width of the code where ib.kl_reduction is mean"},
	{BetaImagePerNat, "1/nat", "", "the same of the picture's"},
	{LogTau, "log", "", "natural logarithm of the learned temperature"},

	{Epoch, "epochs", "", "finished so far, with fractions"},
	{StepsPerSecond, "1/s", "higher", "optimiser steps"},
	{Processors, "processors", "", "that the worker kept busy since the last reading, at least 5 s ago"},
	{Memory, "MiB", "", "that the worker holds (Linux: resident set)"},
	{GPUBusy, "share", "", "of the last moment in which the worker's GPU computed, as nvidia-smi tells; not of an instance of one in MIG mode"},
	{GPUMemory, "MiB", "", "in use on the worker's GPU, whoever uses it, as nvidia-smi tells"},
}

// LookupMetric describes a metric that runs log; dev.f1.TYPE is as dev.f1 is.
func LookupMetric(name string) (MetricInfo, bool) {
	logged := name
	if strings.HasPrefix(name, DevF1+".") {
		logged = DevF1
	}
	i := slices.IndexFunc(Metrics, func(m MetricInfo) bool { return m.Name == logged })
	if i < 0 {
		return MetricInfo{}, false
	}
	m := Metrics[i]
	m.Name = name
	return m, true
}

// MetricNames lists the names of Metrics.
func MetricNames() []string {
	names := make([]string, len(Metrics))
	for i, m := range Metrics {
		names[i] = m.Name
	}
	return names
}
