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

// encodePNG writes a picture with a palette of its 256 commonest colours, which
// loses nothing to see in a drawing and three quarters of the bytes. The file
// says title and description of itself.
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
	palette := make(color.Palette, min(256, len(common)))
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
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err := encoder.Encode(&out, small)
	const head = 8 + 25 // signature and IHDR, which come first
	return slices.Insert(out.Bytes(), head, append(textChunk("Title", title), textChunk("Description", description)...)...), err
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
