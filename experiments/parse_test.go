package experiments

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"name = ", `x.toml:1: `},
		{"name = \"a\"\nname = \"b\"", `x.toml:2: name: found Key 'name' has already been defined., expected valid TOML`},
		{"name = \"a\"\n[base]\nmodel = \"mmib\"\nmodel.dropout = 0.1", `quotes where one key is the beginning of another: model = "mmib", "model.dropout" = 0.1`},
		{"name = \"a\"\nwhen = \"ib.size + 1\"", `x.toml:2: when: found a formula of type int, expected a condition over keys of the spec, which is true or false`},
		{"name = \"a\"\n[base]\nalign.estimator = \"infonec\"", `x.toml:3: align.estimator: found "infonec", expected one of infonce, bce-concat, bce-bilinear; did you mean infonce?`},
		{"title = \"x\"", `x.toml: name: found nothing, expected a name of letters`},
		{"name = \"a/b\"", `x.toml:1: name: found "a/b", expected a name`},
		{"name = \"a\"\nbenchmark = \"mnre\"", `x.toml:2: benchmark: found an unknown key, expected one of name, title, question, objective, device, budget, sampler, pruner, benchmarks, seeds, sanity, base, grid, zip, rows, space, derive, when, arm; did you mean benchmarks?`},
		{"name = \"a\"\nobjective = \"test.f1\"", `x.toml:2: objective: found "test.f1", expected a metric of dev, such as dev.f1; test is sealed`},
		{"name = \"a\"\nbenchmarks = [\"twiter2015\"]", `x.toml:2: benchmarks: found "twiter2015", expected one of twitter2015`},
		{"name = \"a\"\nbenchmarks = [\"twiter2015\"]", `did you mean twitter2015?`},
		{"name = \"a\"\nbenchmarks = \"mnre\"", `x.toml:2: benchmarks: found "mnre", expected a list of benchmarks`},
		{"name = \"a\"\nseeds = 0", `x.toml:2: seeds: found 0, expected a count from 1 to 1000`},
		{"name = \"a\"\nseeds = [1, 1]", `x.toml:2: seeds: found 1 twice`},
		{"name = \"a\"\nseeds = [-1]", `x.toml:2: seed: found -1, expected a number from 0`},
		{"name = \"a\"\n[base]\nib.beta_txt = 1", `x.toml:3: ib.beta_txt: found an unknown key, expected a field of the spec; did you mean ib.beta_text?`},
		{"name = \"a\"\n\n[base.ib]\n# why\nbeta_text = -1", `x.toml:5: ib.beta_text: found -1, expected a number from 0`},
		{"name = \"a\"\n[base]\nseed = 1", "x.toml:3: base.seed: found a setting, expected `seeds` at the top of the file"},
		{"name = \"a\"\n[base]\n\"ib.size\" = [1, 2]", `x.toml:3: base.ib.size: found [1, 2], expected one value; a key with several values belongs into [grid]`},
		{"name = \"a\"\n[base]\nib.beta = 1\nib.beta_text = 1", `a second value for ib.beta_text`},
		{"name = \"a\"\n[grid]\n\"ib.size\" = 1", `x.toml:3: grid.ib.size: found 1, expected a list of values or a range`},
		{"name = \"a\"\n[grid]\n\"ib.size\" = []", `x.toml:3: grid.ib.size: found [], expected a list of values or a range`},
		{"name = \"a\"\n[grid]\n\"ib.beta\" = {from = 0, to = 1, n = 3, scale = \"log\"}", `found a log range from 0 to 1, expected numbers above 0; in a grid 0 can stand beside a range`},
		{"name = \"a\"\n[grid]\n\"ib.beta\" = {from = 0, to = 1}", `found an incomplete range`},
		{"name = \"a\"\n[grid]\n\"ib.beta\" = {from = 0, to = 1, n = 3, scle = \"log\"}", `found the key scle in a range, expected from, to, n and scale; did you mean scale?`},
		{"name = \"a\"\n[grid]\n\"ib.beta\" = {from = 0, to = 1, n = 3, scale = \"cubic\"}", `found scale "cubic", expected "linear" or "log"`},
		{"name = \"a\"\n[arm]\nname = \"x\"", `x.toml:2: arm: found a table, expected arms, each under a header [[arm]]`},
		{"name = \"a\"\n[[arm]]\nmodel = \"text\"", `x.toml:2: arm[1].name: found nothing, expected a name for the arm`},
		{"name = \"a\"\n[[arm]]\nname = \"x\"\n[[arm]]\nname = \"x\"", `x.toml:5: arm[2].name: found "x" twice`},
		{"name = \"a\"\n[[arm]]\nname = \"x\"\n[[arm]]\nname = \"y\"\n[arm.grid]\nib.sise = [1]", `x.toml:7: ib.sise: found an unknown key, expected a field of the spec; did you mean ib.size?`},
		{"name = \"a\"\n[[arm]]\nname = \"x, y\"", `x.toml:3: arm[1].name: found "x, y", expected a name without commas`},
		{"name = \"a\"\n[zip]\n\"ib.size\" = [1, 2]", `x.toml:2: zip: found fewer, expected two or more keys`},
		{"name = \"a\"\n[zip]\n\"align.tau\" = [1, 2]\n\"ib.size\" = [1, 2, 3]", `x.toml:4: zip.ib.size: found 3 values, expected 2, as many as align.tau has`},
		{"name = \"a\"\n[grid]\n\"ib.size\" = [1, 2]\n[[rows]]\n\"align.tau\" = 1\n\"ib.size\" = 2", `x.toml:4: ib.size: found a key that varies twice here (x.toml:3), expected each key in one of grid, zip, rows and space`},
		{"name = \"a\"\nrows = [1]", `x.toml:2: rows: found [1], expected a list of tables of settings`},
		{"name = \"a\"\nrows = [\n{\"ib.size\" = 4},\n{\"ib.sise\" = 4}]", `x.toml:4: ib.sise: found an unknown key`},
		{"name = \"a\"\n[[rows]]\nib.size = 4\n[[rows]]\nseed = 4", `x.toml:5: rows[2].seed: found a setting`},
		{"name = \"a\"\nwhen = 3", `x.toml:2: when: found 3, expected a formula in quotes`},
		{"name = \"a\"\nwhen = \"ib.size >\"", `x.toml:2: when: found unexpected token EOF at its character`},
		{"name = \"a\"\nwhen = \"ib.sise > 3\"", `x.toml:2: ib.sise: found an unknown key, expected a field of the spec; did you mean ib.size?`},
		{"name = \"a\"\nwhen = \"seed > 1\"", `x.toml:2: when: found unknown name seed at its character 1`},
		{"name = \"a\"\n[derive]\n\"train.lr\" = 0.1", `x.toml:3: derive.train.lr: found 0.1, expected a formula in quotes`},
		{"name = \"a\"\n[derive]\n\"train.lr\" = \"train.head_lr / 10\"\n\"train.head_lr\" = \"1e-3\"", `x.toml:3: train.lr: found train.head_lr, which is derived too`},
		{"name = \"a\"\n[derive]\n\"train.lr\" = \"1e-3 * ib.size\"\n[[arm]]\nname = \"x\"\n[[arm]]\nname = \"y\"\n[arm.derive]\n\"train.head_lr\" = \"train.lr * 2\"", `x.toml:9: train.head_lr: found train.lr, which is derived too (x.toml:3), expected keys that are set; write its formula out`},
		{"name = \"a\"\n[base]\ntrain.epochs = 1.5", `x.toml:3: train.epochs: found 1.5, expected a whole number`},
		{"name = \"a\"\n[base]\nevidence = \"photos\"", `x.toml:3: evidence.kind: found "photos", expected one of none, grid`},
	} {
		_, err := Parse("x.toml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngave  %v\nwant  %s", c.text, err, c.want)
		}
		var in *mmibx.InputError
		if !errors.As(err, &in) || in.File != "x.toml" {
			t.Errorf("%s: %v is no InputError with its file", c.text, err)
		}
	}
}

