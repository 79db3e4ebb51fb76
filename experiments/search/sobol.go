package search

import (
	_ "embed"
	"math/bits"
	"strconv"
	"strings"
	"sync"
)

//go:embed joe-kuo.txt
var joeKuo string

// MaxDimensions is how many dimensions a Sobol sequence has here.
const MaxDimensions = 64

// directions are the direction numbers of each dimension as binary fractions of 32
// bits. Their first ones are those of Joe and Kuo (2008, new-joe-kuo-6.21201), the
// rest follows by the recurrence of the dimension's primitive polynomial (Bratley
// and Fox 1988).
var directions = sync.OnceValue(func() [][32]uint32 {
	all := make([][32]uint32, 1, MaxDimensions)
	for j := range 32 { // van der Corput's sequence
		all[0][j] = 1 << (31 - j)
	}
	for line := range strings.Lines(joeKuo) {
		var numbers []uint32
		for _, field := range strings.Fields(line) {
			n, err := strconv.ParseUint(field, 10, 32)
			if err != nil {
				panic("search: joe-kuo.txt: " + err.Error())
			}
			numbers = append(numbers, uint32(n))
		}
		all = append(all, recurrence(numbers[0], numbers[1:]))
	}
	return all
})

func recurrence(polynomial uint32, m []uint32) (v [32]uint32) {
	degree := len(m)
	for j := range v {
		if j < degree {
			v[j] = m[j] << (31 - j)
			continue
		}
		v[j] = v[j-degree] ^ v[j-degree]>>degree
		for k := 1; k < degree; k++ {
			if polynomial>>(degree-k)&1 == 1 {
				v[j] ^= v[j-k]
			}
		}
	}
	return v
}

// sobol is coordinate k of point i of the sequence in Gray code's order, as a
// binary fraction.
func sobol(i uint32, k int) (x uint32) {
	v := &directions()[k]
	for gray := i ^ i>>1; gray != 0; gray &= gray - 1 {
		x ^= v[bits.TrailingZeros32(gray)]
	}
	return x
}

// sobolPoint shifts the sequence by a random number per dimension, bit for bit,
// which keeps it even: without that its first point would be a corner.
func sobolPoint(s Space, seed uint64, i int, _ []Seen) []float64 {
	point, random := make([]float64, len(s)), draws(seed, -1)
	for k := range point {
		point[k] = float64(sobol(uint32(i), k)^random.Uint32()) / (1 << 32)
	}
	return point
}
