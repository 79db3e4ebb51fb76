package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
)

func newFieldsCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "fields [KEY=VALUE...]",
		Short: "List the keys of a spec: range, default, what they do",
		Long: "List the keys of a spec: range, default, what they do.\n\n" +
			"With benchmark=NAME and model=NAME, and preset=official if wanted, VALUE is what a run of that\n" +
			"kind gets where nothing else is set, and keys that it does not read are left out.",
		Example: "  mmibx fields\n  mmibx fields benchmark=mnre model=mmib preset=official",
		RunE: func(cmd *cobra.Command, args []string) error {
			rows, err := fieldRows(args)
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), rows)
			}
			return printFields(cmd.OutOrStdout(), rows)
		},
	}
}

// fieldRow is a line of `mmibx fields`.
type fieldRow struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
	Range string `json:"range"`
	Doc   string `json:"doc"`
}

func fieldRows(args []string) ([]fieldRow, error) {
	value := func(f *mmibx.Field) (any, bool) { return f.Frozen, true }
	if len(args) > 0 {
		settings := map[string]any{}
		for _, arg := range args {
			key, v, ok := strings.Cut(arg, "=")
			if !ok {
				return nil, &mmibx.InputError{Key: "fields", Found: fmt.Sprintf("%q", arg), Expected: "KEY=VALUE", Cure: "write benchmark=mini-mnre model=mmib"}
			}
			settings[key] = v
		}
		spec, err := resolveFields(settings)
		if err != nil {
			return nil, err
		}
		value = func(f *mmibx.Field) (any, bool) {
			v, _ := spec.Get(f.Key)
			return v, len(spec.Unread([]string{f.Key})) == 0
		}
	}
	var rows []fieldRow
	for i := range mmibx.Fields {
		f := &mmibx.Fields[i]
		if v, read := value(f); read {
			rows = append(rows, fieldRow{f.Key, v, rangeOf(f), f.Doc})
		}
	}
	return rows, nil
}

// resolveFields is mmibx.Resolve where a wrong key is told before a missing one.
func resolveFields(settings map[string]any) (mmibx.Spec, error) {
	full := map[string]any{"benchmark": "mini-mnre", "model": "mmib"}
	if _, ok := settings["model.name"]; ok {
		delete(full, "model")
	}
	maps.Copy(full, settings)
	if _, err := mmibx.Resolve(full); err != nil {
		return mmibx.Spec{}, err
	}
	if _, ok := settings["benchmark"]; !ok {
		return mmibx.Spec{}, &mmibx.InputError{Key: "benchmark", Found: "nothing", Expected: "one of " + strings.Join(mmibx.BenchmarkNames(), ", "), Cure: "add benchmark=mini-mnre"}
	}
	return mmibx.Resolve(settings)
}

func rangeOf(f *mmibx.Field) string {
	switch f.Key {
	case "benchmark":
		return strings.Join(mmibx.BenchmarkNames(), ", ")
	case "model.name":
		return strings.Join(mmibx.ModelNames(), ", ")
	}
	switch f.Frozen.(type) {
	case bool:
		return "true, false"
	case string:
		return strings.Join(f.Choices, ", ")
	}
	if f.Max >= math.MaxInt32 {
		return fmt.Sprintf("from %g", f.Min)
	}
	return fmt.Sprintf("%g to %g", f.Min, f.Max)
}

func printFields(w io.Writer, rows []fieldRow) error {
	t := newTable(w, "KEY", "VALUE", "RANGE", "WHAT IT DOES")
	for _, r := range rows {
		what := r.Range
		if len(what) > 36 {
			what = what[:strings.LastIndex(what[:34], ",")+1] + " ..."
		}
		t.row(r.Key, orDash(fmt.Sprint(r.Value)), orDash(what), r.Doc)
	}
	return t.Flush()
}
