package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
	"time"

	"github.com/mmibx/mmibx"
)

const (
	magic      = "mmibxj\x01\n" // the seventh byte is the version
	frameSize  = 9              // type u8, length u32, CRC-32C u32
	timeSize   = 8
	maxPayload = 1<<24 - 1 // so that damaged lengths are seen as such
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal fills in the frame of the record that b holds from position start on,
// once its payload is complete and its place in the file is known.
func seal(b []byte, start int, t Type, offset int64) error {
	n := len(b) - start - frameSize
	if n > maxPayload {
		return fmt.Errorf("a %s record of %d bytes: the most is %d", t, n, maxPayload)
	}
	b[start] = byte(t)
	binary.LittleEndian.PutUint32(b[start+1:], uint32(n))
	binary.LittleEndian.PutUint32(b[start+5:], checksum(b[start:start+5], b[start+frameSize:], offset))
	return nil
}

// checksum covers the record's place in the file too: bytes of a record that
// turn up elsewhere, inside another or after a bad copy, are no record.
func checksum(typeAndLength, payload []byte, offset int64) uint32 {
	var place [8]byte
	binary.LittleEndian.PutUint64(place[:], uint64(offset))
	crc := crc32.Update(0, castagnoli, place[:])
	crc = crc32.Update(crc, castagnoli, typeAndLength)
	return crc32.Update(crc, castagnoli, payload)
}

// frameLength returns the size of the whole record whose first bytes are b, and
// false when they cannot start one.
func frameLength(b []byte) (int, bool) {
	t, n := Type(b[0]), binary.LittleEndian.Uint32(b[1:])
	if t == Damaged || t >= numTypes || n < timeSize || n > maxPayload {
		return 0, false
	}
	return frameSize + int(n), true
}

func intact(b []byte, offset int64) bool {
	return binary.LittleEndian.Uint32(b[5:]) == checksum(b[:5], b[frameSize:], offset)
}

// appendPoints writes the payload of a points record after its time: step and
// count as varints, then for each metric its name (length first) and its bits.
func appendPoints(b []byte, step int64, metrics []mmibx.Metric) []byte {
	b = binary.AppendVarint(b, step)
	b = binary.AppendUvarint(b, uint64(len(metrics)))
	for _, m := range metrics {
		b = binary.AppendUvarint(b, uint64(len(m.Name)))
		b = append(b, m.Name...)
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(m.Value))
	}
	return b
}

// Shapes of the records that are JSON and have no type of their own.
type (
	event struct {
		Kind string `json:"kind"`
		Text string `json:"text"`
	}
	checkpoint struct {
		Step int64  `json:"step"`
		Name string `json:"name"`
	}
	entry struct {
		Kind string          `json:"kind"`
		Body json.RawMessage `json:"body"`
	}
)

var errPayload = errors.New("its checksum is right and its content is not: written by a newer version?")

// decoder turns payloads into records. It keeps one copy of each metric name.
type decoder struct{ names map[string]string }

func (d *decoder) decode(b []byte, offset int64) (Record, error) {
	r := Record{
		Type: Type(b[0]), Offset: offset, End: offset + int64(len(b)),
		At: time.Unix(0, int64(binary.LittleEndian.Uint64(b[frameSize:]))),
	}
	body := b[frameSize+timeSize:]
	var err error
	switch r.Type {
	case TypeHeader:
		r.Header = new(Header)
		numbers := json.NewDecoder(bytes.NewReader(body))
		numbers.UseNumber()
		if err = numbers.Decode(r.Header); err == nil {
			err = retype(r.Header.Spec)
		}
	case TypePoints:
		r.Step, r.Metrics, err = d.points(body)
	case TypeEvent:
		var e event
		err = json.Unmarshal(body, &e)
		r.Kind, r.Text = e.Kind, e.Text
	case TypeArtifact:
		r.Artifact = new(Artifact)
		err = json.Unmarshal(body, r.Artifact)
	case TypeCheckpoint:
		var c checkpoint
		err = json.Unmarshal(body, &c)
		r.Step, r.Text = c.Step, c.Name
	case TypeEntry:
		var e entry
		err = json.Unmarshal(body, &e)
		r.Kind, r.Entry = e.Kind, e.Body
	case TypeTrailer:
		r.Trailer = new(Trailer)
		err = json.Unmarshal(body, r.Trailer)
	}
	if err != nil {
		return Record{}, fmt.Errorf("%s record at byte %d: %w", r.Type, offset, err)
	}
	return r, nil
}

func (d *decoder) points(b []byte) (step int64, metrics []mmibx.Metric, err error) {
	step, n := binary.Varint(b)
	if n <= 0 {
		return 0, nil, errPayload
	}
	b = b[n:]
	count, n := binary.Uvarint(b)
	if n <= 0 || count > uint64(len(b)/9) { // a name's length and a value
		return 0, nil, errPayload
	}
	b = b[n:]
	metrics = make([]mmibx.Metric, count)
	for i := range metrics {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)) || uint64(len(b)-n) < size+8 {
			return 0, nil, errPayload
		}
		b = b[n:]
		metrics[i].Name = d.name(b[:size])
		metrics[i].Value = math.Float64frombits(binary.LittleEndian.Uint64(b[size:]))
		b = b[size+8:]
	}
	if len(b) != 0 {
		return 0, nil, errPayload
	}
	return step, metrics, nil
}

func (d *decoder) name(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	d.names[s] = s
	return s
}

// retype gives the numbers of a spec the types of the fields. Those of keys that
// this version does not know are int where they are written so, else float64.
func retype(spec map[string]any) error {
	for key, v := range spec {
		literal, isNumber := v.(json.Number)
		if !isNumber {
			continue
		}
		whole, notWhole := strconv.Atoi(literal.String())
		number, err := literal.Float64()
		if err != nil {
			return fmt.Errorf("spec: %s: %w", key, err)
		}
		f, known := mmibx.LookupField(key)
		isInt := !known && notWhole == nil
		if known {
			_, isInt = f.Frozen.(int)
		}
		switch {
		case !isInt:
			spec[key] = number
		case notWhole == nil:
			spec[key] = whole
		case number == math.Trunc(number):
			spec[key] = int(number)
		default:
			return fmt.Errorf("spec: %s is %v, which is no whole number", key, number)
		}
	}
	return nil
}
