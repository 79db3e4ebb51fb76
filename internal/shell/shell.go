// Package shell writes words as a POSIX shell takes them, and takes such a line
// apart again.
package shell

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/mmibx/mmibx"
)

// Word quotes what a shell would not take as one word, or not as it stands.
func Word(s string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._,:/=+-@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Line joins words to a line.
func Line(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Word(w)
	}
	return strings.Join(quoted, " ")
}

// Words takes a line apart that Line wrote. A quote that stays open is
// mmibx.ErrUsage.
func Words(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	in, quoted := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'':
			in, quoted = true, !quoted
		case quoted:
			word.WriteByte(c)
		case c == '\\' && i+1 < len(line):
			i++
			in = true
			word.WriteByte(line[i])
		case c == ' ':
			if in {
				words = append(words, word.String())
			}
			word.Reset()
			in = false
		default:
			in = true
			word.WriteByte(c)
		}
	}
	if quoted {
		return nil, fmt.Errorf("%w: a quote stays open in %s", mmibx.ErrUsage, line)
	}
	if in {
		words = append(words, word.String())
	}
	return words, nil
}
