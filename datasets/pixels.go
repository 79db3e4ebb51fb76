package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io/fs"
	"math"
	"os"

	"github.com/mmibx/mmibx"
)

// PictureSide is the width and the height in pixels of what Pixels returns;
// ThumbnailSide that of Thumbnail.
const (
	PictureSide   = 224
	ThumbnailSide = 64
)

const (
	// shortSide is what the shorter side is resized to, before the crop.
	shortSide = 256
	// maxPixels bounds a picture, as Pillow does, lest a small file fill memory.
	maxPixels = 178_956_970
)

// The mean and the deviation of ImageNet's pixels, red, green and blue, in units
// of full brightness: what its encoders were trained to expect.
var (
	imageNetMean      = [3]float32{0.485, 0.456, 0.406}
	imageNetDeviation = [3]float32{0.229, 0.224, 0.225}
)

// Pixels reads a JPEG or a PNG file for an encoder that was trained on ImageNet,
// [3, 224, 224]: red, green and blue, each in reading order, standardised.
//
// It does what torchvision does with a picture from Pillow: convert("RGB"), then
// Resize(256), CenterCrop(224), ToTensor and Normalize. As there, the orientation
// in a JPEG's EXIF data is not heeded. From PNG the numbers are the same to the
// bit; docs/reference/evidence.md says how near JPEG comes.
//
// A file that is no picture is an *mmibx.InputError; one that is not there,
// mmibx.ErrNotFound.
func Pixels(path string) ([]float32, error) {
	img, err := decodePicture(path)
	if err != nil {
		return nil, err
	}
	return PixelsOf(img), nil
}

// PixelsOf is Pixels for a picture that has been decoded; it must not be empty.
func PixelsOf(img image.Image) []float32 {
	return standardise(cropMiddle(toRGB(img), shortSide, PictureSide))
}

// Thumbnail is a picture for an encoder that is trained from scratch, [3, 64,
// 64]: as PixelsOf, with Resize(64) and CenterCrop(64), so the whole middle
// square.
func Thumbnail(img image.Image) []float32 {
	return standardise(cropMiddle(toRGB(img), ThumbnailSide, ThumbnailSide))
}

// ThumbnailTable is evidence of one row a picture, its thumbnail, in the order of
// ids; open finds a picture.
func ThumbnailTable(ids []string, open func(id string) (image.Image, error)) (mmibx.EvidenceTable, error) {
	const width = 3 * ThumbnailSide * ThumbnailSide
	t := mmibx.EvidenceTable{Rows: 1, Width: width, Values: make([]float32, 0, len(ids)*width), Masked: make([]bool, len(ids))}
	for _, id := range ids {
		img, err := open(id)
		if err != nil {
			return mmibx.EvidenceTable{}, err
		}
		t.Values = append(t.Values, Thumbnail(img)...)
	}
	return t, nil
}

// decodePicture reads a picture by its content: pictures from Twitter are often
// PNG under the name of a JPEG.
func decodePicture(path string) (image.Image, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no picture %s", mmibx.ErrNotFound, path)
	}
	if err != nil {
		return nil, err
	}
	kind, size, decode := "JPEG", jpeg.DecodeConfig, jpeg.Decode
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		kind, size, decode = "PNG", png.DecodeConfig, png.Decode
	case len(b) == 0:
		return nil, notAPicture(path, "an empty file")
	default:
		return nil, notAPicture(path, "a file that begins "+quote(string(b[:min(len(b), 16)])))
	}
	c, err := size(bytes.NewReader(b))
	if err == nil && (c.Width == 0 || c.Height == 0 || c.Width > maxPixels/c.Height) {
		return nil, notAPicture(path, fmt.Sprintf("a %s picture of %d x %d pixels", kind, c.Width, c.Height))
	}
	img, err := decode(bytes.NewReader(b))
	if err != nil {
		return nil, notAPicture(path, fmt.Sprintf("a %s picture that cannot be read (%v)", kind, err))
	}
	return img, nil
}

func notAPicture(path, found string) error {
	return &mmibx.InputError{File: path, Found: found, Expected: "a JPEG or PNG picture",
		Cure: "replace the file, or remove it: a tweet whose picture is not there gets a blank one"}
}

// cropMiddle resizes a picture so that its shorter side is resized pixels long
// and takes the middle side x side of it. Nothing outside is computed.
func cropMiddle(p rgb, resized, side int) rgb {
	short := min(p.w, p.h)
	w, h := resized*p.w/short, resized*p.h/short
	return p.resample(triangle(p.w, w, cropStart(w, side), side), triangle(p.h, h, cropStart(h, side), side))
}

// cropStart is where the middle side of n pixels begins: half a pixel goes to
// the even side, as Python rounds.
func cropStart(n, side int) int { return int(math.RoundToEven(float64(n-side) / 2)) }

// standardise turns pixels into planes of (v/255 - mean) / deviation.
func standardise(p rgb) []float32 {
	n := p.w * p.h
	values := make([]float32, 3*n)
	for c := range 3 {
		var table [256]float32
		for v := range table {
			table[v] = (float32(v)/255 - imageNetMean[c]) / imageNetDeviation[c]
		}
		for i := range n {
			values[c*n+i] = table[p.pix[3*i+c]]
		}
	}
	return values
}
