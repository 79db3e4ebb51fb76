package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
)

// finding is a line of `mmibx doctor`: how a part stands, and what to do where
// it does not stand well.
type finding struct {
	Part  string `json:"part"`
	State health `json:"state"`
	Value string `json:"value"`
	Cure  string `json:"cure,omitempty"`
}

// health is how a part stands.
type health string

const (
	good    health = "good"
	lacking health = "lacking" // something can be had that is not there
	bad     health = "bad"     // no training without it
)

var healthSign = map[health]string{good: "✓", lacking: "!", bad: "✗"}

func newDoctorCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything that mmibx needs, and say what to do about what is missing",
		Long: "Look at everything that mmibx needs, and say what to do about what is missing.\n\n" +
			"✓ is in order, ! can be had and is not there, ✗ keeps runs from being trained: then the exit code is 1.",
		Example: "  mmibx doctor\n  mmibx doctor --json",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := a.examine(cmd.Context())
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if a.json {
				if err := printJSON(cmd.OutOrStdout(), findings); err != nil {
					return err
				}
			} else {
				printFindings(cmd.OutOrStdout(), findings)
			}
			return verdictOn(findings)
		},
	}
}

// examine looks at all parts. None of them is needed for looking at the others.
func (a *app) examine(ctx context.Context) []finding {
	var all []finding
	root := checkout()
	fit, fitted := readFit(root)
	all = append(all, examineBuild(ctx, root)...)
	if root != "" {
		all = append(all, fitted)
	}
	all = append(all, examineWorker(ctx, fit)...)
	all = append(all, examineWeights()...)
	all = append(all, a.examineData()...)
	all = append(all, a.examineStore()...)
	all = append(all, a.examineDatabase(ctx)...)
	return append(all, examineOptional()...)
}

func printFindings(w io.Writer, findings []finding) {
	width := 0
	for _, f := range findings {
		width = max(width, len(f.Part))
	}
	for _, f := range findings {
		fmt.Fprintf(w, "%s %-*s  %s\n", healthSign[f.State], width, f.Part, f.Value)
		if f.Cure != "" {
			fmt.Fprintf(w, "  %-*s  -> %s\n", width, "", f.Cure)
		}
	}
}

// verdictOn is the error of what keeps runs from being trained.
func verdictOn(findings []finding) error {
	var parts []string
	for _, f := range findings {
		if f.State == bad {
			parts = append(parts, f.Part)
		}
	}
	if parts == nil {
		return nil
	}
	return fmt.Errorf("no run can be trained yet: %s", strings.Join(parts, ", "))
}

// checkout is the folder of mmibx's source that we stand in, "" when we do not.
func checkout() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module github.com/mmibx/mmibx\n") {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// patience is how long a program may take to answer.
const patience = 30 * time.Second

// ask runs a program for its output. What it complains about is the error.
func ask(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer in %v", patience))
	defer cancel()
	var complaints strings.Builder
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = &complaints
	cmd.WaitDelay = time.Second // a child that outlives it may not hold up doctor
	out, err := cmd.Output()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // not that it was killed for it
	}
	if said := strings.TrimSpace(complaints.String()); err != nil && said != "" {
		err = fmt.Errorf("%w: %s", err, mmibx.FirstLine(said))
	}
	return strings.TrimSpace(string(out)), err
}
