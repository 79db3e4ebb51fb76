package mmibx

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/mmibx/mmibx"

// arrows is the rule of the layout: which of our packages a package may import
// besides the root. A package that is not named here may import nothing; cmd
// may import everything. Tests are held to it too, but may use internal/needs.
var arrows = map[string][]string{
	"scoring":            nil,
	"weights":            nil,
	"datasets":           {"weights", "internal/tomlfile"},
	"audit":              {"datasets", "weights"},
	"model":              {"model/torch", "scoring", "weights"},
	"model/torch":        nil,
	"experiments":        {"experiments/search", "tracker/journal", "reports/stats", "internal/tomlfile"},
	"experiments/search": nil,
	"bench/ours":         {"tracker"},
	"ablations":          nil,
	"tracker":            {"tracker/journal", "tracker/parquet"},
	"tracker/journal":    nil,
	"tracker/parquet":    nil,
	"plots":              {"reports/stats"},
	"reports":            {"reports/stats", "scoring", "internal/tomlfile"},
	"reports/stats":      nil,
	"internal/machine":   nil,
	"internal/needs":     nil,
	"internal/shell":     nil,
	"internal/tomlfile":  nil,
}

// owners names the only packages that may import an outside module.
var owners = map[string][]string{
	"github.com/sugarme/gotch":    {"model/torch"},
	"charm.land/":                 {"cmd/mmibx/tui", "cmd/mmibx/tui/widget", "cmd/mmibx"},
	"github.com/mattn/go-sqlite3": {"tracker"},
	"gonum.org/v1/plot":           {"plots"},
	"github.com/spf13/cobra":      {"cmd/mmibx"},
	"github.com/shirou/gopsutil":  {"internal/machine"},
	module + "/model":             {"model", "cmd/mmibx-worker"},
}

func TestArrows(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		from := filepath.ToSlash(filepath.Dir(name))
		seen[from] = true
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := forbidden(from, to, strings.HasSuffix(name, "_test.go")); why != "" {
				t.Errorf("%s imports %s: %s", name, to, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for from := range arrows {
		if !seen[from] {
			t.Errorf("arrows names %s, which holds no Go file", from)
		}
	}
}

// forbidden says why a package may not import another, "" when it may.
func forbidden(from, to string, test bool) string {
	for prefix, who := range owners {
		if strings.HasPrefix(to+"/", strings.TrimSuffix(prefix, "/")+"/") && !slices.Contains(who, from) && from != "." {
			return "only " + strings.Join(who, ", ") + " may"
		}
	}
	inner, ours := strings.CutPrefix(to, module+"/")
	switch {
	case from == ".":
		if !test && (ours || strings.Contains(strings.SplitN(to, "/", 2)[0], ".")) {
			return "the root imports the standard library only"
		}
		return ""
	case to == module || !ours || strings.HasPrefix(from, "cmd/"):
		return ""
	case inner == "internal/needs" && test, inner == from:
		return ""
	}
	allowed, known := arrows[from]
	if !known {
		return "the package has no row in arrows"
	}
	if !slices.Contains(allowed, inner) {
		return "its row in arrows has only [" + strings.Join(allowed, " ") + "]; declare the interface that " + path.Base(from) + " needs and let cmd hand the value over"
	}
	return ""
}

func TestForbidden(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"tracker", module + "/tracker/journal", false},
		{"tracker", module + "/experiments", true},
		{"model", "github.com/sugarme/gotch/libtch", true},
		{"model/torch", "github.com/sugarme/gotch/libtch", false},
		{"cmd/mmibx", module + "/model", true},
		{"cmd/mmibx", module + "/model/torch", true},
		{"cmd/mmibx-worker", module + "/model", false},
		{"reports", "github.com/mattn/go-sqlite3", true},
		{".", module + "/scoring", true},
		{".", "golang.org/x/text", true},
		{"utils", module + "/scoring", true},
	} {
		if got := forbidden(c.from, c.to, false) != ""; got != c.want {
			t.Errorf("forbidden(%s, %s) = %v, want %v", c.from, c.to, got, c.want)
		}
	}
}
