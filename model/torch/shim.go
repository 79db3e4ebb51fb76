//go:build torch

package torch

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/sugarme/gotch/libtch"

	"github.com/mmibx/mmibx"
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
	BFloat16 bool   // the processor multiplies bfloat16 by itself
	CUDA     bool   // the part for it is loaded
	Device   string // where tensors are made, "" while none is chosen
	GPU      string // the name of its model, "" on other devices
}

// Init prepares the process: the heap, the threads of an operation (0: as it is),
// deterministic algorithms, and the device on which all tensors are made. It must
// come before the first tensor; later calls may change the threads, and the device
// stays. It is "cpu", or "cuda" for the first GPU that CUDA shows this process; "lazy"
// is a second device on any machine, for tests of where tensors lie. Where the device
// is not there the error is an *mmibx.InputError, and the facts hold all the same.
func Init(threads int, device string) (Facts, error) {
	var facts Facts
	var fault error
	err := Do(func() {
		must("init", C.mx_init(C.int(threads), 1))
		fault = use(device)
		facts = readFacts()
	})
	return facts, errors.Join(err, fault)
}

// inUse is the device of this process and, on a GPU, its model; and whether libtorch
// has its part for CUDA. Only the torch goroutine touches it.
var inUse struct {
	device, gpu string
	cuda        bool
}

func use(device string) error {
	if inUse.device != "" && inUse.device != device {
		return &mmibx.InputError{Key: "device", Found: device, Expected: inUse.device, Cure: "a process computes on one device: start another"}
	}
	gpu := ""
	switch {
	case device == inUse.device:
		return nil
	case device == "cpu":
	case device == "lazy":
		must("device lazy", C.mx_use_lazy())
	case device == "cuda":
		var loaded, usable C.int
		name := make([]byte, 256)
		message := C.mx_use_cuda(&loaded, &usable, (*C.char)(unsafe.Pointer(&name[0])), C.int(len(name)))
		defer C.free(unsafe.Pointer(message))
		why := ""
		if message != nil {
			why = " (" + C.GoString(message) + ")"
		}
		if inUse.cuda = loaded != 0; !inUse.cuda {
			return &mmibx.InputError{
				Key: "device", Found: "cuda, and a PyTorch without the part for it" + why, Expected: "a PyTorch with CUDA",
				Cure: "install one into your Python (pip install torch) and run `make build`, or ask for cpu",
			}
		}
		if usable == 0 {
			return &mmibx.InputError{
				Key: "device", Found: "cuda, and no GPU that it can use" + why, Expected: "a GPU of NVIDIA's, with a driver for the CUDA of this PyTorch",
				Cure: "look at nvidia-smi and CUDA_VISIBLE_DEVICES, or ask for cpu",
			}
		}
		gpu = C.GoString((*C.char)(unsafe.Pointer(&name[0])))
	default:
		return &mmibx.InputError{Key: "device", Found: device, Expected: "cpu or cuda", Cure: "ask for cpu, or for cuda where there is a GPU of NVIDIA's"}
	}
	inUse.device, inUse.gpu = device, gpu
	return nil
}

func readFacts() Facts {
	var threads, bf16 C.int
	version, isa := make([]byte, 64), make([]byte, 64)
	C.mx_facts(&threads, &bf16, (*C.char)(unsafe.Pointer(&version[0])), C.int(len(version)),
		(*C.char)(unsafe.Pointer(&isa[0])), C.int(len(isa)))
	return Facts{
		Version: C.GoString((*C.char)(unsafe.Pointer(&version[0]))), ISA: C.GoString((*C.char)(unsafe.Pointer(&isa[0]))),
		Threads: int(threads), BFloat16: bf16 != 0, CUDA: inUse.cuda, Device: inUse.device, GPU: inUse.gpu,
	}
}

// Seed sets the generators: that of the processor, which starting values are drawn
// from, and that of the device, which dropout and RandnLike draw from.
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
	defer func() {
		must("autocast", C.mx_autocast(was, &ignored))
		if was == 0 {
			must("autocast", C.mx_drop_casts())
		}
	}()
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
