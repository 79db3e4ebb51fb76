package plots

import (
	"bytes"
	"encoding/binary"
	"html"
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
)

// ReadMeta reads back what a PDF, SVG or PNG of a figure says of where its numbers
// come from; ok is false for the file of another program.
func ReadMeta(file []byte) (m Meta, ok bool) {
	var text string
	switch {
	case bytes.HasPrefix(file, []byte("%PDF-")):
		text = pdfSubject(file)
	case bytes.HasPrefix(file, []byte(pngHead)):
		text = pngDescription(file)
	default:
		_, after, _ := bytes.Cut(file, []byte("<desc>"))
		inner, _, _ := bytes.Cut(after, []byte("</desc>"))
		text = html.UnescapeString(string(inner))
	}
	for line := range strings.SplitSeq(text, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Command":
			m.Command = value
		case "Commit":
			m.Commits = strings.Fields(value)
		case "Data":
			m.Data = []string{value}
		case "Revision":
			m.Revision, _ = strconv.Atoi(value) // what is no number is none of ours: 0
		case "Runs":
			m.Runs, ok = strings.Fields(value), true
		case "Drawn":
			m.Drawn = readDrawn(m.Runs, value)
		case "Seal":
			m.seal = value
		}
	}
	return m, ok
}

// pdfSubject is the subject of a document that newPDF made: UTF-16 in brackets.
func pdfSubject(file []byte) string {
	_, after, found := bytes.Cut(file, []byte("/Subject ("))
	if !found {
		return ""
	}
	var raw []byte
	for i := 0; i < len(after) && after[i] != ')'; i++ {
		c := after[i]
		if c == '\\' && i+1 < len(after) {
			if i++; after[i] == 'r' {
				c = '\r'
			} else {
				c = after[i]
			}
		}
		raw = append(raw, c)
	}
	raw, found = bytes.CutPrefix(raw, []byte{0xfe, 0xff})
	if !found {
		return string(raw)
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(raw[2*i:])
	}
	return string(utf16.Decode(units))
}

// pngDescription is the text of the chunk that textChunk wrote.
func pngDescription(file []byte) string {
	for c := range chunks(file) {
		if string(file[c.body-4:c.body]) == "iTXt" {
			if text, ok := bytes.CutPrefix(file[c.body:c.end], []byte("Description\x00\x00\x00\x00\x00")); ok {
				return string(text)
			}
		}
	}
	return ""
}

// chunk is a part of a PNG: its type stands in the four bytes before the body, its
// checksum in the four after the end.
type chunk struct{ body, end int }

// chunks goes through those of a PNG; another file has none.
func chunks(file []byte) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		if !bytes.HasPrefix(file, []byte(pngHead)) {
			return
		}
		for at := len(pngHead); at+12 <= len(file); {
			size := int(binary.BigEndian.Uint32(file[at:]))
			if size < 0 || at+12+size > len(file) || !yield(chunk{at + 8, at + 8 + size}) {
				return
			}
			at += 12 + size
		}
	}
}

const pngHead = "\x89PNG\r\n\x1a\n"
