// Package parquet writes flat tables as Apache Parquet files: columns of texts,
// numbers, booleans and times, any of whose values may be missing. It writes the
// one subset of the format that every reader knows: data pages of the first
// version, plain values, gzip. Why a library is not used stands in
// docs/adr/0004-parquet.md.
package parquet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Kind is the type of a column.
type Kind int

// The kinds of columns, with the Go type of their values. A missing value is nil.
const (
	Text Kind = iota // string, as UTF-8
	Int              // int64
	Real             // float64; NaN and the infinities are values
	Bool             // bool
	Time             // time.Time, kept in milliseconds, UTC
)

// String names the kind.
func (k Kind) String() string { return [...]string{"text", "int", "real", "bool", "time"}[k] }

// Column is a column's name and type.
type Column struct {
	Name string
	Kind Kind
}

// Numbers of the format's Thrift definition.
const (
	typeBoolean, typeInt64, typeDouble, typeByteArray = 0, 2, 5, 6

	convertedNone, convertedUTF8, convertedTimestampMillis = -1, 0, 9

	encodingPlain, encodingRLE = 0, 3
	repetitionOptional         = 1
	codecGzip                  = 2
	pageData                   = 0
)

func (k Kind) physical() int64 {
	return [...]int64{typeByteArray, typeInt64, typeDouble, typeBoolean, typeInt64}[k]
}

func (k Kind) converted() int64 {
	return [...]int64{convertedUTF8, convertedNone, convertedNone, convertedNone, convertedTimestampMillis}[k]
}

const magic = "PAR1"

// rowsPerGroup bounds what a Writer holds in memory.
const rowsPerGroup = 1 << 16

// Writer writes one file. A file without Close is none.
type Writer struct {
	w       io.Writer
	at      int64 // bytes written
	columns []buffer
	rows    int64 // in the buffers
	total   int64
	groups  []group
	err     error
}

// group is what the footer says of a row group.
type group struct {
	rows   int64
	chunks []chunk
}

type chunk struct{ offset, plain, packed, values int64 }

// NewWriter starts a file.
func NewWriter(w io.Writer, columns []Column) (*Writer, error) {
	p := &Writer{w: w}
	for _, c := range columns {
		p.columns = append(p.columns, buffer{Column: c})
	}
	p.write([]byte(magic))
	return p, p.err
}

func (p *Writer) write(b []byte) {
	if p.err != nil {
		return
	}
	n, err := p.w.Write(b)
	p.at += int64(n)
	p.err = err
}

// Row adds a row: a value per column, of the Go type of its kind, or nil.
func (p *Writer) Row(values []any) error {
	if p.err != nil {
		return p.err
	}
	if len(values) != len(p.columns) {
		return fmt.Errorf("a row of %d values, the table has %d columns", len(values), len(p.columns))
	}
	for i, v := range values {
		if err := p.columns[i].add(v); err != nil {
			p.err = err // the buffers are of different lengths now
			return err
		}
	}
	if p.rows++; p.rows == rowsPerGroup {
		p.flush()
	}
	return p.err
}

// flush writes the buffered rows as a row group.
func (p *Writer) flush() {
	g := group{rows: p.rows}
	for i := range p.columns {
		c := &p.columns[i]
		body, err := c.page()
		if err != nil {
			p.err = errors.Join(p.err, err)
			return
		}
		packed, err := pack(body)
		if err != nil {
			p.err = errors.Join(p.err, err)
			return
		}
		head := pageHeader(len(body), len(packed), p.rows)
		g.chunks = append(g.chunks, chunk{offset: p.at, plain: int64(len(head) + len(body)), packed: int64(len(head) + len(packed)), values: p.rows})
		p.write(head)
		p.write(packed)
		c.reset()
	}
	p.groups = append(p.groups, g)
	p.total += p.rows
	p.rows = 0
}

// Close writes what is left and the footer. It does not close the io.Writer.
func (p *Writer) Close() error {
	if p.rows > 0 && p.err == nil {
		p.flush()
	}
	footer := p.footer()
	p.write(footer)
	p.write(binary.LittleEndian.AppendUint32(nil, uint32(len(footer))))
	p.write([]byte(magic))
	err := p.err
	if p.err == nil {
		p.err = errors.New("the file is closed")
	}
	return err
}

func pack(body []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	_, err = z.Write(body)
	if err := errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// buffer holds the values of a column until its row group is written.
type buffer struct {
	Column
	levels []byte // definition levels: runs of (length << 1, level), the last run apart
	level  byte   // of the last run
	run    uint64
	plain  []byte
	bits   int // of booleans in the last byte
}

func (c *buffer) reset() {
	c.levels, c.plain, c.run, c.bits = c.levels[:0], c.plain[:0], 0, 0
}

func (c *buffer) add(v any) error {
	there := byte(1)
	if v == nil {
		there = 0
	}
	if there != c.level && c.run > 0 {
		c.endRun()
	}
	c.level = there
	c.run++
	if v == nil {
		return nil
	}
	switch x := v.(type) {
	case string:
		if c.Kind == Text {
			c.plain = append(binary.LittleEndian.AppendUint32(c.plain, uint32(len(x))), x...)
			return nil
		}
	case int64:
		if c.Kind == Int {
			c.plain = binary.LittleEndian.AppendUint64(c.plain, uint64(x))
			return nil
		}
	case float64:
		if c.Kind == Real {
			c.plain = binary.LittleEndian.AppendUint64(c.plain, math.Float64bits(x))
			return nil
		}
	case time.Time:
		if c.Kind == Time {
			c.plain = binary.LittleEndian.AppendUint64(c.plain, uint64(x.UnixMilli()))
			return nil
		}
	case bool:
		if c.Kind == Bool {
			c.bit(x)
			return nil
		}
	}
	return fmt.Errorf("column %s holds %s, found %T", c.Name, c.Kind, v)
}

func (c *buffer) bit(v bool) {
	if c.bits%8 == 0 {
		c.plain = append(c.plain, 0)
	}
	if v {
		c.plain[len(c.plain)-1] |= 1 << (c.bits % 8)
	}
	c.bits++
}

func (c *buffer) endRun() {
	c.levels = append(binary.AppendUvarint(c.levels, c.run<<1), c.level)
	c.run = 0
}

// page is the body of the column's data page: the definition levels behind their
// length, then the values that are there.
func (c *buffer) page() ([]byte, error) {
	if c.run > 0 {
		c.endRun()
	}
	if size := len(c.levels) + len(c.plain) + 4; size > math.MaxInt32 {
		return nil, fmt.Errorf("column %s: %d bytes in %d rows are more than a page holds", c.Name, size, rowsPerGroup)
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(c.levels)))
	b = append(b, c.levels...)
	return append(b, c.plain...), nil
}
