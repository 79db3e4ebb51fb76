package plots

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"slices"
)

// smallPNG is what a file stays under, if fewer shades at the edges of letters
// can bring it there.
const smallPNG = 100_000

// encodePNG writes a picture with a palette of its commonest colours: 256, which
// lose nothing to see in a drawing and three quarters of the bytes, or fewer
// where a page full of text would be large. The file says title and description
// of itself.
func encodePNG(img image.Image, title, description string) ([]byte, error) {
	bounds := img.Bounds()
	full := image.NewRGBA(bounds)
	draw.Draw(full, bounds, img, bounds.Min, draw.Src)
	pixels := make([]uint32, len(full.Pix)/4)
	count := map[uint32]int{}
	for i := range pixels {
		pixels[i] = binary.BigEndian.Uint32(full.Pix[4*i:])
		count[pixels[i]]++
	}
	common := slices.SortedFunc(maps.Keys(count), func(a, b uint32) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	about := append(textChunk("Title", title), textChunk("Description", description)...)
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	var out bytes.Buffer
	for _, shades := range []int{256, 64, 32, 16} {
		out.Reset()
		if err := encoder.Encode(&out, reduced(bounds, pixels, common, shades)); err != nil {
			return nil, err
		}
		if out.Len()+len(about) <= smallPNG {
			break
		}
	}
	const head = 8 + 25 // signature and IHDR, which come first
	return slices.Insert(out.Bytes(), head, about...), nil
}

// reduced is the picture in its commonest colours; each other one becomes the
// nearest of them.
func reduced(bounds image.Rectangle, pixels, common []uint32, shades int) *image.Paletted {
	palette := make(color.Palette, min(shades, len(common)))
	for i := range palette {
		palette[i] = rgba(common[i])
	}
	index := make(map[uint32]uint8, len(common))
	for i, c := range common {
		if i < len(palette) {
			index[c] = uint8(i)
		} else {
			index[c] = uint8(palette.Index(rgba(c)))
		}
	}
	small := image.NewPaletted(bounds, palette)
	for i, c := range pixels {
		small.Pix[i] = index[c]
	}
	return small
}

// textChunk is an iTXt chunk: UTF-8, not compressed.
func textChunk(keyword, text string) []byte {
	body := append([]byte("iTXt"+keyword), 0, 0, 0, 0, 0)
	body = append(body, text...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	return binary.BigEndian.AppendUint32(append(chunk, body...), crc32.ChecksumIEEE(body))
}

func rgba(c uint32) color.RGBA {
	return color.RGBA{R: uint8(c >> 24), G: uint8(c >> 16), B: uint8(c >> 8), A: uint8(c)}
}
