// Package model holds MMIB and the systems that it is compared with: one file a
// network, each to be read beside its paper, and the training loop, losses,
// decoding and diagnostics that all of them share.
//
// Tensors end in their shape: B batch, L word-pieces, W positions that carry a
// tag, M rows of evidence (the whole picture first), D width of the encoder, Z
// width of a latent, K labels, H heads. Exported functions take and return plain
// Go values; files that need libtorch carry the build tag torch.
package model
