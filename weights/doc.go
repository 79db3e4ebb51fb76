// Package weights reads and writes parameters: safetensors files, folders of
// Hugging Face BERT models, and the sets of weights that mmibx knows by name.
package weights
