package experiments

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestEdit(t *testing.T) {
	const commented = "# why\nname = \"x\" # me\nbenchmarks = [\n  \"mini-mnre\", # one\n]\n\n[base]\ntrain.epochs = 4\nmodel = \"mmib\"\n\n[[arm]]\nname = \"a\"\n[arm.grid]\nib.size = [1, 2]\n"
	// Lines that begin with a bracket and are no headers: of a text, and of arrays.
	const nested = "name = \"x\"\nquestion = \"\"\"\n[base] is what?\n[[arm]] too.\n\"\"\"\npairs = [\n[1, 2],\n[3, 4],\n]\n\n[ base ]\nmodel = \"mmib\"\nlists = [\n[\"a\"],\n]\n\n[[arm]]\nname = \"a\"\n"
	for _, c := range []struct{ name, text, key, typed, want, gone string }{
		{"a name in place", Blank, "name", "other", "name = \"other\"\nbenchmarks", "my-sweep"},
		{"over several lines", commented, "benchmarks", "mini-mnre, mini-twitter2015", "benchmarks = [\"mini-mnre\", \"mini-twitter2015\"]\n\n[base]", "# one"},
		{"one benchmark is a list", Blank, "benchmarks", "mini-mnre", `benchmarks = ["mini-mnre"]`, "twitter"},
		{"a new key of the top", commented, "seeds", "5", "]\nseeds = 5\n\n[base]", ""},
		{"a list of one seed", commented, "seeds", "3,", "seeds = [3]", ""},
		{"several values", commented, "ib.beta", "0, .01, 1e-3", "[grid]\nib.beta = [0, 0.01, 0.001]\n\n[[arm]]", ""},
		{"one value", Blank, "align.tau", ".07", "[base]\nalign.tau = 0.07", ""},
		{"a range", Blank, "ib.beta", `{from = 1e-3, to = 1, n = 4, scale = "log"}`, "ib.beta = [{from", ""},
		{"from grid to base", Blank, "model", "mmib", "[base]\nmodel = \"mmib\"", "model = ["},
		{"from base to grid", commented, "model", "mmib, concat", "model = [\"mmib\", \"concat\"]", "model = \"mmib\""},
		{"by its full name", strings.Replace(commented, "model =", "model.name =", 1), "model", "text", "model.name = \"text\"", "mmib"},
		{"taken away", commented, "model", " ", "train.epochs = 4\n\n[[arm]]", "model"},
		{"behind an array of arrays", nested, "align.tau", ".2", "[\"a\"],\n]\nalign.tau = 0.2\n\n[[arm]]", ""},
		{"at the top, behind an array of arrays", nested, "seeds", "5", "[3, 4],\n]\nseeds = 5\n\n[ base ]", ""},
		{"a new section, below a text that looks like one", nested, "ib.size", "4, 8", "[\"a\"],\n]\n\n[grid]\nib.size = [4, 8]\n\n[[arm]]\nname", ""},
		{"a name of digits", Blank, "name", "2026", `name = "2026"`, ""},
		{"a benchmark of digits", Blank, "benchmarks", "true, 7", `benchmarks = ["true", "7"]`, ""},
		{"a string with quotes", Blank, "name", `a"b`, `name = "a\"b"`, ""},
	} {
		got, err := Edit(c.text, c.key, c.typed)
		if err != nil || !strings.Contains(got, c.want) || c.gone != "" && strings.Contains(got, c.gone) {
			t.Errorf("%s: %v\n%s", c.name, err, got)
		}
		if c.text == commented && !strings.HasPrefix(got, "# why\n") {
			t.Errorf("%s: a comment is gone:\n%s", c.name, got)
		}
	}
	for _, text := range []string{
		"name = \"x\"\nbase = { model = \"mmib\", ib.size = 4 }\n",
		"name = \"x\"\nbenchmarks = ",
	} {
		if got, err := Edit(text, "model", "text"); !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%q was edited to %q (%v)", text, got, err)
		}
	}
}

// TestEditStudies: what a study says of a key can be written back without a
// change, and what is edited is what Says then finds; arms keep what is theirs.
func TestEditStudies(t *testing.T) {
	paths, err := filepath.Glob("../ablations/*.toml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no studies", err)
	}
	for _, name := range paths {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		for key, typed := range map[string]string{
			"name": "mine", "benchmarks": "mini-mnre, mini-twitter2015", "seeds": "0, 4", "model": "mmib", "evidence": "grid", "ib.beta": "0.1, 0.5", "ib.size": "3", "align.tau": "0.5, 0.25",
		} {
			said := s.Says(key)
			if said.Locked != "" {
				continue
			}
			for _, value := range []string{said.Typed(), typed} {
				edited, err := Edit(string(text), key, value)
				if err != nil {
					t.Errorf("%s, %s = %q: %v", name, key, value, err)
					continue
				}
				again, err := Parse(name, []byte(edited))
				if err != nil || again.Says(key).Typed() != value {
					t.Errorf("%s, %s = %q reads as %q (%v)", name, key, value, again.Says(key).Typed(), err)
				}
				if len(again.Arms) != len(s.Arms) {
					t.Errorf("%s: %d arms are %d", name, len(s.Arms), len(again.Arms))
				}
			}
		}
	}
}

func TestSays(t *testing.T) {
	s, err := Parse("x", []byte("name = \"x\"\nseeds = [3]\n[base]\nib.beta_text = 0.1\n[zip]\nib.size = [1, 2]\nalign.tau = [0.1, 0.2]\n[[arm]]\nname = \"a\"\nmodel = \"mmib\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"ib.beta": "the file sets ib.beta_text", "ib.size": "coupled", "model": `the arm "a" sets it`} {
		if got := s.Says(key).Locked; !strings.Contains(got, want) {
			t.Errorf("%s is locked by %q, want %q", key, got, want)
		}
	}
	if got := s.Says("seeds").Typed(); got != "3," {
		t.Errorf("the list of one seed is typed %q", got)
	}
}
