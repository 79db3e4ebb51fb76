package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx/cmd/mmibx/tui"
)

// Commands implements tui.Shell.
func (u *ui) Commands() []tui.Pair {
	var list []tui.Pair
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
				continue
			}
			if c.Runnable() {
				list = append(list, tui.Pair{Name: strings.TrimPrefix(c.CommandPath(), "mmibx "), Value: c.Short})
			}
			walk(c)
		}
	}
	walk(newRoot())
	slices.SortFunc(list, func(x, y tui.Pair) int { return strings.Compare(x.Name, y.Name) })
	return list
}

// Command implements tui.Shell. In the line mmibx is this program, on this store.
func (u *ui) Command(line string) *exec.Cmd {
	const script = `mmibx() { "$MMIBX_SELF" "$@"; }
printf '$ %s\n' "$1"
eval "$1"
printf '\n(exit code %s) enter goes back to the terminal UI ' "$?"
read -r _`
	cmd := exec.Command("sh", "-c", script, "sh", line)
	self, err := os.Executable()
	if err != nil {
		self = "mmibx"
	}
	cmd.Env = append(os.Environ(), "MMIBX_SELF="+self, "MMIBX_STORE="+absolute(u.app.storeDir), "MMIBX_DATA="+absolute(u.app.dataDir))
	return cmd
}

// Outer implements tui.Shell.
func (u *ui) Outer(ctx context.Context) string {
	lets, err := exec.CommandContext(ctx, "tmux", "show-options", "-Apv", "allow-passthrough").Output()
	if err != nil || !slices.Contains([]string{"on", "all"}, strings.TrimSpace(string(lets))) {
		return ""
	}
	outer, err := exec.CommandContext(ctx, "tmux", "display-message", "-p", "#{client_termtype}").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(outer))
}

// absolute is a path for another program, which may be in another folder.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
