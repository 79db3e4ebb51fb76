package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/weights"
)

// examineBuild looks at this program and at what builds the worker. Whoever has
// a worker needs no compiler.
func examineBuild(ctx context.Context, root string) []finding {
	self := finding{Part: "mmibx", State: good, Value: "built by " + runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				self.Value += ", commit " + cut(s.Value, 13)
			}
		}
	}
	toolchain := finding{Part: "Go", State: lacking, Value: "go is not on PATH", Cure: "only building needs it: https://go.dev/dl has it"}
	workspace := finding{Part: "Go workspace", State: good}
	if out, err := ask(ctx, "go", "version"); err == nil {
		toolchain = finding{Part: "Go", State: good, Value: out}
		if workspace.Value, err = ask(ctx, "go", "env", "GOWORK"); err != nil {
			workspace.State, workspace.Value = lacking, err.Error()
		}
	}
	findings := []finding{self, toolchain, examineCompiler(ctx)}
	if root == "" || toolchain.State != good {
		return findings
	}
	if ours := filepath.Join(root, "go.work"); workspace.Value != ours && workspace.State == good {
		workspace.State, workspace.Cure = lacking, "`make fit` writes one"
		if workspace.Value != "" {
			workspace.Value += " is not that of this checkout"
			workspace.Cure = "unset GOWORK, or the worker is built with another gotch than the fitted one"
		}
		workspace.Value = cmp.Or(workspace.Value, "none")
	}
	return append(findings, workspace)
}

func examineCompiler(ctx context.Context) finding {
	compiler := cmp.Or(os.Getenv("CXX"), "g++")
	f := finding{Part: "C++ compiler", State: good}
	out, err := ask(ctx, compiler, "--version")
	if f.Value = mmibx.FirstLine(out); err != nil {
		f.State, f.Value, f.Cure = lacking, compiler+" cannot be run", "only building the worker needs one: apt-get install g++, or set CXX"
	}
	return f
}

// fit is what gotchfit keeps of the PyTorch that it fitted gotch to.
type fit struct {
	PyTorch string `json:"pytorch"`
	Path    string `json:"path"`
	Gotch   string `json:"gotch"`
}

func readFit(root string) (fit, finding) {
	var m fit
	none := finding{Part: "PyTorch", State: lacking, Value: "none is fitted in this checkout", Cure: "`make fit` finds one, or downloads it"}
	blob, err := os.ReadFile(filepath.Join(root, ".deps", "manifest.json"))
	if err != nil || json.Unmarshal(blob, &m) != nil {
		return fit{}, none
	}
	f := finding{Part: "PyTorch", State: good, Value: fmt.Sprintf("%s in %s, gotch %s fitted", m.PyTorch, m.Path, m.Gotch)}
	if _, err := os.Stat(m.Path); err != nil {
		f.State, f.Value, f.Cure = lacking, fmt.Sprintf("%s was in %s and is gone", m.PyTorch, m.Path), "`make build` fits the next one"
	}
	return m, f
}

// facts is what a worker says of itself.
type facts struct {
	Version  string // of the PyTorch that it links
	ISA      string
	Threads  int
	BFloat16 bool
	CUDA     bool   // it was asked for cuda, and the PyTorch has the part for it
	NoDevice string // why runs cannot be on the device that it was asked for
	Device   string // that runs can be on
	GPU      string // its model
}

// factsOf asks a worker; question is "facts", and after it a device other than the
// processor.
func factsOf(ctx context.Context, worker string, question ...string) (facts, error) {
	var said facts
	out, err := ask(ctx, worker, question...)
	if err == nil {
		err = json.Unmarshal([]byte(out), &said)
	}
	return said, err
}

