package parquet

import "encoding/binary"

// Types of Thrift's compact protocol.
const (
	thriftI32, thriftI64, thriftBinary, thriftList, thriftStruct = 5, 6, 8, 9, 12
)

// thrift writes structs in the compact protocol.
type thrift struct {
	b    []byte
	last []int // number of the last field, of each struct that is open
}

func (t *thrift) field(number, kind int) {
	last := &t.last[len(t.last)-1]
	t.b = append(t.b, byte((number-*last)<<4|kind)) // no struct here skips more than 15 numbers
	*last = number
}

func (t *thrift) begin() { t.last = append(t.last, 0) }

func (t *thrift) end() {
	t.b = append(t.b, 0)
	t.last = t.last[:len(t.last)-1]
}

func (t *thrift) i32(number int, v int64) {
	t.field(number, thriftI32)
	t.b = binary.AppendVarint(t.b, v)
}

func (t *thrift) i64(number int, v int64) {
	t.field(number, thriftI64)
	t.b = binary.AppendVarint(t.b, v)
}

func (t *thrift) text(number int, s string) {
	t.field(number, thriftBinary)
	t.raw(s)
}

func (t *thrift) raw(s string) {
	t.b = append(binary.AppendUvarint(t.b, uint64(len(s))), s...)
}

func (t *thrift) list(number, kind, n int) {
	t.field(number, thriftList)
	if n < 15 {
		t.b = append(t.b, byte(n<<4|kind))
		return
	}
	t.b = binary.AppendUvarint(append(t.b, byte(0xf0|kind)), uint64(n))
}

func (t *thrift) child(number int) {
	t.field(number, thriftStruct)
	t.begin()
}

// pageHeader is the struct PageHeader of a data page.
func pageHeader(plain, packed int, values int64) []byte {
	var t thrift
	t.begin()
	t.i32(1, pageData)
	t.i32(2, int64(plain))
	t.i32(3, int64(packed))
	t.child(5) // DataPageHeader
	t.i32(1, values)
	t.i32(2, encodingPlain)
	t.i32(3, encodingRLE) // of definition levels
	t.i32(4, encodingRLE) // of repetition levels, of which a flat column has none
	t.end()
	t.end()
	return t.b
}

// footer is the struct FileMetaData.
func (p *Writer) footer() []byte {
	var t thrift
	t.begin()
	t.i32(1, 1) // version
	t.list(2, thriftStruct, len(p.columns)+1)
	t.begin() // the root of the schema
	t.text(4, "schema")
	t.i32(5, int64(len(p.columns)))
	t.end()
	for _, c := range p.columns {
		t.begin()
		t.i32(1, c.Kind.physical())
		t.i32(3, repetitionOptional)
		t.text(4, c.Name)
		if conv := c.Kind.converted(); conv != convertedNone {
			t.i32(6, conv)
		}
		t.end()
	}
	t.i64(3, p.total)
	t.list(4, thriftStruct, len(p.groups))
	for _, g := range p.groups {
		t.begin()
		t.list(1, thriftStruct, len(g.chunks))
		size := int64(0)
		for i, c := range g.chunks {
			p.columnChunk(&t, &p.columns[i].Column, c)
			size += c.plain
		}
		t.i64(2, size)
		t.i64(3, g.rows)
		t.end()
	}
	t.text(6, "mmibx")
	t.end()
	return t.b
}

func (p *Writer) columnChunk(t *thrift, column *Column, c chunk) {
	t.begin()
	t.i64(2, c.offset)
	t.child(3) // ColumnMetaData
	t.i32(1, column.Kind.physical())
	t.list(2, thriftI32, 2)
	t.b = binary.AppendVarint(t.b, encodingPlain)
	t.b = binary.AppendVarint(t.b, encodingRLE)
	t.list(3, thriftBinary, 1)
	t.raw(column.Name)
	t.i32(4, codecGzip)
	t.i64(5, c.values)
	t.i64(6, c.plain)
	t.i64(7, c.packed)
	t.i64(9, c.offset)
	t.end()
	t.end()
}
