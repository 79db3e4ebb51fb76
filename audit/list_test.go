package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFindLists(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"crops_train.json", "crops_val.json", "crops_test.json", "trainer_config.json", "mre_test_dict.pth", "readme.txt", "other.json"} {
		writeFile(t, filepath.Join(dir, name), "{}")
	}
	lists, err := FindLists(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(lists) != 2 || filepath.Base(lists[0].Name) != "crops_{split}.json" || filepath.Base(lists[0].Files[mmibx.Dev]) != "crops_val.json" ||
		len(lists[0].Files) != 3 || len(lists[1].Files) != 1 {
		t.Errorf("in a folder: %+v", lists)
	}
	if lists, err = FindLists(filepath.Join(dir, "crops_test.json")); err != nil || len(lists) != 1 || len(lists[0].Files) != 3 {
		t.Errorf("by a file: %+v, %v", lists, err)
	}
	if _, err := FindLists(filepath.Join(dir, "none")); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no such path: %v", err)
	}
	if _, err := FindLists(filepath.Join(dir, "other.json")); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("a file without a split: %v", err)
	}
}

func TestListShapes(t *testing.T) {
	examples := []mmibx.Example{{ID: "dev:0", Image: "a.jpg"}, {ID: "dev:1", Image: "b.jpg"}, {ID: "dev:2"}}
	path := filepath.Join(t.TempDir(), "list_dev.json")
	list := List{Files: map[mmibx.Split]string{mmibx.Dev: path}}
	for _, c := range []struct {
		name, text string
		want       []int // items
	}{
		{"by picture, crops", `{"b.jpg": ["x_1.png", "x_0.png"], "z.jpg": ["y.png"]}`, []int{0, 2, 0}},
		{"by position, phrases", `{"0": "Ann Rome location", "2": ""}`, []int{3, 0, 0}},
		{"by place in a list, boxes", `[[[0, 0, 4, 2]], [], [[0, 0, 0, 0], [1, 1, 2, 2]]]`, []int{1, 0, 2}},
	} {
		writeFile(t, path, c.text)
		shapes, err := list.Shapes(mmibx.Dev, examples)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for i, want := range c.want {
			if len(shapes[i].Items) != want {
				t.Errorf("%s: %d items of %s, want %d", c.name, len(shapes[i].Items), examples[i].ID, want)
			}
		}
	}
	shapes, err := list.Shapes(mmibx.Dev, examples)
	if err != nil {
		t.Fatal(err)
	}
	if box := shapes[0].Items[0]; box.Zero || box.Size[0] != 8 || box.Size[1] != 4 || box.Size[2] != 2 || !shapes[2].Items[0].Zero {
		t.Errorf("boxes %+v and %+v", box, shapes[2].Items[0])
	}
	for _, c := range []struct{ text, key, found string }{
		{`{"3": ["x"]}`, "3", "neither a picture"},
		{`{"other.jpg": ["x"]}`, "other.jpg", "neither a picture"},
		{`{"b.jpg": ["x"], "y.jpg": ["x"], "z.jpg": ["x"]}`, "", "1 of 3 keys that are pictures of the split, for 1 of 2 examples with a picture"},
		{`{"0": 5}`, "0", "float64"},
		{`{"0": [["a"]]}`, "0", "a in a box"},
		{`7`, "", "float64"},
		{`{`, "", "unexpected end"},
	} {
		writeFile(t, path, c.text)
		_, err := list.Shapes(mmibx.Dev, examples)
		fault, ok := errors.AsType[*mmibx.InputError](err)
		if !ok || fault.File != path || fault.Key != c.key || !strings.Contains(fault.Found, c.found) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}