func examineWorker(ctx context.Context, fit fit) []finding {
	f := finding{Part: "worker", State: bad, Cure: "run `make build` in the source of mmibx; it finds or fetches a PyTorch"}
	path, err := findWorker()
	if errors.Is(err, mmibx.ErrNotFound) {
		f.Value = workerName + " is not beside mmibx, in $MMIBX_WORKER or in PATH"
		return []finding{f}
	}
	if err != nil {
		f.Value, f.Cure = err.Error(), "unset MMIBX_WORKER, or set it to the worker"
		return []finding{f}
	}
	said, err := factsOf(ctx, path, "facts")
	if err != nil {
		f.Value = fmt.Sprintf("%s does not work: %v", path, err)
		return []finding{f}
	}
	f = finding{Part: "worker", State: good, Value: fmt.Sprintf("%s links PyTorch %s", path, said.Version)}
	if fitted, _, _ := strings.Cut(fit.PyTorch, "+"); fitted != "" && fitted != said.Version {
		f.State, f.Cure = lacking, fmt.Sprintf("PyTorch %s is fitted now: `make build` links that", fitted)
	}
	return []finding{f, threadsOf(said), bfloat16Of(said), examineCUDA(ctx, path)}
}

func threadsOf(said facts) finding {
	f := finding{Part: "threads", State: good, Value: fmt.Sprintf("%d for one run, of %d processors; %s", said.Threads, runtime.NumCPU(), said.ISA)}
	if said.Threads < runtime.NumCPU() && os.Getenv("OMP_NUM_THREADS") != "" {
		f.State, f.Cure = lacking, "unset OMP_NUM_THREADS; a sweep divides the processors among its workers by itself"
	}
	return f
}

func bfloat16Of(said facts) finding {
	if said.BFloat16 {
		return finding{Part: "bfloat16", State: good, Value: "the processor has it"}
	}
	return finding{Part: "bfloat16", State: lacking, Value: "the processor has to emulate it", Cure: "leave train.precision at float32, which is faster here"}
}

// examineCUDA says whether runs can be on a GPU. The worker tries it in a process of
// its own: a driver that does not answer keeps no run from the processor.
func examineCUDA(ctx context.Context, worker string) finding {
	said, err := factsOf(ctx, worker, "facts", "cuda")
	if err != nil {
		return finding{
			Part: "CUDA", State: lacking, Value: fmt.Sprintf("the worker that looks for a GPU: %v", err),
			Cure: "see whether nvidia-smi answers: the driver may be stuck; runs can be on the processor",
		}
	}
	_, err = os.Stat("/dev/nvidiactl")
	part := "PyTorch " + said.Version + " has only the CPU's part"
	if said.CUDA {
		part = "PyTorch " + said.Version + " has the part for one"
	}
	switch driver := err == nil; {
	case said.Device == "cuda":
		return finding{Part: "CUDA", State: good, Value: cmp.Or(said.GPU, "a GPU") + ", for --device cuda"}
	case !driver:
		return finding{Part: "CUDA", State: good, Value: "no GPU here, and " + part + "; runs train on the processor"}
	case said.CUDA:
		return finding{Part: "CUDA", State: lacking, Value: "a GPU, but CUDA finds " + said.NoDevice, Cure: "look at nvidia-smi and CUDA_VISIBLE_DEVICES: the driver may be too old for the CUDA of PyTorch " + said.Version}
	}
	return finding{Part: "CUDA", State: lacking, Value: "a GPU, but " + said.NoDevice, Cure: "install a PyTorch with CUDA into your Python, then `make build`"}
}

func examineWeights() []finding {
	lines, err := encoders()
	if err != nil {
		return []finding{{"weights", lacking, err.Error(), "set MMIBX_WEIGHTS to a folder that can be read"}}
	}
	var findings []finding
	for _, l := range lines {
		f := finding{Part: "weights " + l.Name, State: good, Value: l.Dir}
		if !l.Found {
			f.State, f.Value, f.Cure = lacking, "not in "+l.Dir, "mmibx weights get "+l.Name
		} else if err := weights.Check(l.Name); err != nil {
			f.State, f.Value, f.Cure = lacking, mmibx.FirstLine(err.Error()), "put the whole folder there again"
			if _, known := weights.LookupKnown(l.Name); known {
				f.Cure = "remove " + l.Dir + " and run: mmibx weights get " + l.Name
			}
		}
		findings = append(findings, f)
	}
	return findings
}

