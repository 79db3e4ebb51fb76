package plots

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/mmibx/mmibx"
)

// Revision is raised by hand when figures of the same runs come out otherwise:
// those of before are stale then.
const Revision = 2

// Drawn is what a figure had of a run: which attempt it was, and a digest of what
// was drawn of it.
type Drawn struct {
	Attempt int
	Digest  string // 8 hex digits
}

// Digest is of all that a figure may draw of a run: its state, its values and the
// points of its curves, with words for what it draws besides. Values of test are
// left out, since nobody may work them out to check a figure: the digest of the
// predictions that they follow from stands for them.
func (r *Run) Digest(besides ...string) string {
	hash := sha256.New()
	number := func(v float64) string { return strconv.FormatFloat(v, 'x', -1, 64) }
	fmt.Fprintf(hash, "%s %q\n", r.State, besides)
	for _, m := range slices.Sorted(maps.Keys(r.Values)) {
		if !strings.HasPrefix(m, string(mmibx.Test)+".") {
			fmt.Fprintf(hash, "%s %s\n", m, number(r.Values[m]))
		}
	}
	for _, m := range slices.Sorted(maps.Keys(r.Curves)) {
		fmt.Fprintln(hash, m)
		for _, p := range r.Curves[m] {
			fmt.Fprintf(hash, "%d %s\n", p.Step, number(p.Value))
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:8]
}

// Stale lists why a figure is not what would be drawn now. What became of a run that
// would be drawn no more is for the caller to say.
func (m *Meta) Stale(now *Meta, became func(run string) string) []string {
	var causes []string
	add := func(format string, args ...any) { causes = append(causes, fmt.Sprintf(format, args...)) }
	if m.Revision != Revision {
		add("it was drawn by revision %d of the figures, and they are at %d", m.Revision, Revision)
	}
	mine := map[string]bool{}
	for _, id := range m.Runs {
		mine[id] = true
		was, known := m.Drawn[id]
		is, drawn := now.Drawn[id]
		switch {
		case !drawn:
			add("run %s %s", id, became(id))
		case !known: // of a program that wrote no digests, which its revision says
		case is.Attempt != was.Attempt:
			add("run %s was done again: attempt %d, then %d", id, is.Attempt, was.Attempt)
		case is.Digest != was.Digest:
			add("run %s says something else", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(now.Drawn)) {
		if !mine[id] {
			add("run %s has come since", id)
		}
	}
	return causes
}

// drawnLine is what was drawn of runs, in their order.
func (m *Meta) drawnLine(runs []string) string {
	parts := make([]string, len(runs))
	for i, id := range runs {
		d, ok := m.Drawn[id]
		if !ok {
			return ""
		}
		parts[i] = fmt.Sprintf("%d:%s", d.Attempt, d.Digest)
	}
	return strings.Join(parts, " ")
}

// readDrawn is drawnLine the other way.
func readDrawn(runs []string, line string) map[string]Drawn {
	parts := strings.Fields(line)
	if len(parts) != len(runs) {
		return nil
	}
	drawn := map[string]Drawn{}
	for i, id := range runs {
		attempt, digest, _ := strings.Cut(parts[i], ":")
		n, err := strconv.Atoi(attempt)
		if err != nil {
			return nil
		}
		drawn[id] = Drawn{n, digest}
	}
	return drawn
}

// sealLine comes last in the description of a file: the digest of the file in which
// unsealed stands in its place.
const (
	sealLine = "\nSeal: "
	unsealed = "0000000000000000"
)

// seal puts the digest of a file into its description.
func seal(file []byte) []byte {
	return reseal(file, unsealed, digestOf(file))
}

// Sealed says that a file is as mmibx wrote it. One without a seal is not.
func (m *Meta) Sealed(file []byte) bool {
	return len(m.seal) == len(unsealed) && digestOf(reseal(file, m.seal, unsealed)) == m.seal
}

func digestOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])[:len(unsealed)]
}

// reseal writes one seal over another, which is as long.
func reseal(file []byte, from, to string) []byte {
	for _, encode := range []func(string) []byte{func(s string) []byte { return []byte(s) }, utf16Bytes} {
		old := encode(sealLine + from)
		at := bytes.LastIndex(file, old)
		if at < 0 {
			continue
		}
		out := slices.Clone(file)
		copy(out[at:], encode(sealLine+to))
		resum(out, at)
		return out
	}
	return file
}

// utf16Bytes is a string as newPDF writes it.
func utf16Bytes(s string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		out = binary.BigEndian.AppendUint16(out, unit)
	}
	return out
}

// resum sets the checksum of the chunk of a PNG that a place is in; other files have
// none.
func resum(file []byte, place int) {
	for chunk := range chunks(file) {
		if place >= chunk.body && place < chunk.end {
			binary.BigEndian.PutUint32(file[chunk.end:], crc32.ChecksumIEEE(file[chunk.body-4:chunk.end]))
		}
	}
}
