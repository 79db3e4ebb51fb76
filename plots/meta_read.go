package plots

import (
	"bytes"
	"encoding/binary"
	"html"
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
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
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
		case "Runs":
			m.Runs, ok = strings.Fields(value), true
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
	for at := 8; at+12 <= len(file); {
		size := int(binary.BigEndian.Uint32(file[at:]))
		if size < 0 || at+12+size > len(file) {
			return ""
		}
		body := file[at+8 : at+8+size]
		if string(file[at+4:at+8]) == "iTXt" {
			if text, ok := bytes.CutPrefix(body, []byte("Description\x00\x00\x00\x00\x00")); ok {
				return string(text)
			}
		}
		at += 12 + size
	}
	return ""
}
