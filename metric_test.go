package mmibx

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// docs/reference/metrics.md has a row for each metric that runs log, as the table
// here has it.
func TestMetricsPage(t *testing.T) {
	blob, err := os.ReadFile("docs/reference/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range Metrics {
		better := m.Better
		if better == "" {
			better = "–"
		}
		row := fmt.Sprintf("| `%s` | %s | %s | %s |", m.Name, m.Unit, better, m.Doc)
		if seen[m.Name] || !strings.Contains(string(blob), row+"\n") {
			t.Errorf("the page lacks the row\n%s\nor the metric is there twice", row)
		}
		seen[m.Name] = true
	}
	if rows := strings.Count(string(blob), "\n| `"); rows != len(Metrics) {
		t.Errorf("the page has %d rows, Metrics %d", rows, len(Metrics))
	}
}
