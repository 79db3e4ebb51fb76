package widget

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Clean makes any bytes safe to show in a terminal. Control characters (so all
// escape sequences), marks that turn the direction of text, invisible characters
// and bytes that are no UTF-8 are shown instead of obeyed. Characters on whose
// width terminals disagree are shown as their first rune, or as "?".
func Clean(text string) string {
	if plain(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if shown := escape(r, text[:size]); shown != "" {
			b.WriteString(shown)
			text = text[size:]
			continue
		}
		cluster, w := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
		b.WriteString(agreed(cluster, w))
		text = text[len(cluster):]
	}
	return b.String()
}

// plain says that a text holds only characters that every terminal shows alike
// and that never merge with their neighbours: nearly all texts do.
func plain(text string) bool {
	for _, r := range text {
		switch {
		case r >= ' ' && r <= '~':
		case r > 0xa0 && r < 0x300 && r != 0xad, r >= 0x370 && r < 0x483: // Latin, Greek, Cyrillic
		case r >= 0x2010 && r < 0x2028, r >= 0x2190 && r < 0x2200: // punctuation, arrows
		case r >= 0x2500 && r < 0x2600, r >= 0x2800 && r < 0x2900: // lines, blocks, braille
		case r >= 0x4e00 && r < 0xa000: // Chinese characters
		default:
			return false
		}
	}
	return true
}

// escape is how a rune that must not reach the terminal is shown, "" for one
// that may.
func escape(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case r < ' ':
		return string('␀' + r)
	case r == 0x7f:
		return "␡"
	case r < 0xa0 && r > 0x7f:
		return fmt.Sprintf(`\x%02x`, r)
	case r == '\u200d', unicode.Is(unicode.Variation_Selector, r):
		return "" // judged with the cluster that they belong to
	case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs):
		return fmt.Sprintf(`\u%04x`, r)
	}
	return ""
}

// agreed keeps a cluster if terminals that know grapheme clusters and those that
// do not give it the same width, which is its own w.
func agreed(cluster string, w int) string {
	r, size := utf8.DecodeRuneInString(cluster)
	if alone(cluster, w) && !risky(cluster[size:]) {
		return cluster
	}
	first := string(r)
	if w = ansi.StringWidth(first); alone(first, w) {
		return first
	}
	if w == 0 && !unicode.Is(unicode.Mn, r) {
		return ""
	}
	return "?"
}

// alone says that a cluster takes w cells wherever it stands: whatever is painted
// in the cells beside it does not merge with it.
func alone(cluster string, w int) bool {
	return w > 0 && w <= 2 && w == ansi.StringWidthWc(cluster) &&
		ansi.StringWidth(" "+cluster+" ") == w+2 && ansi.StringWidth(cluster+cluster) == 2*w
}

// risky says that the rest of a cluster holds something to be escaped.
func risky(rest string) bool {
	for i, r := range rest {
		if r == utf8.RuneError || r == '\u200d' || escape(r, rest[i:i+utf8.RuneLen(r)]) != "" {
			return true
		}
	}
	return false
}
