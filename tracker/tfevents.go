package tracker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"time"
)

// tfEvent is what one record of an event file says that a run may keep.
type tfEvent struct {
	at      time.Time
	step    int64
	scalars []tfScalar
	hparams []tfHparam
	unread  []string // what is said of scalars that are none
}

type tfScalar struct {
	tag   string
	value float64
}

type tfHparam struct {
	name  string
	value any // float64, string or bool
}

// errTFDamaged says that a part of an event file cannot be read.
var errTFDamaged = errors.New("cut or damaged")

// readTFEvents calls fn for each record of an event file of TensorFlow: length,
// its checksum, an Event in protocol buffers, its checksum. A record whose content
// is no Event costs itself alone. Behind a damaged record nothing can be found, so
// reading ends there; a file that is being written ends so too. Both are told as
// errTFDamaged once all is read that can be.
func readTFEvents(path string, fn func(tfEvent) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r, err := tfEvents(bufio.NewReaderSize(f, 1<<16), info.Size(), fn)
	var faults []error
	if r.skipped > 0 {
		faults = append(faults, fmt.Errorf("%s: %w: %d of its records hold no event and are left out, the first at byte %d", path, errTFDamaged, r.skipped, r.firstSkipped))
	}
	if err != nil {
		faults = append(faults, fmt.Errorf("%s: byte %d of %d: %w", path, r.at, info.Size(), err))
	}
	return errors.Join(faults...)
}

// tfReading is how far reading came.
type tfReading struct {
	at           int64 // where the record began that failed, or the end
	skipped      int   // records that hold no event
	firstSkipped int64 // where the first of them began
}

// tfEvents reads so many bytes of records.
func tfEvents(file io.Reader, size int64, fn func(tfEvent) error) (r tfReading, err error) {
	plugins := map[string]string{} // by tag: only the first value of a tag names its plugin
	for {
		data, err := readTFRecord(file, size-r.at)
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
		e, err := decodeTFEvent(data, plugins)
		switch {
		case err == nil:
			err = fn(e)
		case errors.Is(err, errProto):
			if r.skipped++; r.skipped == 1 {
				r.firstSkipped = r.at
			}
			err = nil
		}
		if err != nil {
			return r, err
		}
		r.at += int64(len(data)) + 16
	}
}

// readTFRecord reads one record, of which left bytes are there at most.
func readTFRecord(r io.Reader, left int64) ([]byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errTFDamaged
		}
		return nil, err
	}
	n := binary.LittleEndian.Uint64(head[:])
	if maskedCRC(head[:8]) != binary.LittleEndian.Uint32(head[8:]) || left < 16 || n > uint64(left)-16 {
		return nil, errTFDamaged
	}
	data := make([]byte, n+4)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, errTFDamaged
	}
	if maskedCRC(data[:n]) != binary.LittleEndian.Uint32(data[n:]) {
		return nil, errTFDamaged
	}
	return data[:n], nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is TFRecord's checksum: CRC-32C, rotated, plus a constant.
func maskedCRC(b []byte) uint32 {
	crc := crc32.Checksum(b, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}

// protoField is one field of a message: number is in n, bytes in b.
type protoField struct {
	number int
	n      uint64
	b      []byte
}

var errProto = errors.New("no protocol buffer")

// eachField calls fn for the fields of a message.
func eachField(b []byte, fn func(protoField) error) error {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 {
			return errProto
		}
		b = b[n:]
		f := protoField{number: int(key >> 3)}
		switch key & 7 {
		case 0:
			if f.n, n = binary.Uvarint(b); n <= 0 {
				return errProto
			}
		case 1:
			if n = 8; len(b) < n {
				return errProto
			}
			f.n = binary.LittleEndian.Uint64(b)
		case 2:
			size, k := binary.Uvarint(b)
			if k <= 0 || size > uint64(len(b)-k) {
				return errProto
			}
			f.b, n = b[k:k+int(size)], k+int(size)
		case 5:
			if n = 4; len(b) < n {
				return errProto
			}
			f.n = uint64(binary.LittleEndian.Uint32(b))
		default:
			return errProto
		}
		b = b[n:]
		if err := fn(f); err != nil {
			return err
		}
	}
	return nil
}

