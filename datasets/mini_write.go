package datasets

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/mmibx/mmibx"
)

// file is a file of a benchmark in memory.
type file struct {
	name  string
	bytes []byte
}

// WriteMini writes a miniature benchmark into dir/NAME in the formats of the
// real ones, so that OpenFolder reads it back: the splits as text and each
// picture as images/ID.
func WriteMini(ctx context.Context, name, dir string) error {
	m, err := lookupMini(name)
	if err != nil {
		return err
	}
	return m.write(ctx, filepath.Join(dir, name))
}

func (m *miniature) write(ctx context.Context, dir string) error {
	set, images := m.set(), filepath.Join(dir, "images")
	if err := os.MkdirAll(images, 0o755); err != nil {
		return err
	}
	if err := writeTexts(set, dir); err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: &pngBuffer{}}
	for _, split := range mmibx.Splits {
		for _, e := range set.Examples[split] {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := m.writePicture(&encoder, filepath.Join(images, e.Image), e.Image); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeTexts(set *Set, dir string) error {
	for _, f := range textFiles(set) {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.bytes, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (m *miniature) writePicture(encoder *png.Encoder, path, id string) error {
	img, err := m.picture(id)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := encoder.Encode(&b, img); err != nil {
		return fmt.Errorf("picture %s: %w", id, err)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// pngBuffer hands the same memory to one picture after the other: new memory
// for each would take four fifths of the time.
type pngBuffer struct{ kept *png.EncoderBuffer }

// Get and Put are those of png.EncoderBufferPool.
func (p *pngBuffer) Get() *png.EncoderBuffer  { return p.kept }
func (p *pngBuffer) Put(b *png.EncoderBuffer) { p.kept = b }

// textFiles are the files of a miniature set but for its pictures.
func textFiles(set *Set) []file {
	write, files := conll, []file(nil)
	if set.Benchmark.Task == mmibx.MRE {
		write, files = literals, []file{{relationsFile, relationIDs(set.Labels)}}
	}
	for split, name := range textFile[set.Benchmark.Task] {
		files = append(files, file{name, write(set.Examples[split])})
	}
	return files
}

// conll writes a line IMGID:picture, then word TAB tag, then an empty line.
func conll(examples []mmibx.Example) []byte {
	var b bytes.Buffer
	for _, e := range examples {
		fmt.Fprintf(&b, "IMGID:%s\n", e.Image)
		for i, word := range e.Tokens {
			fmt.Fprintf(&b, "%s\t%s\n", word, e.Tags[i])
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// literals writes a Python literal per line, as MNRE does. No word of a
// miniature benchmark holds a quote or a backslash, so none is escaped.
func literals(examples []mmibx.Example) []byte {
	var b bytes.Buffer
	for _, e := range examples {
		entity := func(s mmibx.Span) string {
			return fmt.Sprintf("{'name': '%s', 'pos': [%d, %d]}", strings.Join(e.Tokens[s.Start:s.End], " "), s.Start, s.End)
		}
		fmt.Fprintf(&b, "{'token': ['%s'], 'h': %s, 't': %s, 'img_id': '%s', 'relation': '%s'}\n",
			strings.Join(e.Tokens, "', '"), entity(e.Head), entity(e.Tail), e.Image, e.Relation)
	}
	return b.Bytes()
}

// relationIDs writes the numbers of the relations.
func relationIDs(labels []string) []byte {
	ids := make([]string, len(labels))
	for i, label := range labels {
		ids[i] = fmt.Sprintf("%q:%d", label, i)
	}
	return []byte("{" + strings.Join(ids, ",") + "}\n")
}

// measuredDigests computes what miniature.digests states.
func (m *miniature) measuredDigests(set *Set) (map[string]string, error) {
	digests := map[string]string{}
	for _, f := range textFiles(set) {
		sum := sha256.Sum256(f.bytes)
		digests[f.name] = hex.EncodeToString(sum[:])
	}
	pixels := sha256.New()
	for _, split := range mmibx.Splits {
		for _, e := range set.Examples[split] {
			img, err := m.picture(e.Image)
			if err != nil {
				return nil, err
			}
			pixels.Write(img.Pix)
		}
	}
	digests["pixels"] = hex.EncodeToString(pixels.Sum(nil))
	return digests, nil
}
