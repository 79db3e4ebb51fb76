package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// printJSON writes v for programs: indented, with a newline at the end.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table aligns columns for people.
type table struct{ *tabwriter.Writer }

func newTable(w io.Writer, header ...any) table {
	t := table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row(header...)
	return t
}

// row writes a line; errors wait for Flush.
func (t table) row(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = clean(fmt.Sprint(c))
	}
	fmt.Fprintln(t, strings.Join(texts, "\t"))
}

// clean makes a text of anybody safe to print on a terminal. Its lines stay lines.
func clean(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = widget.Clean(line)
	}
	return strings.Join(lines, "\n")
}

// orDash shows that there is nothing.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// usageArgs makes a wrong number of arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return fmt.Errorf("%w: %w; see %s --help", mmibx.ErrUsage, err, cmd.CommandPath())
		}
		return nil
	}
}

// byteSize is a number of bytes for people.
func byteSize(n int64) string {
	const units = "kMGT"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/1000, 0
	for ; v >= 999.5 && unit < len(units)-1; unit++ {
		v /= 1000
	}
	return fmt.Sprintf("%.3g %cB", v, units[unit])
}

// counted is a number with what it counts.
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
