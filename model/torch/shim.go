//go:build torch

package torch

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Error is what libtorch said of an operation that it refused.
type Error struct {
	Op      string
	Message string
}

func (e *Error) Error() string { return "libtorch: " + e.Op + ": " + e.Message }

// must panics with the message of a shim function, and frees it.
func must(op string, message *C.char) {
	if message == nil {
		return
	}
	defer C.free(unsafe.Pointer(message))
	panic(&Error{Op: op, Message: C.GoString(message)})
}

// check panics with the error that the last call into gotch left behind.
func check(op string) {
	if message := libtch.GetAndResetLastErr(); message != nil {
		must(op, (*C.char)(unsafe.Pointer(message)))
	}
}

// Facts describe the libtorch that is linked and what it found.
type Facts struct {
	Version  string
	ISA      string // the instruction set that its kernels use
	Threads  int
	BFloat16 bool // the processor multiplies bfloat16 by itself
	CUDA     bool // the CUDA backend is loaded
}

// Init prepares the process: the heap, the threads of an operation (0: as it is),
// deterministic algorithms. It must come before the first tensor. The device
// "cuda" loads libtorch's CUDA backend.
func Init(threads int, device string) (Facts, error) {
	var facts Facts
	err := Do(func() {
		must("init", C.mx_init(C.int(threads), 1))
		if device == "cuda" {
			var available C.int
			must("load the CUDA backend", C.mx_load_cuda(&available))
			if available == 0 {
				panic(&Error{Op: "device cuda", Message: "no usable GPU; run with --device cpu"})
			}
		}
		facts = readFacts()
	})
	return facts, err
}

func readFacts() Facts {
	var threads, bf16, cuda C.int
	version, isa := make([]byte, 64), make([]byte, 64)
	C.mx_facts(&threads, &bf16, &cuda, (*C.char)(unsafe.Pointer(&version[0])), C.int(len(version)),
		(*C.char)(unsafe.Pointer(&isa[0])), C.int(len(isa)))
	return Facts{
		Version: C.GoString((*C.char)(unsafe.Pointer(&version[0]))), ISA: C.GoString((*C.char)(unsafe.Pointer(&isa[0]))),
		Threads: int(threads), BFloat16: bf16 != 0, CUDA: cuda != 0,
	}
}

// Seed sets the generator that dropout and Randn draw from.
func Seed(seed uint64) { must("seed", C.mx_seed(C.uint64_t(seed))) }

// WithGrad runs fn with gradients recorded or not, and restores what was.
func WithGrad(on bool, fn func()) {
	var was, ignored C.int
	must("gradient mode", C.mx_grad_mode(cBool(on), &was))
	defer func() { must("gradient mode", C.mx_grad_mode(was, &ignored)) }()
	fn()
}

// Autocast runs fn with matrix products in bfloat16 when on, and restores what
// was.
func Autocast(on bool, fn func()) {
	if !on {
		fn()
		return
	}
	var was, ignored C.int
	must("autocast", C.mx_autocast(1, &was))
	defer func() { must("autocast", C.mx_autocast(was, &ignored)) }()
	fn()
}

// InFloat32 runs fn with matrix products in their operands' own precision, also
// within Autocast, and restores what was.
func InFloat32(fn func()) {
	var was, ignored C.int
	must("autocast", C.mx_autocast(0, &was))
	defer func() { must("autocast", C.mx_autocast(was, &ignored)) }()
	fn()
}

func cBool(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// handles returns the C array of the tensors' handles.
func handles(tensors []Tensor) (*C.mx_tensor, C.int) {
	if len(tensors) == 0 {
		return nil, 0
	}
	return (*C.mx_tensor)(unsafe.Pointer(unsafe.SliceData(tensors))), C.int(len(tensors))
}

func shapeError(op string, format string, args ...any) *Error {
	return &Error{Op: op, Message: fmt.Sprintf(format, args...)}
}
