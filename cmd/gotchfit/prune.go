package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// generated is the file of gotch with one C++ wrapper for each operation of the libtorch that it was written for.
const generated = "torch_api_generated.cpp.h"

// fitGotch copies gotch's binding to dst and replaces each wrapper that does not compile, until all do. It returns the names of those replaced.
// dst appears only when it is whole: an interrupted fit leaves the one before.
func fitGotch(t toolchain, includeFlags []string, dst string) (pruned []string, err error) {
	src, err := t.gotchSource()
	if err != nil {
		return nil, err
	}
	tmp := dst + ".tmp"
	if err := os.RemoveAll(tmp); err != nil {
		return nil, err
	}
	if err := copyGotch(src, tmp); err != nil {
		return nil, fmt.Errorf("copy gotch: %w", err)
	}
	file := filepath.Join(tmp, "libtch", generated)
	for {
		complaints, err := t.syntaxCheck(filepath.Join(tmp, "libtch"), includeFlags)
		if err != nil {
			return nil, err
		}
		if complaints == "" {
			break
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		out, names := prune(string(text), errorLines(complaints))
		if len(names) == 0 { // the fault lies elsewhere: in the headers, in the compiler, in the hand-written part
			return nil, fmt.Errorf("%s cannot compile gotch against this PyTorch: %s", t.compiler, firstError(complaints))
		}
		pruned = append(pruned, names...)
		if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
			return nil, err
		}
	}
	slices.Sort(pruned)
	if err := os.RemoveAll(dst); err != nil {
		return nil, err
	}
	return pruned, os.Rename(tmp, dst)
}

// copyGotch copies what the binding consists of. The rest of gotch (its tensors, layers, pickle, vision) is not used.
func copyGotch(src, dst string) error {
	if err := os.MkdirAll(dst, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"go.mod", "LICENSE"} {
		text, err := os.ReadFile(filepath.Join(src, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dst, name), text, 0o644); err != nil {
			return err
		}
	}
	binding := os.DirFS(filepath.Join(src, "libtch"))
	return fs.WalkDir(binding, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dst, "libtch", path)
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		text, err := fs.ReadFile(binding, path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o644) // not os.CopyFS: the module cache is read-only, the copy is not
	})
}

// syntaxCheck returns what the compiler has to say against gotch's C++, or "".
func (t toolchain) syntaxCheck(dir string, includeFlags []string) (complaints string, err error) {
	args := slices.Concat(t.cxx[1:], includeFlags, []string{"-fsyntax-only", "-fmax-errors=0", "torch_api.cpp"})
	cmd := exec.Command(t.cxx[0], args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return "", nil
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(out) > 0 {
		return string(out), nil
	}
	return "", fmt.Errorf("run %s: %w", t.cxx[0], err)
}

// g++ names a line of the generated file in an error or, where the error lies inside a template, in the note that says who asked for it.
var atGenerated = regexp.MustCompile(`(?m)^(?:\S*/)?` + regexp.QuoteMeta(generated) + `:(\d+):(?:\d+:)?\s+(?:(?:fatal )?error:|required from here)`)

// errorLines returns the lines of the generated file that the compiler complains about.
func errorLines(complaints string) []int {
	var lines []int
	for _, m := range atGenerated.FindAllStringSubmatch(complaints, -1) {
		n, err := strconv.Atoi(m[1])
		if err == nil {
			lines = append(lines, n)
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// firstError is the first line with an error, for a message of one line.
func firstError(complaints string) string {
	for line := range strings.Lines(complaints) {
		if strings.Contains(line, "error:") {
			return strings.TrimSpace(line)
		}
	}
	first, _, _ := strings.Cut(complaints, "\n")
	return first
}

var wrapperHead = regexp.MustCompile(`^\S.*\b(atg_\w+)\(.*\{$`)

// prune replaces the PROTECT block of each wrapper that holds one of the lines (counted from 1) by one that throws, and returns the names of the wrappers replaced.
// A wrapper stands on its own lines, as gotch's generator writes it:
//
//	void atg_name(tensor *out__, ...) {
//	  PROTECT(
//	    ...
//	  )
//	}
func prune(text string, lines []int) (out string, names []string) {
	in := strings.SplitAfter(text, "\n")
	var b strings.Builder
	for i := 0; i < len(in); {
		end := i + 1
		head := wrapperHead.FindStringSubmatch(strings.TrimRight(in[i], "\n"))
		if head == nil {
			b.WriteString(in[i])
			i = end
			continue
		}
		for end < len(in) && strings.TrimRight(in[end], "\n") != "}" {
			end++
		}
		body := in[i+1 : end]
		if open, shut := slices.Index(body, "  PROTECT(\n"), slices.Index(body, "  )\n"); holds(lines, i+1, end+1) && 0 <= open && open < shut {
			names = append(names, head[1])
			throw := fmt.Sprintf("  PROTECT(throw std::runtime_error(\"%s: not in this libtorch\");)\n", head[1])
			body = slices.Concat(body[:open], []string{throw}, body[shut+1:])
		}
		b.WriteString(in[i])
		for _, line := range body {
			b.WriteString(line)
		}
		i = end
	}
	return b.String(), names
}

// holds reports whether one of the lines lies between first and last.
func holds(lines []int, first, last int) bool {
	return slices.ContainsFunc(lines, func(n int) bool { return first <= n && n <= last })
}
