package tracker

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/parquet"
)

// RowWriter writes the rows of a table in some format. What it has written is
// whole after Close.
type RowWriter interface {
	Row(values []any) error
	Close() error
}

// Formats are those of NewRowWriter.
var Formats = []string{"csv", "jsonl", "parquet"}

// NewRowWriter starts a table. A number that is not finite is NaN, +Inf or -Inf in
// CSV, the same word as a string in JSON lines, and the number itself in Parquet;
// a missing value is an empty cell, null, and null.
func NewRowWriter(format string, w io.Writer, columns []parquet.Column) (RowWriter, error) {
	buffered := bufio.NewWriterSize(w, 1<<16)
	switch format {
	case "csv":
		c := &csvRows{buffered: buffered, w: csv.NewWriter(buffered)}
		for _, column := range columns {
			c.cells = append(c.cells, column.Name)
		}
		return c, c.w.Write(c.cells)
	case "jsonl":
		j := &jsonRows{buffered: buffered}
		for _, column := range columns {
			name, err := json.Marshal(column.Name)
			if err != nil {
				return nil, err
			}
			j.names = append(j.names, append(name, ':'))
		}
		return j, nil
	case "parquet":
		p, err := parquet.NewWriter(buffered, columns)
		return &parquetRows{buffered, p}, err
	}
	return nil, fmt.Errorf("%w: format %q; there are csv, jsonl and parquet", mmibx.ErrUsage, format)
}

const timeLayout = "2006-01-02T15:04:05.000Z07:00"

type csvRows struct {
	buffered *bufio.Writer
	w        *csv.Writer
	cells    []string
}

func (c *csvRows) Row(values []any) error {
	for i, v := range values {
		switch x := v.(type) {
		case nil:
			c.cells[i] = ""
		case float64:
			c.cells[i] = strconv.FormatFloat(x, 'g', -1, 64)
		case time.Time:
			c.cells[i] = x.UTC().Format(timeLayout)
		default:
			c.cells[i] = fmt.Sprint(x)
		}
	}
	return c.w.Write(c.cells)
}

func (c *csvRows) Close() error {
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return err
	}
	return c.buffered.Flush()
}

type jsonRows struct {
	buffered *bufio.Writer
	names    [][]byte // with quotes and colon
	line     []byte
}

func (j *jsonRows) Row(values []any) error {
	j.line = append(j.line[:0], '{')
	for i, v := range values {
		if i > 0 {
			j.line = append(j.line, ',')
		}
		j.line = append(j.line, j.names[i]...)
		switch x := v.(type) {
		case float64:
			if math.IsNaN(x) || math.IsInf(x, 0) {
				v = strconv.FormatFloat(x, 'g', -1, 64)
			}
		case time.Time:
			v = x.UTC().Format(timeLayout)
		}
		blob, err := json.Marshal(v)
		if err != nil {
			return err
		}
		j.line = append(j.line, blob...)
	}
	_, err := j.buffered.Write(append(j.line, '}', '\n'))
	return err
}

func (j *jsonRows) Close() error { return j.buffered.Flush() }

type parquetRows struct {
	buffered *bufio.Writer
	*parquet.Writer
}

func (p *parquetRows) Close() error {
	if err := p.Writer.Close(); err != nil {
		return err
	}
	return p.buffered.Flush()
}
