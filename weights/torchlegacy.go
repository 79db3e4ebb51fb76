package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// legacyMagic begins a file of torch.save before PyTorch 1.6: the pickle of one
// large number.
const legacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

// readLegacy reads the old format: pickles of the magic number, the protocol,
// facts about the machine, the value and the list of its storages' keys; then
// for each storage, in the order of that list, the number of its elements in
// eight bytes and its bytes.
func readLegacy(r io.ReaderAt, size int64) (any, error) {
	head := make([]byte, min(size, maxPickle))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	storages := map[string]*storage{}
	persistent := func(id any) (any, error) {
		key, s, err := parseStorage(id)
		if err != nil {
			return nil, err
		}
		if known, ok := storages[key]; ok && (known.dtype != s.dtype || known.elements != s.elements) {
			return nil, fmt.Errorf("storage %q described in two ways", key)
		} else if ok {
			return known, nil
		}
		storages[key] = s
		return s, nil
	}
	at := len(legacyMagic)
	var values [4]any // protocol, machine, value, keys
	for i := range values {
		v, n, err := unpickle(head[at:], persistent)
		if err != nil {
			return nil, fmt.Errorf("pickle %d of 5: %w", i+2, err)
		}
		values[i], at = v, at+n
	}
	if values[0] != int64(1001) {
		return nil, errors.New("a protocol that is not 1001")
	}
	keys, _ := values[3].(*list)
	if keys == nil {
		return nil, errors.New("no list of storages")
	}
	return values[2], placeStorages(r, int64(at), size, keys.items, storages)
}

// placeStorages finds out where each storage lies, from at on.
func placeStorages(r io.ReaderAt, at, size int64, keys []any, storages map[string]*storage) error {
	placed := 0
	for _, item := range keys {
		key, _ := item.(string)
		s, ok := storages[key]
		if !ok || s.read != nil {
			return fmt.Errorf("storage %q, which no tensor asks for, or twice", key)
		}
		var count [8]byte
		if _, err := r.ReadAt(count[:], at); err != nil {
			return fmt.Errorf("storage %q: %w", key, err)
		}
		if n := binary.LittleEndian.Uint64(count[:]); n != uint64(s.elements) {
			return fmt.Errorf("storage %q: %d elements, not %d", key, n, s.elements)
		}
		begin, length := at+8, int64(s.bytes())
		if length > size-begin {
			return fmt.Errorf("storage %q: %d bytes, of which the file holds %d", key, length, size-begin)
		}
		s.read = func() ([]byte, error) {
			b := make([]byte, length)
			_, err := r.ReadAt(b, begin)
			if errors.Is(err, io.EOF) && length == 0 {
				err = nil
			}
			return b, err
		}
		at = begin + length
		placed++
	}
	if placed != len(storages) {
		return fmt.Errorf("%d storages, but tensors ask for %d", placed, len(storages))
	}
	return nil
}