func TestParseReportsAllFaultsInOrder(t *testing.T) {
	_, err := Parse("x.toml", []byte("seeds = -1\nname = 3\n[grid]\nib.size = [1, 999]\n"))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) < 3 || !strings.HasPrefix(lines[0], "x.toml:1: seeds") || !strings.HasPrefix(lines[len(lines)-1], "x.toml:4: ib.size: found 999") {
		t.Errorf("faults:\n%v", err)
	}
}

// Whatever the file, Parse ends, and a sweep that it accepts either has a plan
// or a usage error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(threeArms))
	f.Add([]byte("name = \"a\"\n[grid]\n\"ib.beta\" = [0, {from = 1e-3, to = 1, n = 4, scale = \"log\"}]\n"))
	f.Add([]byte("name = \"a\"\nbenchmarks = [\"mini-mnre\"]\nsampler = {name = \"tpe\", seed = 1}\n[budget]\npoints = 12\nruns = 99\n[pruner]\nname = \"asha\"\nfactor = 2\n[space]\n\"ib.size\" = {from = 1, to = 64, scale = \"log\"}\nmodel = [\"text\", \"mmib\"]\n"))
	f.Add([]byte("name = '''\n'''\narm = [{name = \"x\", grid = {ib.size = [1]}}]\n"))
	studies, err := filepath.Glob("../ablations/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range studies {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("fuzz.toml", text)
		if err == nil {
			points := 0
			if s.Budget.Points > 100 {
				return
			}
			arms, err := s.layers()
			if err != nil {
				if !errors.Is(err, mmibx.ErrUsage) {
					t.Errorf("not a usage error: %v", err)
				}
				return
			}
			for _, a := range arms {
				points += a.points()
			}
			if points*len(s.Seeds)*len(s.Benchmarks) > 2000 {
				return // valid, and too slow to plan here
			}
			_, err = s.Plan(noInputs)
		}
		if err != nil && !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("not a usage error: %v", err)
		}
	})
}

// A space that is at fault is not missed besides.
func TestFaultySpaceIsNotMissed(t *testing.T) {
	_, err := Parse("x.toml", []byte("name = \"a\"\nsampler = \"tpe\"\nbudget.points = 12\n[space]\n\"ib.size\" = {from = 4, to = 5000}"))
	if err == nil || err.Error() != "x.toml:5: ib.size: found 5000, expected a number from 0 to 768" {
		t.Errorf("%v", err)
	}
}