// decodeTFEvent reads Event (tensorflow/core/util/event.proto).
func decodeTFEvent(b []byte, plugins map[string]string) (e tfEvent, err error) {
	err = eachField(b, func(f protoField) error {
		switch f.number {
		case 1:
			seconds := math.Float64frombits(f.n)
			e.at = time.Unix(0, int64(seconds*1e6)*1000) // double has no more than microseconds
		case 2:
			e.step = int64(f.n)
		case 5:
			return eachField(f.b, func(v protoField) error {
				if v.number != 1 {
					return nil
				}
				return e.value(v.b, plugins)
			})
		}
		return nil
	})
	return e, err
}

// value reads Summary.Value (tensorflow/core/framework/summary.proto).
func (e *tfEvent) value(b []byte, plugins map[string]string) error {
	var tag string
	var tensor, metadata []byte
	simple, isSimple := 0.0, false
	err := eachField(b, func(f protoField) error {
		switch f.number {
		case 1:
			tag = string(f.b)
		case 2:
			simple, isSimple = float64(math.Float32frombits(uint32(f.n))), true
		case 8:
			tensor = f.b
		case 9:
			metadata = f.b
		}
		return nil
	})
	if err != nil {
		return err
	}
	var content []byte
	err = eachField(metadata, func(f protoField) error { // SummaryMetadata.plugin_data
		if f.number != 1 {
			return nil
		}
		return eachField(f.b, func(p protoField) error {
			switch p.number {
			case 1:
				plugins[tag] = string(p.b)
			case 2:
				content = p.b
			}
			return nil
		})
	})
	switch {
	case err != nil:
		return err
	case isSimple:
		e.scalars = append(e.scalars, tfScalar{tag, simple})
	case plugins[tag] == "scalars" && tensor != nil:
		v, err := scalarTensor(tensor)
		if err != nil {
			e.unread = append(e.unread, fmt.Sprintf("%s: %v", tag, err))
			break
		}
		e.scalars = append(e.scalars, tfScalar{tag, v})
	case plugins[tag] == "hparams":
		return e.hparam(content)
	}
	return nil
}

// scalarTensor reads the one number of a TensorProto of float or double.
func scalarTensor(b []byte) (float64, error) {
	const dtFloat, dtDouble = 1, 2
	var dtype uint64
	var bits []byte
	err := eachField(b, func(f protoField) error {
		switch f.number {
		case 1:
			dtype = f.n
		case 4, 5, 6: // tensor_content, float_val, double_val
			bits = f.b
			if f.b == nil { // not packed
				bits = binary.LittleEndian.AppendUint64(nil, f.n)
				if f.number == 5 {
					bits = bits[:4]
				}
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return 0, err
	case dtype == dtFloat && len(bits) == 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(bits))), nil
	case dtype == dtDouble && len(bits) == 8:
		return math.Float64frombits(binary.LittleEndian.Uint64(bits)), nil
	}
	return 0, fmt.Errorf("a scalar of data type %d in %d bytes; float32 and float64 are known", dtype, len(bits))
}

// hparam reads HParamsPluginData (tensorboard/plugins/hparams/plugin_data.proto):
// the hyper-parameters of session_start_info.
func (e *tfEvent) hparam(b []byte) error {
	return eachField(b, func(f protoField) error {
		if f.number != 3 {
			return nil
		}
		return eachField(f.b, func(entry protoField) error {
			if entry.number != 1 {
				return nil
			}
			var h tfHparam
			err := eachField(entry.b, func(kv protoField) error {
				switch kv.number {
				case 1:
					h.name = string(kv.b)
				case 2: // google.protobuf.Value
					return eachField(kv.b, func(v protoField) error {
						switch v.number {
						case 2:
							h.value = math.Float64frombits(v.n)
						case 3:
							h.value = string(v.b)
						case 4:
							h.value = v.n != 0
						}
						return nil
					})
				}
				return nil
			})
			if h.value != nil {
				e.hparams = append(e.hparams, h)
			}
			return err
		})
	})
}
