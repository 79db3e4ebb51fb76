package main

import (
	"testing"
)

func TestFeaturesWantsAFile(t *testing.T) {
	for _, args := range [][]string{{"features"}, {"features", t.TempDir()}, {"features", t.TempDir(), "-o", "pictures.npy"}} {
		if _, code := mmibxRun(t, args...); code != 2 {
			t.Errorf("mmibx %v exits with %d", args, code)
		}
	}
}
