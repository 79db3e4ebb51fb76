package main

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

const (
	defaultPyTorch = "2.11.0"

	// diskNeeded is what a download needs at its peak: the wheel (0.5 to 0.9 GB) beside what is unpacked of it (0.5 GB), and some air.
	diskNeeded = 1_800_000_000
)

// wayOut ends each message about a download that cannot be.
const wayOut = "or use a PyTorch that you have: install torch into the active Python, or set LIBTORCH to an unpacked libtorch (2.4 or newer, from pytorch.org)"

// download puts the parts of PyTorch that a CPU needs into deps/torch, laid out as in site-packages, so that the libraries find each other by their own RPATH.
// The wheel's CUDA kernels, most of its unpacked size, are never unpacked; of CUDA itself only what libtorch_cpu.so names comes along.
func download(version, deps string) error {
	pip, err := findPip()
	if err != nil {
		return err
	}
	if err := checkDisk(deps); err != nil {
		return err
	}
	wheels, tmp, dst := filepath.Join(deps, "wheels"), filepath.Join(deps, "torch.tmp"), filepath.Join(deps, "torch")
	for _, dir := range []string{wheels, tmp} { // of a download that was cut off
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	defer os.RemoveAll(wheels)

	say("downloading PyTorch %s with pip into %s: one wheel of 0.5 to 0.9 GB, 0.5 GB of it unpacked", version, deps)
	wheel, err := fetch(pip, "torch=="+version, wheels)
	if err != nil {
		return err
	}
	if err := unpack(wheel, tmp, neededOnCPU); err != nil {
		return err
	}
	if err := os.Remove(wheel); err != nil { // early, for the sake of the disk
		return err
	}

	names, err := neededBy(filepath.Join(tmp, "torch", "lib", "libtorch_cpu.so"))
	if err != nil {
		return err
	}
	for _, soname := range names {
		requirement, ok := nvidiaWheel(soname)
		if !ok {
			continue // part of the torch wheel or of the system
		}
		wheel, err := fetch(pip, requirement, wheels)
		if err != nil {
			return err
		}
		if err := unpack(wheel, tmp, func(path string) bool { return filepath.Base(path) == soname }); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(dst); err != nil {
		return err
	}
	return os.Rename(tmp, dst)
}

// findPip returns a command that runs pip, that of the active Python before others.
func findPip() ([]string, error) {
	for _, pip := range [][]string{{"python3", "-m", "pip"}, {"python", "-m", "pip"}, {"pip3"}, {"pip"}} {
		if exec.Command(pip[0], append(pip[1:], "--version")...).Run() == nil {
			return pip, nil
		}
	}
	return nil, errors.New("no pip to download PyTorch with: install it (apt-get install python3-pip), " + wayOut)
}

func checkDisk(dir string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("free space of %s: %w", dir, err)
	}
	if free := float64(fs.Bavail) * float64(fs.Bsize); free < diskNeeded {
		return fmt.Errorf("no disk: downloading PyTorch needs %.1f GB, %s has %.1f GB free; make room, make .deps a link to a folder on a bigger disk, %s", diskNeeded/1e9, dir, free/1e9, wayOut)
	}
	return nil
}

// fetch downloads one wheel, without what it depends on, and returns its path. pip shows its own progress and uses its own settings (mirrors, proxies, certificates).
func fetch(pip []string, requirement, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	args := slices.Concat(pip[1:], []string{"download", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--disable-pip-version-check", "--dest", dir, requirement})
	var complaints bytes.Buffer
	cmd := exec.Command(pip[0], args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, io.MultiWriter(os.Stderr, &complaints)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %s; %s", requirement, pipFailure(complaints.String(), err), wayOut)
	}
	name := regexp.MustCompile(`^[\w-]+`).FindString(requirement)
	found, err := filepath.Glob(filepath.Join(dir, strings.ReplaceAll(name, "-", "_")+"-*.whl"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("%s: pip left %d wheels in %s, expected one", requirement, len(found), dir)
	}
	return found[0], nil
}

// pipFailure says in a few words why pip failed. The network comes first: without it pip also complains that no version matches.
func pipFailure(complaints string, err error) string {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(complaints, p) })
	}
	switch {
	case has("No space left on device"):
		return "no disk: it filled up while downloading; make room"
	case has("NewConnectionError", "ConnectTimeout", "ReadTimeout", "Name or service not known", "Temporary failure in name resolution", "ProxyError", "Network is unreachable", "SSLError"):
		return "no network: pip cannot reach its index; check the connection, proxy and pip's index-url"
	case has("(from versions: none)"):
		return "no network, or nothing for this Python: pip found no version at all; check the connection and pip's index-url"
	case has("No matching distribution"):
		return "no wheel of this version for this Python and machine; use another version of either"
	}
	return fmt.Sprintf("pip: %v (its own words are above)", err)
}

// neededOnCPU chooses from the torch wheel what compiling and linking for a CPU takes: a tenth of its files, a third of its size.
func neededOnCPU(path string) bool {
	dir, name := filepath.Split(path)
	switch {
	case path == "torch/version.py", strings.HasPrefix(path, "torch/include/"):
		return true
	case dir == "torch/lib/", dir == "torch.libs/":
		return !notOnCPU.MatchString(name)
	}
	return false
}

var notOnCPU = regexp.MustCompile(`cuda|nvrtc|nvshmem|python|libshm|global_deps|libtorch\.so`)

func neededBy(library string) ([]string, error) {
	f, err := elf.Open(library)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", library, err)
	}
	defer f.Close()
	return f.ImportedLibraries()
}

