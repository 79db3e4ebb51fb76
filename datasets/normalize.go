package datasets

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// normalizer is BERT's: it cleans a word, sets Chinese characters apart and,
// for an uncased vocabulary, strips accents and lowers letters. (55 letters of
// Unicode 16 and 17 that Go does not lower yet are in no vocabulary of BERT.)
type normalizer struct{ clean, chinese, strip, lower bool }

// apply normalizes one word; what was one word may hold spaces then.
func (n normalizer) apply(word string) string {
	if isPlain(word) {
		if n.lower {
			return strings.ToLower(word)
		}
		return word
	}
	var b strings.Builder
	for _, r := range word {
		switch {
		case n.clean && unicode.Is(dropped, r):
		case n.clean && unicode.Is(spaces, r):
			b.WriteByte(' ')
		case n.chinese && unicode.Is(chinese, r):
			b.WriteString(" " + string(r) + " ")
		default:
			b.WriteRune(r)
		}
	}
	text := b.String()
	if n.strip {
		text = stripAccents(text)
	}
	if n.lower {
		// İ is the only letter that grows when it is lowered.
		text = strings.Map(unicode.ToLower, strings.ReplaceAll(text, "İ", "i̇"))
	}
	return text
}

// isPlain says whether a word is printable ASCII, of which nothing is dropped.
func isPlain(word string) bool {
	for i := range len(word) {
		if word[i] <= ' ' || word[i] >= 0x7f {
			return false
		}
	}
	return true
}

// stripAccents takes letters apart and leaves out their marks.
func stripAccents(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(accents, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}

// splitWords cuts a normalized text at spaces, and before and after each
// punctuation character.
func splitWords(text string, word func(string)) {
	start := 0
	flush := func(end int) {
		if end > start {
			word(text[start:end])
		}
	}
	for i, r := range text {
		isPunctuation := unicode.Is(punctuation, r)
		if !isPunctuation && !unicode.Is(spaces, r) {
			continue
		}
		flush(i)
		start = i + len(string(r))
		if isPunctuation {
			word(text[i:start])
		}
	}
	flush(len(text))
}
