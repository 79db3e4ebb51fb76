package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/weights"
)

func newImportCheckpointCmd(a *app) *cobra.Command {
	var f modelFlags
	var out string
	cmd := &cobra.Command{
		Use:   "checkpoint FILE --task mner|mre --out FOLDER",
		Short: "Turn a checkpoint of MMIB's authors into weights of ours",
		Long: `Turn a checkpoint of MMIB's authors into weights of ours.

FILE is a state_dict (.pt, .pth or safetensors) with the names of the released code. The
folder gets model.safetensors and config.json, which mmibx parity --weights reads. Every
name is reported: used, missing (then nothing is written) or left over.`,
		Example: "  mmibx import checkpoint mmib_twitter2017.pt --task mner --out weights/mmib-twitter2017\n" +
			"  mmibx import checkpoint mmib_mnre.pt --task mre --out weights/mmib-mnre --json",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := f.spec()
			if err != nil {
				return err
			}
			if out == "" {
				return &mmibx.InputError{Key: "--out", Found: "nothing", Expected: "the name of a folder"}
			}
			w, err := weights.OpenMMIB(args[0])
			if err != nil {
				return err
			}
			defer w.Close()
			w.Fit(&spec)
			match := w.Match(&spec)
			if err := a.printMatch(cmd, match); err != nil {
				return err
			}
			if err := match.Err(args[0]); err != nil {
				return err
			}
			return w.Write(out, match)
		},
	}
	f.add(cmd, "official")
	cmd.Flags().StringVarP(&out, "out", "o", "", "the `FOLDER` to write")
	return cmd
}

// printMatch lists every name with what became of it.
func (a *app) printMatch(cmd *cobra.Command, m weights.Match) error {
	if a.json {
		return printJSON(cmd.OutOrStdout(), m)
	}
	t := newTable(cmd.OutOrStdout(), "STATUS", "NAME")
	for _, group := range []struct {
		status string
		names  []string
	}{{"used", m.Used}, {"missing", m.Missing}, {"left over", m.LeftOver}} {
		for _, name := range group.names {
			t.row(group.status, name)
		}
	}
	for _, f := range m.Misfits {
		t.row("wrong shape", fmt.Sprintf("%s %v, expected %v", f.Name, f.Found, f.Expected))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	counts := []string{
		fmt.Sprintf("%d used", len(m.Used)), fmt.Sprintf("%d missing", len(m.Missing)),
		fmt.Sprintf("%d left over", len(m.LeftOver)), fmt.Sprintf("%d of a wrong shape", len(m.Misfits)),
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.Join(counts, ", "))
	return err
}
