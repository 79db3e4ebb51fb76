// Command gotchfit fits gotch, the Go binding that model/torch stands on, to the PyTorch at hand.
//
// gotch v0.9.1 was written for libtorch 2.1 with CUDA. gotchfit finds a PyTorch (or downloads the parts of one that a CPU needs), copies
// gotch's C++ binding to .deps, writes the compiler flags of that PyTorch into it, and replaces the few wrappers that do not compile against it by ones
// that report an error. A git-ignored go.work points at the copy, so go.mod keeps naming the true upstream and whatever needs no torch builds without all this.
//
// It builds without torch, runs in a fraction of a second when nothing changed, and fits again when the PyTorch, gotch or the compiler changed.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const help = `gotchfit fits gotch to the PyTorch at hand, so that model/torch builds with -tags torch.

usage: gotchfit [flags]

It looks for PyTorch 2.4 or newer in this order: --libtorch, $LIBTORCH, the torch of the active Python, conda, DEPS/torch.
Where there is none it downloads the parts that a CPU needs with pip (about 550 MB) into DEPS/torch.

flags:
  --libtorch DIR     use this PyTorch: a folder with include/ and lib/
  --pytorch VERSION  use this version of DEPS/torch, and download it where it is not there
  --deps DIR         keep everything in DIR and touch nothing else (default: .deps, with go.work and flags in the repository)
  --print            print what is fitted now, and fit nothing
  --json             print the manifest as JSON

example:
  go run ./cmd/gotchfit --libtorch ~/venv/lib/python3.12/site-packages/torch && go build -tags torch ./...
`

// errNotFitted answers --print before the first fit; its exit code is 3.
var errNotFitted = errors.New("nothing is fitted yet; run `make fit`")

type options struct {
	libtorch string // a folder with include/ and lib/; empty means search
	pytorch  string // an exact version; empty means any
	deps     string // where everything is kept; empty means .deps of the module
	print    bool
	json     bool
}

func main() {
	var o options
	flags := flag.NewFlagSet("gotchfit", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.libtorch, "libtorch", "", "")
	flags.StringVar(&o.pytorch, "pytorch", "", "")
	flags.StringVar(&o.deps, "deps", "", "")
	flags.BoolVar(&o.print, "print", false, "")
	flags.BoolVar(&o.json, "json", false, "")

	switch err := flags.Parse(os.Args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(help)
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "gotchfit: %v; see gotchfit --help\n", err)
		os.Exit(2)
	case flags.NArg() > 0:
		fmt.Fprintf(os.Stderr, "gotchfit: unexpected argument %q; see gotchfit --help\n", flags.Arg(0))
		os.Exit(2)
	}

	m, err := run(o)
	if err != nil {
		fmt.Fprintf(os.Stderr, "gotchfit: %v\n", err)
		if errors.Is(err, errNotFitted) {
			os.Exit(3)
		}
		os.Exit(1)
	}
	if o.json {
		out, _ := json.MarshalIndent(m, "", "  ") // strings, booleans and a slice: cannot fail
		fmt.Println(string(out))
		return
	}
	fmt.Println(m)
}

// run fits gotch and returns what stands now.
func run(o options) (manifest, error) {
	root, err := moduleRoot()
	if err != nil {
		return manifest{}, err
	}
	at, err := placesOf(root, o.deps)
	if err != nil {
		return manifest{}, err
	}
	if o.print {
		m, err := readManifest(at.manifest)
		if errors.Is(err, os.ErrNotExist) {
			return m, errNotFitted
		}
		return m, err
	}

	unlock, err := lock(at.deps)
	if err != nil {
		return manifest{}, err
	}
	defer unlock()

	tools, err := findToolchain(root)
	if err != nil {
		return manifest{}, err
	}
	pt, err := pyTorch(o, root, at)
	if err != nil {
		return manifest{}, err
	}
	oldABI, err := hasOldABI(filepath.Join(pt.Dir, "lib", "libc10.so"))
	if err != nil {
		return manifest{}, err
	}
	key, err := fitKey(pt, tools, at)
	if err != nil {
		return manifest{}, err
	}

	m, err := readManifest(at.manifest)
	fitted := err == nil && m.Key == key && exists(filepath.Join(at.gotch, "libtch", generated))
	if !fitted {
		m = manifest{
			PyTorch: pt.Version, Path: pt.Dir, Source: pt.Source, ABI: abiName(oldABI), CUDA: pt.hasCUDA(),
			Gotch: tools.gotch, Go: tools.goVersion, Compiler: tools.compiler, Key: key,
		}
		start := time.Now()
		say("fitting gotch %s to PyTorch %s in %s: asking the compiler which wrappers fit, about 30 s", m.Gotch, m.PyTorch, m.Path)
		if m.Pruned, err = fitGotch(tools, pt.includeFlags(oldABI), at.gotch); err != nil {
			return manifest{}, err
		}
		say("fitted in %.0f s; the next build compiles gotch's C++ once (2 to 3 minutes on two cores), then the Go cache has it", time.Since(start).Seconds())
	}
	return m, writeFiles(at, pt, tools, oldABI, m)
}

// pyTorch finds the PyTorch that o asks for, or downloads it.
func pyTorch(o options, root string, at places) (pytorch, error) {
	f := finder{getenv: os.Getenv, python: pythonTorch, deps: []string{filepath.Join(at.deps, "torch", "torch")}, say: say}
	var pt pytorch
	var err error
	switch {
	case o.libtorch != "":
		return openPyTorch(o.libtorch, "--libtorch")
	case o.pytorch != "":
		f.deps = append(f.deps, filepath.Join(root, ".deps", "torch", "torch"))
		pt, err = f.exactly(o.pytorch)
	default:
		pt, err = f.find()
	}
	if !errors.Is(err, errNoPyTorch) {
		return pt, err
	}
	version := o.pytorch
	if version == "" {
		version = defaultPyTorch
	}
	if err := download(version, at.deps); err != nil {
		return pytorch{}, err
	}
	return openPyTorch(f.deps[0], "deps")
}

// moduleRoot is the folder of mmibx's go.mod, at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for from := dir; ; dir = filepath.Dir(dir) {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module "+module+"\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod of %s at or above %s; run it inside the repository", module, from)
		}
	}
}

// lock keeps two fits of one folder apart: `make` may well run in two terminals.
func lock(deps string) (unlock func(), err error) {
	if err := os.MkdirAll(deps, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(deps, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	fd := int(f.Fd())
	if syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		say("waiting for another gotchfit in %s", deps)
		if err := syscall.Flock(fd, syscall.LOCK_EX); err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", deps, err)
		}
	}
	return func() { f.Close() }, nil // closing releases the lock
}

// say tells on stderr what goes on; stdout is for the result.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "gotchfit: "+format+"\n", args...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
