package weights

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestReadPlain(t *testing.T) {
	got, err := ReadPlain(filepath.Join("testdata", "plain.pth"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"0": []any{"0_crop_1.png", "a"},
		"x": []any{int64(1), 2.5, nil, true, map[string]any{"k": int64(-3)}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%#v, want %#v", got, want)
	}
	if _, err := ReadPlain(filepath.Join("testdata", "torch2.pt")); err == nil || !strings.Contains(err.Error(), "expected plain data") {
		t.Errorf("a file of tensors: %v", err)
	}
}
