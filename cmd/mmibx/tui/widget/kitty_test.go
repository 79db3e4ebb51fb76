package widget

import (
	"encoding/base64"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestAlbum: an image of many pieces comes together again, all but the last say that
// more comes, and one of the same id takes the other's place.
func TestAlbum(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	noise := func() Picture {
		p := Picture{W: 90, H: 70, Pixels: make([]uint32, 90*70)}
		for i := range p.Pixels {
			p.Pixels[i] = r.Uint32() & 0xffffff
		}
		return p
	}
	a := &Album{}
	first := Placed{ID: 40, Cols: 30, Rows: 12, Picture: noise()}
	pieces := strings.Split(strings.TrimPrefix(a.Show([]Placed{first}), "\x1b_G"), "\x1b_G")
	if len(pieces) < 4 {
		t.Fatalf("%d pieces of noise", len(pieces))
	}
	data := ""
	for i, p := range pieces[:len(pieces)-1] { // the last one places it
		options, payload, _ := strings.Cut(strings.TrimSuffix(p, "\x1b\\"), ";")
		data += payload
		if last := i == len(pieces)-2; strings.Contains(options, "m=1") == last || (len(payload) != 4096) != last {
			t.Errorf("piece %d of %d says %q and has %d bytes", i, len(pieces)-1, options, len(payload))
		}
	}
	blob, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(strings.NewReader(string(blob))); err != nil || img.Bounds().Dx() != 90 || img.Bounds().Dy() != 70 {
		t.Errorf("the pieces are no image of 90x70 (%v)", err)
	}
	if again := a.Show([]Placed{first}); again != "" {
		t.Errorf("it is sent again: %.60q", again)
	}
	other := Placed{ID: 40, Cols: 30, Rows: 12, Picture: noise()}
	if text := a.Show([]Placed{other}); !strings.HasPrefix(text, "\x1b_Ga=d,d=I,i=40,q=2\x1b\\\x1b_Ga=t") {
		t.Errorf("another of the same id: %.60q", text)
	}
	if text := a.Show(nil); text != "\x1b_Ga=d,d=I,i=40,q=2\x1b\\" {
		t.Errorf("nothing is placed: %q", text)
	}
}
