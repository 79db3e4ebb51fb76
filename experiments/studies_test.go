package experiments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every study that ships has a plan, also on the real benchmarks.
func TestStudies(t *testing.T) {
	paths, err := filepath.Glob("../ablations/*.toml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no studies", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(path, text)
		if err != nil {
			t.Error(err)
			continue
		}
		if want := strings.TrimSuffix(filepath.Base(path), ".toml"); s.Name != want || s.Title == s.Name || len(s.Question) < 100 {
			t.Errorf("%s: name %q, title %q and a question of %d bytes", path, s.Name, s.Title, len(s.Question))
		}
		plan, err := s.Plan(noInputs)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Logf("%s: %d runs, %d collapsed", s.Name, len(plan.Cells), plan.Collapsed)
		if s.Name == "demo" && (len(plan.Cells) > 72 || plan.Collapsed != 3*2*3) {
			t.Errorf("demo: %d runs, %d collapsed", len(plan.Cells), plan.Collapsed)
		}
		if err := s.OverrideBenchmarks([]string{"twitter2015", "twitter2017", "mnre"}); err != nil {
			t.Error(err)
		}
		if _, err := s.Plan(noInputs); err != nil {
			t.Errorf("on the real benchmarks: %v", err)
		}
	}
}

// The example of the reference is a sweep file and stands for what it says.
func TestReferenceExample(t *testing.T) {
	text, err := os.ReadFile("../docs/reference/sweep-files.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```toml\n")
	example, after, _ := strings.Cut(example, "```")
	plan := mustPlan(t, example)
	if len(plan.Cells) != 70 || !strings.Contains(after, "70 runs") {
		t.Errorf("%d runs", len(plan.Cells))
	}
	for _, key := range topKeys {
		if !strings.Contains(string(text), "`"+key+"`") && !strings.Contains(string(text), "["+key+"]") {
			t.Errorf("the reference does not mention %s", key)
		}
	}
}