var (
	cudaSoname = regexp.MustCompile(`^lib(\w+)\.so\.(\d+)$`)
	// nvidiaProjects names the wheel of each CUDA library that a libtorch_cpu.so was ever seen to need, and of those likely to come.
	nvidiaProjects = map[string]string{
		"cudart": "cuda-runtime", "cupti": "cuda-cupti", "cufile": "cufile", "cublas": "cublas", "cublasLt": "cublas",
		"cufft": "cufft", "curand": "curand", "cusparse": "cusparse", "cusolver": "cusolver", "nvJitLink": "nvjitlink",
	}
)

// nvidiaWheel names the wheel on PyPI that holds a CUDA library. Up to CUDA 12 its version is part of the name.
func nvidiaWheel(soname string) (requirement string, ok bool) {
	m := cudaSoname.FindStringSubmatch(soname)
	if m == nil || nvidiaProjects[m[1]] == "" {
		return "", false
	}
	project := "nvidia-" + nvidiaProjects[m[1]]
	if len(m[2]) == 2 && m[2] <= "12" {
		return project + "-cu" + m[2], true
	}
	return project + "==" + m[2] + ".*", true
}

// unpack writes the chosen files of a wheel to dir, and shows how far it is where someone is looking.
func unpack(wheel, dir string, choose func(path string) bool) error {
	r, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("%s: %w", wheel, err)
	}
	defer r.Close()
	var chosen []*zip.File
	var total, done uint64
	for _, f := range r.File {
		if choose(f.Name) && !f.FileInfo().IsDir() {
			chosen = append(chosen, f)
			total += f.UncompressedSize64
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("%s holds nothing of what is needed", wheel)
	}
	if total > 10e6 { // a wait worth a word
		say("unpacking %d files, %d MB, of %s", len(chosen), total/1e6, filepath.Base(wheel))
	}
	watched := isTerminal(os.Stderr)
	for _, f := range chosen {
		if err := unpackFile(f, dir); err != nil {
			return fmt.Errorf("unpack %s: %w", f.Name, err)
		}
		done += f.UncompressedSize64
		if watched {
			fmt.Fprintf(os.Stderr, "\r%3d %%", 100*done/max(total, 1))
		}
	}
	if watched {
		fmt.Fprint(os.Stderr, "\r     \r")
	}
	return nil
}

func unpackFile(f *zip.File, dir string) error {
	if !filepath.IsLocal(f.Name) {
		return errors.New("its path leads out of the folder")
	}
	path := filepath.Join(dir, f.Name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
