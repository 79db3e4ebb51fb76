package needs

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Random draws other numbers each time the test runs. Where the test fails it says the seed, which $MMIBX_SEED takes back.
func Random(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("MMIBX_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("MMIBX_SEED: %v; give the number that the failed test printed", err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what was drawn at random is drawn again with MMIBX_SEED=%d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}
