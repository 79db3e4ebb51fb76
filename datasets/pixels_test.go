package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// pictureFacts are the SHA-256s of what Pillow and torchvision make of a
// picture: its bytes, those of the crop, the floats, those of the thumbnail.
type pictureFacts struct {
	RGB, Crop, Pixels, Thumbnail string
}

func factsOf(img image.Image, floats []float32) pictureFacts {
	sha := func(b []byte) string {
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	bytesOf := func(floats []float32) []byte {
		b, err := binary.Append(nil, binary.LittleEndian, floats)
		if err != nil {
			panic(err)
		}
		return b
	}
	p := toRGB(img)
	return pictureFacts{sha(p.pix), sha(cropMiddle(p, shortSide, PictureSide).pix), sha(bytesOf(floats)), sha(bytesOf(Thumbnail(img)))}
}

// pixelFacts is testdata/pixels/pixels.json; make.py wrote it.
type pixelFacts struct {
	Drawn []struct {
		W, H int
		pictureFacts
	}
	PNG map[string]pictureFacts
	Cut map[string][2]int
}

func readPixelFacts(t *testing.T) pixelFacts {
	t.Helper()
	b, err := os.ReadFile("testdata/pixels/pixels.json")
	if err != nil {
		t.Fatal(err)
	}
	var facts pixelFacts
	if err := json.Unmarshal(b, &facts); err != nil {
		t.Fatal(err)
	}
	return facts
}

// drawn is make.py's draw.
func drawn(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			for c := range 3 {
				img.Pix[img.PixOffset(x, y)+c] = uint8((3*x*x+5*y*y+(2+c)*x*y+17*c)/8 ^ (7*x + 11*y + 29*c))
			}
			img.Pix[img.PixOffset(x, y)+3] = uint8(x) // alpha is to be dropped
		}
	}
	return img
}

func writePicture(t *testing.T, path string, img image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPixelsAreTorchvisionsToTheBit(t *testing.T) {
	facts := readPixelFacts(t)
	if len(facts.Drawn) == 0 || len(facts.PNG) == 0 {
		t.Fatal("pixels.json is empty")
	}
	for _, want := range facts.Drawn {
		path := filepath.Join(t.TempDir(), "a PNG.jpg")
		writePicture(t, path, drawn(want.W, want.H))
		comparePicture(t, fmt.Sprintf("%d x %d", want.W, want.H), path, want.pictureFacts)
	}
	for name, want := range facts.PNG {
		comparePicture(t, name, filepath.Join("testdata", "pixels", name), want)
	}
}

func comparePicture(t *testing.T, name, path string, want pictureFacts) {
	t.Helper()
	img, err := decodePicture(path)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	floats, err := Pixels(path)
	if err != nil || len(floats) != 3*PictureSide*PictureSide {
		t.Errorf("%s: %d numbers, %v", name, len(floats), err)
		return
	}
	if got := factsOf(img, floats); got != want {
		t.Errorf("%s: rgb %v, crop %v, pixels %v, thumbnail %v", name,
			got.RGB == want.RGB, got.Crop == want.Crop, got.Pixels == want.Pixels, got.Thumbnail == want.Thumbnail)
	}
}

// JPEG's transform may be off by a level, so two decoders may. Where the file
// holds brightness and colour, a level of each is up to three of red, green or
// blue.
func TestJPEGIsPillowsWithinItsTransform(t *testing.T) {
	files, err := filepath.Glob("testdata/pixels/*.jpg")
	if err != nil || len(files) != 10 {
		t.Fatalf("%d pictures, %v", len(files), err)
	}
	for _, path := range files {
		name, limit := filepath.Base(path), 3
		if name == "grey.jpg" || name == "rgb.jpg" || name == "cmyk.jpg" {
			limit = 1
		}
		got, pillow := mustRGB(t, path), mustRGB(t, path+".png")
		if got.w != pillow.w || got.h != pillow.h {
			t.Fatalf("%s: %d x %d, want %d x %d", name, got.w, got.h, pillow.w, pillow.h)
		}
		most, sum := 0, 0
		for i := range got.pix {
			d := abs(int(got.pix[i]) - int(pillow.pix[i]))
			most, sum = max(most, d), sum+d
		}
		if mean := float64(sum) / float64(len(got.pix)); most > limit || mean > 0.12 {
			t.Errorf("%s: at most %d and in the mean %.3f levels from Pillow's", name, most, mean)
		}
	}
}

func mustRGB(t *testing.T, path string) rgb {
	t.Helper()
	img, err := decodePicture(path)
	if err != nil {
		t.Fatal(err)
	}
	return toRGB(img)
}

func TestPixelsOfWhatIsNoPicture(t *testing.T) {
	dir := t.TempDir()
	jpg, err := os.ReadFile("testdata/pixels/420.jpg")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile("testdata/pixels/grey8.png")
	if err != nil {
		t.Fatal(err)
	}
	huge := slices.Clone(whole)
	binary.BigEndian.PutUint32(huge[16:], 1<<20)
	binary.BigEndian.PutUint32(huge[20:], 1<<20)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for name, c := range map[string]struct{ text, want string }{
		"page.jpg":  {"<html>\nnot found</html>", `found a file that begins "<html>\nnot found", expected a JPEG or PNG picture; replace`},
		"gif.jpg":   {"GIF89a\x01\x00", `found a file that begins "GIF89a\x01\x00", expected`},
		"empty.jpg": {"", "found an empty file, expected"},
		"cut.jpg":   {string(jpg[:len(jpg)/2]), "found a JPEG picture that cannot be read ("},
		"head.jpg":  {string(jpg[:20]), "found a JPEG picture that cannot be read ("},
		"cut.png":   {string(whole[:len(whole)-20]), "found a PNG picture that cannot be read ("},
		"huge.png":  {string(huge), "found a PNG picture of 1048576 x 1048576 pixels, expected"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Pixels(path); err == nil || !strings.HasPrefix(err.Error(), path+": "+c.want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	if _, err := Pixels(filepath.Join(dir, "none.jpg")); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no file: %v", err)
	}
}

// A picture that Pillow calls truncated is no picture here. Pillow reads a PNG
// without its last checksums and chunks, and so more than is read here.
func TestPixelsOfTruncatedPictures(t *testing.T) {
	cut := readPixelFacts(t).Cut
	if len(cut) == 0 {
		t.Fatal("no pictures to cut")
	}
	for name, want := range cut {
		whole, err := os.ReadFile(filepath.Join("testdata", "pixels", name))
		if err != nil || len(whole) != want[0] {
			t.Fatalf("%s: %d bytes, want %d, %v", name, len(whole), want[0], err)
		}
		path := filepath.Join(t.TempDir(), name)
		for n := range want[1] {
			if n%7 != 0 && n < want[1]-40 { // all the cuts near the end, some of the rest
				continue
			}
			if err := os.WriteFile(path, whole[:n], 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := Pixels(path); !errors.Is(err, mmibx.ErrUsage) {
				t.Errorf("%s: %d of its %d bytes are read (%v), Pillow wants %d", name, n, want[0], err, want[1])
			}
		}
	}
}

func BenchmarkPixels(b *testing.B) {
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, drawn(800, 600), nil); err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "p.jpg")
	if err := os.WriteFile(path, jpg.Bytes(), 0o644); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Pixels(path); err != nil {
			b.Fatal(err)
		}
	}
}
