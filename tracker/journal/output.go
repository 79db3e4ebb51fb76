package journal

import (
	"io"
	"os"
	"strings"
)

// outputEnd is how much of the end of an output LastWords looks at, in bytes.
const outputEnd = 256 << 10

// LastWords returns at most n lines of the end of what a process printed into a
// file, none where it cannot be read. Where the Go runtime printed its stacks, which
// can bury a message of C++ under hundreds of lines, these are the lines round their
// beginning instead.
func LastWords(path string, n int) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > outputEnd {
		_, _ = f.Seek(-outputEnd, io.SeekEnd) // at worst too much is read
	}
	blob, err := io.ReadAll(f)
	text := strings.TrimRight(strings.ToValidUTF8(string(blob), "?"), "\n")
	if err != nil || text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "SIG") || strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			lines = lines[:min(len(lines), i+n/2)]
			break
		}
	}
	return lines[max(0, len(lines)-n):]
}
