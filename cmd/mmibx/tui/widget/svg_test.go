package widget

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

// svgTexts parses a picture and returns its texts with their first cell, the
// colours of its backgrounds but the paper's, and the rectangles of its paths.
func svgTexts(t *testing.T, svg string) (texts map[string]string, fills []string, boxes int) {
	t.Helper()
	texts = map[string]string{}
	var at, inside string
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts, fills, boxes
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch e := token.(type) {
		case xml.StartElement:
			inside = e.Name.Local
			attributes := map[string]string{}
			for _, a := range e.Attr {
				attributes[a.Name.Local] = a.Value
			}
			x, _ := strconv.Atoi(attributes["x"])
			switch inside {
			case "text":
				at = strconv.Itoa(x / svgCellW)
			case "rect":
				fills = append(fills, attributes["fill"])
			case "path":
				boxes += strings.Count(attributes["d"], "M")
			}
		case xml.EndElement:
			inside = ""
		case xml.CharData:
			if inside == "text" {
				texts[string(e)] = at
			}
		}
	}
}

func TestSVG(t *testing.T) {
	c := NewCanvas(30, 4)
	c.Print(0, 0, Span{"a <b> & \"c\"", Good}, Span{"  x", Faint}, Span{" 漢字 é", Good})
	c.Print(2, 1, Span{"│⠃█▱", Line}, Span{"end", Line})
	c.Print(0, 2, Span{"97.5", Heat + HeatLevels - 1})
	c.Light(Rect{0, 3, 5, 1})
	c.pixel(29, 3, picture|0x102030, picture|0xfefefe)
	texts, fills, boxes := svgTexts(t, c.SVG(Dark()))
	for text, at := range map[string]string{`a <b> & "c"`: "0", "x": "13", "漢字 é": "15", "end": "6", "97.5": "0"} {
		if texts[text] != at {
			t.Errorf("%q stands at cell %q, want %s; texts: %q", text, texts[text], at, texts)
		}
	}
	if want := "#121212 #d7d787 #303030 #102030 #fefefe"; strings.Join(fills, " ") != want {
		t.Errorf("rectangles are %s, want %s", fills, want)
	}
	if boxes != 2+2+1+4 { // the arms of a line, dots, a block, a frame
		t.Errorf("%d shapes are drawn", boxes)
	}
	if strings.Contains(c.SVG(Light()), "#121212") {
		t.Error("the light picture has the dark one's paper")
	}
}
