package datasets

import (
	"errors"
	"slices"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

func TestShown(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"twitter2017/images/a.jpg": "", "twitter2017/images/b.jpg": "", "twitter2017/images/stranger.jpg": "",
		"twitter2017/captions/BLIP2_17.txt": "a.jpg :a cat\nb.jpg :" + brokenCaption + "\nmissing.jpg :a dog\n",
	})
	b, _ := mmibx.LookupBenchmark("twitter2017")
	set := &Set{Benchmark: b, Examples: map[mmibx.Split][]mmibx.Example{
		mmibx.Train: {{Image: "b.jpg"}, {Image: "a.jpg"}}, mmibx.Test: {{Image: "a.jpg"}, {Image: "missing.jpg"}, {}},
	}}
	f, err := OpenPictures(dir, "twitter2017")
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := f.Shown(set, dir); err != nil || !slices.Equal(ids, []string{"a.jpg"}) {
		t.Errorf("shown %v, %v; b is broken", ids, err)
	}
	if ids, err := f.Shown(set, t.TempDir()); err != nil || !slices.Equal(ids, []string{"a.jpg", "b.jpg"}) {
		t.Errorf("shown %v, %v, without captions", ids, err)
	}
}

func TestShownOfRealPictures(t *testing.T) {
	for name, want := range map[string]int{"twitter2015": 15, "twitter2017": 15, "mnre": 50} {
		dir := needs.Data(t, name)
		dir = dir[:len(dir)-len(name)-1]
		set, err := Open(name, dir)
		if err != nil {
			t.Fatal(err)
		}
		f, err := OpenPictures(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		ids, err := f.Shown(set, dir)
		if err != nil || len(ids) == 0 || len(f.IDs()) == want && len(ids) != want {
			t.Errorf("%s: %d of %d shown, %v", name, len(ids), want, err)
		}
	}
}

func TestFeatureFile(t *testing.T) {
	if path, err := FeatureFile("vit"); err != nil || path != "features/vit.safetensors" {
		t.Errorf("%s, %v", path, err)
	}
	for _, name := range []string{"", "../vit", "a/b", ".hidden"} {
		if _, err := FeatureFile(name); !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
