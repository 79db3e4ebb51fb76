package widget

import "math"

// Spark is a line of bars, n cells wide, of the last values; those that are not
// finite are shown as "×".
func Spark(values []float64, n int) string {
	if len(values) > n {
		values = values[len(values)-max(0, n):]
	}
	low, high := extent(values)
	marks := []rune("▁▂▃▄▅▆▇█")
	line := make([]rune, 0, n)
	for _, v := range values {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			line = append(line, '×')
		case high <= low:
			line = append(line, marks[3])
		default:
			line = append(line, marks[int((v-low)/(high-low)*7+0.5)])
		}
	}
	for len(line) < n {
		line = append(line, ' ')
	}
	return string(line)
}

// extent is the least and the greatest of the finite values; low > high where
// there is none.
func extent(values []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}
