package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the table of docs/reference/commands.md anew")

// TestCommandsPage holds the page of commands to the commands there are.
func TestCommandsPage(t *testing.T) {
	const begin, end = "<!-- commands: written by `go test ./cmd/mmibx -update` -->\n", "<!-- end of commands -->\n"
	path := filepath.Join("..", "..", "docs", "reference", "commands.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(page), begin)
	_, after, ended := strings.Cut(rest, end)
	if !begun || !ended {
		t.Fatalf("%s lacks the marks of its table:\n%s%s", path, begin, end)
	}
	want := before + begin + commandTable(newRoot()) + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(page) {
		t.Errorf("%s does not list the commands as they are; go test ./cmd/mmibx -update writes:\n%s", path, commandTable(newRoot()))
	}
}

// commandTable is a row for each command that can be run.
func commandTable(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("| command | what it does |\n|---|---|\n")
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Runnable() && c != root && !isGroup(c) {
			_, args, _ := strings.Cut(c.Use, " ")
			usage := strings.ReplaceAll(strings.TrimSpace(c.CommandPath()+" "+args), "|", `\|`)
			fmt.Fprintf(&b, "| `%s` | %s |\n", usage, c.Short)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return b.String()
}

// TestHelp holds every command to what people may expect of it.
func TestHelp(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: its short help %q is to be a line without a full stop", c.CommandPath(), c.Short)
		}
		if c.Runnable() && c.Example == "" && !isGroup(c) {
			t.Errorf("%s has no example", c.CommandPath())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if what, _ := pflag.UnquoteUsage(f); strings.Contains(what, " ") {
				t.Errorf("%s --%s: its value is called %q", c.CommandPath(), f.Name, what)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
}
