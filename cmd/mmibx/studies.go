package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx/ablations"
	"github.com/mmibx/mmibx/experiments"
)

func newStudiesCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "studies [NAME]",
		Short: "List the studies that ship, or print one as a sweep file",
		Long: "List the studies that ship, or print one as a sweep file to start your own from.\n\n" +
			"A study runs on the miniature benchmarks unless --benchmarks says otherwise.",
		Example:   "  mmibx studies\n  mmibx studies beta > my-sweep.toml\n  mmibx sweep beta --benchmarks twitter2015,twitter2017,mnre",
		Args:      usageArgs(cobra.MaximumNArgs(1)),
		ValidArgs: ablations.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := cmd.OutOrStdout()
			if len(args) == 1 {
				text, err := ablations.Read(args[0])
				if err == nil {
					_, err = w.Write(text)
				}
				return err
			}
			list, err := a.studies()
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(w, list)
			}
			for _, s := range list {
				fmt.Fprintf(w, "%s  (%d runs)\n    %s.\n    %s\n\n", s.Name, s.Runs, s.Title, strings.ReplaceAll(s.Question, "\n", "\n    "))
			}
			return nil
		},
	}
}

// study is a line of `mmibx studies`.
type study struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Question   string   `json:"question"`
	Runs       int      `json:"runs"`
	Benchmarks []string `json:"benchmarks"`
	Arms       []string `json:"arms"`
}

func (a *app) studies() ([]study, error) {
	var list []study
	inputs := a.inputs()
	for _, name := range ablations.Names() {
		text, err := ablations.Read(name)
		if err != nil {
			return nil, err
		}
		s, err := experiments.Parse(name+".toml", text)
		if err != nil {
			return nil, err
		}
		plan, err := s.Plan(inputs)
		if err != nil {
			return nil, err
		}
		list = append(list, study{s.Name, s.Title, s.Question, len(plan.Cells), s.Benchmarks, plan.Arms()})
	}
	return list, nil
}
