package datasets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// joinFile maps the files of a folder that are not named by their ids.
const joinFile = "join.tsv"

// PictureFolder finds the files of pictures by id, as Example.Image spells it.
type PictureFolder struct {
	Dir   string
	files map[string][]string // by id; one that is good has one file
}

// PictureFolders lists where OpenPictures looks, within the benchmark's folder:
// the names under which the public sets go round, and ours for a part of one.
func PictureFolders(benchmark string) []string {
	return []string{"images", benchmark + "_images", "img_org", "images_subset"}
}

// OpenPictures opens the folder of a real benchmark's pictures, the first that
// is there of dataDir/NAME/PictureFolders; mmibx.ErrNotFound where none is.
func OpenPictures(dataDir, benchmark string) (*PictureFolder, error) {
	for _, name := range PictureFolders(benchmark) {
		dir := filepath.Join(dataDir, benchmark, name)
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return OpenPictureFolder(dir)
		}
	}
	return nil, fmt.Errorf("benchmark %s: %w: no pictures in %s; put or link them there as %s/<id>.jpg",
		benchmark, mmibx.ErrNotFound, filepath.Join(dataDir, benchmark), PictureFolders(benchmark)[0])
}

// OpenPictureFolder opens a folder of pictures. A picture's id is the name of its
// file, in the folder itself or in one below (MNRE's go round in one per split).
// Where the folder holds a join.tsv, that says which file is which instead.
func OpenPictureFolder(dir string) (*PictureFolder, error) {
	f := &PictureFolder{Dir: dir, files: map[string][]string{}}
	join := filepath.Join(dir, joinFile)
	b, err := os.ReadFile(join)
	switch {
	case err == nil:
		return f, f.join(join, string(b))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && isPictureName(name) {
			f.add(path.Base(name), filepath.Join(dir, filepath.FromSlash(name)))
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no folder of pictures %s", mmibx.ErrNotFound, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("pictures of %s: %w", dir, err)
	}
	return f, nil
}

func isPictureName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png":
		return true
	}
	return false
}

func (f *PictureFolder) add(id, path string) { f.files[id] = append(f.files[id], path) }

// join reads a join.tsv: columns split by TAB under their names. "file" is a
// path within the folder that holds the folder of pictures; "IMGID" is the id as
// in the tweets' file, and where there is none the file's name is the id.
func (f *PictureFolder) join(name, text string) error {
	bad := faults{file: name}
	fileAt, idAt := -1, -1
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		bad.line++
		cells := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if bad.line == 1 {
			fileAt, idAt = slices.Index(cells, "file"), slices.Index(cells, "IMGID")
			if fileAt < 0 {
				return &mmibx.InputError{File: name, Line: 1, Found: quote(strings.Join(cells, " ")), Expected: "columns by TAB, one of them file"}
			}
			continue
		}
		if len(cells) <= max(fileAt, idAt) || !filepath.IsLocal(cells[fileAt]) {
			bad.add(&mmibx.InputError{Found: quote(strings.Join(cells, " ")), Expected: "a path in column file, and an id in column IMGID if there is one"})
			continue
		}
		id := path.Base(cells[fileAt])
		if idAt >= 0 {
			id = pictureFile(cells[idAt])
		}
		f.add(id, filepath.Join(filepath.Dir(f.Dir), filepath.FromSlash(cells[fileAt])))
	}
	return bad.err()
}

// IDs lists the pictures of the folder, sorted.
func (f *PictureFolder) IDs() []string {
	ids := make([]string, 0, len(f.files))
	for id := range f.files {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Path is the file of a picture; mmibx.ErrNotFound where there is none, an
// *mmibx.InputError where several have its name.
func (f *PictureFolder) Path(id string) (string, error) {
	switch files := f.files[id]; len(files) {
	case 0:
		return "", fmt.Errorf("%w: no picture %s in %s", mmibx.ErrNotFound, id, f.Dir)
	case 1:
		return files[0], nil
	default:
		return "", &mmibx.InputError{File: f.Dir, Key: id, Found: strings.Join(files, " and "), Expected: "one file of that name"}
	}
}

// Digest identifies the pictures with these ids: the SHA-256 of one line per
// picture, sorted, of id, TAB and the SHA-256 of the file, or nothing where it is
// not there.
func (f *PictureFolder) Digest(ctx context.Context, ids []string) (string, error) {
	all := sha256.New()
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		name, err := f.Path(id)
		digest := ""
		if err == nil {
			digest, err = fileDigest(name)
		}
		if err != nil && !errors.Is(err, mmibx.ErrNotFound) {
			return "", err
		}
		fmt.Fprintf(all, "%s\t%s\n", id, digest)
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

func fileDigest(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