func (a *app) examineData() []finding {
	var findings []finding
	for _, name := range mmibx.BenchmarkNames() {
		if b, _ := mmibx.LookupBenchmark(name); b.Miniature {
			continue
		}
		dir := filepath.Join(a.dataDir, name)
		f := finding{Part: "data " + name, State: good}
		switch set, err := datasets.Open(name, a.dataDir); {
		case err == nil:
			f.Value = fmt.Sprintf("%s, in %s", set.Version(), dir)
			if strings.HasPrefix(set.Version(), "unknown") {
				f.State, f.Cure = lacking, "mmibx data verify "+name+" shows the digests; tables must not mix versions"
			}
		case errors.Is(err, mmibx.ErrNotFound):
			f.State, f.Value, f.Cure = lacking, "not in "+dir, "--data or $MMIBX_DATA names the folder that holds "+name+"/; the miniature benchmarks are built in"
		default:
			f.State, f.Value, f.Cure = lacking, mmibx.FirstLine(err.Error()), "mmibx data verify "+name+" --data "+a.dataDir
		}
		findings = append(findings, f)
	}
	return findings
}

// Free disk below which a store is in danger, and in want, in bytes. A run keeps
// its best and its last checkpoint while it trains.
const (
	tooFull  = 100 << 20
	filledUp = 2 << 30
)

// examineStore looks at the folder of the store, or at where it would be made.
func (a *app) examineStore() []finding {
	dir, err := filepath.Abs(a.storeDir)
	if err != nil {
		return []finding{{"store", bad, err.Error(), "--store names another folder"}}
	}
	there := dir
	for there != filepath.Dir(there) {
		if _, err := os.Stat(there); err == nil {
			break
		}
		there = filepath.Dir(there)
	}
	name, network := tracker.FileSystem(there)
	f := finding{Part: "store", State: good, Value: fmt.Sprintf("%s, on %s", dir, cmp.Or(name, "a local file system"))}
	if there != dir {
		f.Value += "; the first sweep makes it"
	}
	const elsewhere = "--store or $MMIBX_STORE names another folder"
	switch err := unix.Access(there, unix.W_OK); {
	case network:
		f.State, f.Cure = bad, "SQLite's write-ahead log is not safe there: "+elsewhere+", on a local disk"
	case err != nil:
		f.State, f.Cure = bad, fmt.Sprintf("it cannot be written to (%v): %s", err, elsewhere)
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(there, &disk); err != nil {
		return []finding{f, {"free disk", lacking, err.Error(), elsewhere}}
	}
	return []finding{f, freeDisk(disk.Bavail*uint64(disk.Bsize), elsewhere)}
}

func freeDisk(bytes uint64, elsewhere string) finding {
	f := finding{Part: "free disk", State: good, Value: fmt.Sprintf("%.1f GB for the store", float64(bytes)/1e9)}
	switch {
	case bytes < tooFull:
		f.State, f.Cure = bad, "make room, or "+elsewhere
	case bytes < filledUp:
		f.State, f.Cure = lacking, "runs with a pretrained encoder keep checkpoints of 100 MB and more: make room, or "+elsewhere
	}
	return f
}

// examineOptional looks for what only reports and some tests take.
func examineOptional() []finding {
	optional := func(part, cure string, programs ...string) finding {
		for _, p := range programs {
			if path, err := exec.LookPath(p); err == nil {
				return finding{Part: part, State: good, Value: path}
			}
		}
		return finding{part, lacking, strings.Join(programs, ", ") + ": not on PATH", cure}
	}
	return []finding{
		optional("LaTeX", "only typesetting tables needs one: apt-get install texlive-latex-recommended", "pdflatex", "lualatex", "xelatex", "tectonic"),
		optional("pdftoppm", "only looking at PDF figures as pictures needs it: apt-get install poppler-utils", "pdftoppm"),
	}
}
