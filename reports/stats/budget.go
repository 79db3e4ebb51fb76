package stats

import (
	"fmt"
	"slices"
)

// ExpectedMax is the expected best of k values drawn without replacement from
// those that a search found, for k = 1 to len(values): how good a method is
// against its budget of trials (Dodge et al. 2019, by the unbiased estimator of
// Tang et al. 2020). The largest value has the probability k/n of being among k.
func ExpectedMax(values []float64) ([]float64, error) {
	if err := checkFinite(values, 1); err != nil {
		return nil, fmt.Errorf("expected maximum: %w", err)
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	curve := make([]float64, n)
	for k := 1; k <= n; k++ {
		// The chance that the i-th smallest is the best of k: C(i-1, k-1)/C(n, k),
		// from the largest down.
		chance := float64(k) / float64(n)
		for i := n; i >= k; i-- {
			curve[k-1] += chance * sorted[i-1]
			if i > 1 {
				chance *= float64(i-k) / float64(i-1)
			}
		}
	}
	return curve, nil
}

// ExpectedMin is ExpectedMax where less is better: the expected lowest of k values.
func ExpectedMin(values []float64) ([]float64, error) {
	negated := make([]float64, len(values))
	for i, v := range values {
		negated[i] = -v
	}
	curve, err := ExpectedMax(negated)
	for k := range curve {
		curve[k] = -curve[k]
	}
	return curve, err
}
