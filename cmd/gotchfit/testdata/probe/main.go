//go:build torch

// Command probe shows that a fitted gotch works: it computes, differentiates, and gets an error back where there is one. `make fit-matrix` runs it on each PyTorch.
package main

import (
	"fmt"
	"os"
	"strings"
	"unsafe"

	torch "github.com/sugarme/gotch/libtch"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
	fmt.Println("ok")
}

func run() error {
	// y = sum(x*x), so dy/dx = 2x.
	x := tensor([]float32{1, 2, 3}, 3)
	var requires, square, sum, grad torch.Ctensor
	torch.AtgSetRequiresGrad(&requires, x, 1)
	torch.AtgMul(&square, x, x)
	torch.AtgSum(&sum, square, float)
	torch.AtBackward(sum, 0, 0)
	torch.AtgGrad(&grad, x)
	if msg := lastError(); msg != "" {
		return fmt.Errorf("gradient of the sum of squares: %s", msg)
	}
	if got := floats(grad, 3); got[0] != 2 || got[1] != 4 || got[2] != 6 {
		return fmt.Errorf("gradient of the sum of squares at [1 2 3]: %v, want [2 4 6]", got)
	}

	// A product goes through the BLAS that this PyTorch brings.
	a, b := tensor([]float32{1, 2, 3, 4}, 2, 2), tensor([]float32{5, 6, 7, 8}, 2, 2)
	var product torch.Ctensor
	torch.AtgMatmul(&product, a, b)
	if msg := lastError(); msg != "" {
		return fmt.Errorf("matrix product: %s", msg)
	}
	if got := floats(product, 4); got[0] != 19 || got[1] != 22 || got[2] != 43 || got[3] != 50 {
		return fmt.Errorf("matrix product: %v, want [19 22 43 50]", got)
	}

	// An exception of C++ must come back as text, which it does only if both sides agree on std::string.
	var bad torch.Ctensor
	torch.AtgMatmul(&bad, x, a)
	if msg := lastError(); !strings.Contains(msg, "cannot be multiplied") {
		return fmt.Errorf("product of shapes [3] and [2 2]: error %q, want one that says they cannot be multiplied", msg)
	}
	return nil
}

const float = 6 // at::kFloat

func tensor(values []float32, shape ...int64) torch.Ctensor {
	return torch.AtTensorOfData(unsafe.Pointer(&values[0]), shape, uint(len(shape)), 4, float)
}

func floats(t torch.Ctensor, n int) []float32 {
	return unsafe.Slice((*float32)(torch.AtDataPtr(t)), n)
}

func lastError() string {
	p := (*byte)(unsafe.Pointer(torch.GetAndResetLastErr()))
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return unsafe.String(p, n)
}
