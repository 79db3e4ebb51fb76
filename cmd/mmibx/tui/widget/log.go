package widget

// Log paints the last lines that fit, the newest at the bottom. Up counts the
// lines that are scrolled back.
func Log(c Canvas, lines []string, up int, empty string) {
	if len(lines) == 0 {
		c.Print(0, 0, Span{empty, Faint})
		return
	}
	end := max(min(c.H(), len(lines)), len(lines)-up)
	start := max(0, end-c.H())
	for y, line := range lines[start:end] {
		c.Print(0, y, Span{line, Plain})
	}
}
