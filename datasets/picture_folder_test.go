package datasets

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

// folderOf writes files into a new folder and returns it.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOpenPictures(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"mnre/img_org/train/a.jpg": "1", "mnre/img_org/test/b.PNG": "2", "mnre/img_org/notes.txt": "",
		"mnre/img_org/train/inf.png": "", "mnre/img_org/test/inf.png": "", "mnre/images_subset/c.jpg": "",
		"twitter2017/images_subset/join.tsv": "file\tsplit\tIMGID\nimages_subset/train/1.jpg\ttrain\t16_05\r\n",
	})
	f, err := OpenPictures(dir, "mnre")
	if err != nil || !slices.Equal(f.IDs(), []string{"a.jpg", "b.PNG", "inf.png"}) {
		t.Fatalf("pictures %v, %v", f, err)
	}
	if path, err := f.Path("b.PNG"); err != nil || path != filepath.Join(dir, "mnre", "img_org", "test", "b.PNG") {
		t.Errorf("path %q, %v", path, err)
	}
	if _, err := f.Path("c.jpg"); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("a picture that is not there: %v", err)
	}
	if _, err := f.Path("inf.png"); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("two files of one name: %v", err)
	}
	if f, err = OpenPictures(dir, "twitter2017"); err != nil {
		t.Fatal(err)
	}
	if path, err := f.Path("16_05.jpg"); err != nil || path != filepath.Join(dir, "twitter2017", "images_subset", "train", "1.jpg") {
		t.Errorf("path %q, %v", path, err)
	}
	if _, err := OpenPictures(dir, "twitter2015"); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "images/<id>.jpg") {
		t.Errorf("no folder: %v", err)
	}
	if _, err := OpenPictureFolder(filepath.Join(dir, "none")); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no folder: %v", err)
	}
}

func TestOpenPictureFolderFollowsALink(t *testing.T) {
	dir := folderOf(t, map[string]string{"real/a.jpg": ""})
	link := filepath.Join(dir, "images")
	if err := os.Symlink(filepath.Join(dir, "real"), link); err != nil {
		t.Fatal(err)
	}
	if f, err := OpenPictureFolder(link); err != nil || len(f.IDs()) != 1 {
		t.Errorf("got %v, %v", f, err)
	}
}

func TestJoinFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		"picture\tid\n":                         `:1: found "picture id", expected columns by TAB`,
		"file\tIMGID\na.jpg\t1\nb.jpg\n":        `:3: found "b.jpg", expected a path in column file`,
		"file\tIMGID\n../../etc/secret\t1\n":    `:2: found "../../etc/secret 1", expected a path`,
		"file\tIMGID\n/a\t1\nb.jpg\n\nc.jpg\t2": ": 3 faults:\n",
	} {
		dir := folderOf(t, map[string]string{"join.tsv": text})
		_, err := OpenPictureFolder(dir)
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
		} else if err == nil || !strings.HasPrefix(err.Error(), filepath.Join(dir, "join.tsv")+want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestPictureDigest(t *testing.T) {
	digest := func(files map[string]string, ids ...string) string {
		f, err := OpenPictureFolder(folderOf(t, files))
		if err != nil {
			t.Fatal(err)
		}
		d, err := f.Digest(context.Background(), ids)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	base := digest(map[string]string{"a.jpg": "1", "b.jpg": "2"}, "a.jpg", "b.jpg")
	if got := digest(map[string]string{"x/a.jpg": "1", "b.jpg": "2", "c.jpg": "3"}, "b.jpg", "a.jpg", "b.jpg"); got != base {
		t.Error("the digest depends on order, place or other pictures")
	}
	for name, files := range map[string]map[string]string{
		"content": {"a.jpg": "1", "b.jpg": "3"}, "swapped": {"a.jpg": "2", "b.jpg": "1"}, "missing": {"a.jpg": "1"},
	} {
		if digest(files, "a.jpg", "b.jpg") == base {
			t.Errorf("%s: the digest is the same", name)
		}
	}
	f, err := OpenPictureFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.Digest(ctx, []string{"a.jpg"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The real pictures at hand belong to tweets and can be read.
func TestPicturesOfTheRealBenchmarks(t *testing.T) {
	for benchmark, want := range map[string]int{"twitter2015": 15, "twitter2017": 15, "mnre": 50} {
		t.Run(benchmark, func(t *testing.T) {
			dataDir := filepath.Dir(needs.Data(t, benchmark))
			set, err := Open(benchmark, dataDir)
			if err != nil {
				t.Fatal(err)
			}
			f, err := OpenPictures(dataDir, benchmark)
			if err != nil {
				t.Fatal(err)
			}
			shown := pictures(set)
			subset := filepath.Base(f.Dir) == "images_subset"
			if subset && len(f.IDs()) != want {
				t.Errorf("%d pictures, want %d", len(f.IDs()), want)
			}
			for _, id := range f.IDs()[:min(want, len(f.IDs()))] {
				path, err := f.Path(id)
				if err != nil {
					t.Error(err)
					continue
				}
				if img, err := decodePicture(path); err != nil || img.Bounds().Size() == (image.Point{}) {
					t.Errorf("%s: %v", id, err)
				}
				if subset && !shown[id] {
					t.Errorf("%s belongs to no tweet", id)
				}
			}
		})
	}
}
