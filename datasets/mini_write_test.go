package datasets

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/mmibx/mmibx"
)

// What is written, the readers of the real benchmarks read back.
func TestMiniTextsReadBack(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, set *Set) {
		dir := t.TempDir()
		if err := writeTexts(set, dir); err != nil {
			t.Fatal(err)
		}
		back, err := OpenFolder(set.Benchmark, dir)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back.Labels, set.Labels) {
			t.Errorf("labels %q, want %q", back.Labels, set.Labels)
		}
		for _, split := range mmibx.Splits {
			if len(back.Examples[split]) != len(set.Examples[split]) {
				t.Fatalf("%s has %d tweets, want %d", split, len(back.Examples[split]), len(set.Examples[split]))
			}
			for i, e := range set.Examples[split] {
				if got := back.Examples[split][i]; !reflect.DeepEqual(got, e) {
					t.Fatalf("read back %+v\nwant      %+v", got, e)
				}
			}
		}
		for name, digest := range back.Digests {
			if set.Digests[name] != digest {
				t.Errorf("%s: digest of the file %s, of the set %s", name, digest, set.Digests[name])
			}
		}
	})
}

func TestWrittenPicturesShowTheSame(t *testing.T) {
	m, err := lookupMini("mini-twitter2017")
	if err != nil {
		t.Fatal(err)
	}
	few := *m
	few.tweets = map[mmibx.Split]int{mmibx.Train: 20, mmibx.Dev: 5, mmibx.Test: 5}
	dir := t.TempDir()
	if err := few.write(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for _, split := range mmibx.Splits {
		for i := range few.tweets[split] {
			b, err := os.ReadFile(filepath.Join(dir, "images", miniPictureID(split, i)))
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := m.tweet(split, i); m.read(toRGBA(img)) != want.shows {
				t.Errorf("%s %d shows %v, want %v", split, i, m.read(toRGBA(img)), want.shows)
			}
		}
	}
}

func TestWriteMiniStopsWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := WriteMini(ctx, "mini-mnre", t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("WriteMini with a cancelled context: %v", err)
	}
}
