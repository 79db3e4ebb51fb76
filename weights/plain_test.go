package weights

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
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
	if _, err := ReadPlain(filepath.Join("testdata", "torch2.pt")); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), "expected plain data") {
		t.Errorf("a file of tensors: %v", err)
	}
}

// The numbers and texts of keys print alike: one entry may not hide another.
func TestPlainKeysThatPrintAlike(t *testing.T) {
	d := &dict{keys: []any{int64(1), "2"}, values: []any{"a", "b"}}
	if got, err := plain(d, 0); err != nil || !reflect.DeepEqual(got, map[string]any{"1": "a", "2": "b"}) {
		t.Errorf("%v, %v", got, err)
	}
	d.keys[1] = "1"
	if got, err := plain(d, 0); err == nil {
		t.Errorf("%v of the keys 1 and \"1\"", got)
	}
}
