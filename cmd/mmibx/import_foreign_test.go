package main

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestImportOtherTrackers(t *testing.T) {
	f, err := os.Open("../../tracker/testdata/mlflow/mlflow.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mlflow, store := filepath.Join(dir, "mlflow.db"), filepath.Join(dir, "store")
	if err := os.WriteFile(mlflow, blob, 0o600); err != nil {
		t.Fatal(err)
	}
	const events = "../../tracker/testdata/tensorboard"
	for _, c := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"import", "mlflow", mlflow, "--experiment", "lr-sweep"}, 0, []string{"lr-sweep lr 0.1", "2 runs: 2 added, 0 renewed, 0 unchanged"}},
		{[]string{"import", "mlflow", mlflow}, 0, []string{"baselines running", "3 runs: 1 added, 0 renewed, 2 unchanged"}},
		{[]string{"import", "mlflow", mlflow, "--experiment", "none"}, 2, nil},
		{[]string{"import", "mlflow", filepath.Join(dir, "none.db")}, 3, nil},
		{[]string{"import", "mlflow"}, 2, nil},
		{[]string{"import", "tensorboard", events, "--json"}, 0, []string{`"name": "torch/lr 0.1"`, `"outcome": "added"`, `"points": 6`}},
		{[]string{"import", "tensorboard", dir}, 2, nil},
		{[]string{"import", "tensorboard", filepath.Join(dir, "none")}, 3, nil},
		{[]string{"runs", "list", "imported=mlflow and lr<1"}, 0, []string{"lr-sweep lr 0.1, imported from mlflow", "2026-01-01"}},
		{[]string{"runs", "list", "imported=tensorboard and layers=3", "--columns", "lr", "--json"}, 0, []string{`"imported": "tensorboard"`, `"lr": 0.1`}},
		{[]string{"export", "points", "imported=mlflow", "--metric", "val/*"}, 0, []string{",val/f1,-3,61.25,finite,1,2026-01-01T00:00:09.000Z"}},
		{[]string{"table"}, 2, nil},
	} {
		out, code := mmibxRun(t, append([]string{"--store", store}, c.args...)...)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d: %s", strings.Join(c.args, " "), code, c.code, out)
		}
		for _, part := range c.want {
			if !strings.Contains(out, part) {
				t.Errorf("%s: no %q in\n%s", strings.Join(c.args, " "), part, out)
			}
		}
	}
	out, _ := mmibxRun(t, "--store", store, "runs", "list", "seed=7", "--json")
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	if out, code := mmibxRun(t, "--store", store, "runs", "curve", list[0].ID, "loss"); code != 0 || !strings.Contains(out, "6 points, 3 of them not finite") {
		t.Errorf("its curve: %d\n%s", code, out)
	}
	if out, code := mmibxRun(t, "--store", store, "runs", "show", list[0].ID); code != 0 || !strings.Contains(out, "lr 0.1 (mlflow, mlflow.db)") {
		t.Errorf("its page: %d\n%s", code, out)
	}
}
