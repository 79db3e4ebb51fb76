package mmibx

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the rows of docs/reference/metrics.md anew")

// docs/reference/metrics.md has a row for each metric that runs log, as the table
// here has it. -update renews the rows; where a new one stands is for people to say.
func TestMetricsPage(t *testing.T) {
	const page = "docs/reference/metrics.md"
	blob, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	rowOf := func(m MetricInfo) string {
		return fmt.Sprintf("| `%s` | %s | %s | %s |", m.Name, m.Unit, cmp.Or(m.Better, "–"), m.Doc)
	}
	if *update {
		lines := strings.Split(string(blob), "\n")
		for i, line := range lines {
			for _, m := range Metrics {
				if strings.HasPrefix(line, "| `"+m.Name+"` |") {
					lines[i] = rowOf(m)
				}
			}
		}
		blob = []byte(strings.Join(lines, "\n"))
		if err := os.WriteFile(page, blob, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for _, m := range Metrics {
		row := rowOf(m)
		if seen[m.Name] || !strings.Contains(string(blob), row+"\n") {
			t.Errorf("the page lacks the row\n%s\nor the metric is there twice", row)
		}
		seen[m.Name] = true
	}
	if rows := strings.Count(string(blob), "\n| `"); rows != len(Metrics) {
		t.Errorf("the page has %d rows, Metrics %d", rows, len(Metrics))
	}
}
