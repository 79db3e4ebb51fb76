// Package audit finds what a benchmark gives away: a label that the mere shape
// of the evidence tells, texts and pictures that stand in two splits, pictures
// that are broken.
//
// A shape is what is left of evidence when nobody looks at it: how many pieces
// there are, how many are zeros, how large they are, what they are called, in
// which order they stand. A linear classifier that predicts the label of unseen
// pictures from that has found a leak, not a skill.
package audit
