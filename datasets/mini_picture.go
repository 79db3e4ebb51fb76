package datasets

import (
	"fmt"
	"image"
	"image/color"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
)

// pictureSize is the width and the height of a miniature picture in pixels.
const pictureSize = 32

// The luck of a picture, in units of brightness (0 to 255): all that is added
// to a colour stays well below half the distance to any other colour, so what a
// picture shows can always be read off its pixels, in every split alike.
const (
	pixelNoise = 18 // of each pixel and channel on its own, either way
	lightNoise = 12 // of the whole picture, either way
)

// backgrounds are the colours of the topics.
var backgrounds = [len(topics)][3]int{
	{150, 110, 110}, {110, 150, 110}, {110, 110, 150}, {150, 150, 110}, {150, 110, 150}, {110, 150, 150},
}

// glyph is what shows a label: a shape in a colour of its own. Inside says
// whether a point dx, dy from the centre belongs to a shape of radius r.
type glyph struct {
	colour [3]int
	inside func(dx, dy, r int) bool
}

var glyphs = [8]glyph{
	{[3]int{220, 65, 65}, func(dx, dy, r int) bool { return dx*dx+dy*dy <= r*r }},                                          // disc
	{[3]int{65, 220, 65}, func(dx, dy, r int) bool { return 5*max(abs(dx), abs(dy)) <= 4*r }},                              // square
	{[3]int{65, 65, 220}, func(dx, dy, r int) bool { return abs(dy) <= r && 2*abs(dx) <= dy+r }},                           // triangle
	{[3]int{220, 220, 65}, func(dx, dy, r int) bool { return min(abs(dx), abs(dy)) <= r/3 && max(abs(dx), abs(dy)) <= r }}, // plus
	{[3]int{220, 65, 220}, func(dx, dy, r int) bool { return dx*dx+dy*dy <= r*r && 4*(dx*dx+dy*dy) >= r*r }},               // ring
	{[3]int{65, 220, 220}, func(dx, dy, r int) bool { return abs(dx)+abs(dy) <= r }},                                       // diamond
	{[3]int{220, 220, 220}, func(dx, dy, r int) bool { return max(abs(dx), abs(dy)) <= r && (dy+r)/3%2 == 0 }},             // bars
	{[3]int{65, 65, 65}, func(dx, dy, r int) bool { return max(abs(dx), abs(dy)) <= r && ((dx+r)/4+(dy+r)/4)%2 == 0 }},     // checks
}

func abs(x int) int { return max(x, -x) }

// MiniPicture renders the picture of a miniature benchmark that has this id: 32
// x 32 pixels, a shape that shows a label (an entity type or a relation) on the
// background of a topic. Place, size, light and noise of the pixels differ from
// picture to picture.
func MiniPicture(name, id string) (image.Image, error) {
	m, err := lookupMini(name)
	if err != nil {
		return nil, err
	}
	img, err := m.picture(id)
	if err != nil {
		return nil, err
	}
	return img, nil
}

func (m *miniature) picture(id string) (*image.RGBA, error) {
	s, err := m.scene(id)
	if err != nil {
		return nil, err
	}
	return m.render(s, m.dice("picture/"+id)), nil
}

// miniPictureID names the picture of tweet i of a split, as its file is named.
func miniPictureID(split mmibx.Split, i int) string { return fmt.Sprintf("%s_%d.png", split, i) }

// scene finds out what the picture with an id shows.
func (m *miniature) scene(id string) (scene, error) {
	name, number, _ := strings.Cut(strings.TrimSuffix(id, ".png"), "_")
	split := mmibx.Split(name)
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= m.tweets[split] || id != miniPictureID(split, i) {
		return scene{}, fmt.Errorf("picture %q of %s: %w", id, m.name, mmibx.ErrNotFound)
	}
	t, _ := m.tweet(split, i)
	return t.shows, nil
}

func (m *miniature) render(s scene, d dice) *image.RGBA {
	g := glyphs[(s.label+m.glyph)%len(glyphs)]
	r := 8 + d.below(4)
	cx, cy := 13+d.below(6), 13+d.below(6)
	light := d.below(2*lightNoise+1) - lightNoise
	img := image.NewRGBA(image.Rect(0, 0, pictureSize, pictureSize))
	for y := range pictureSize {
		for x := range pictureSize {
			colour := backgrounds[s.topic]
			if g.inside(x-cx, y-cy, r) {
				colour = g.colour
			}
			for c := range colour {
				colour[c] += light + d.below(2*pixelNoise+1) - pixelNoise
			}
			img.SetRGBA(x, y, color.RGBA{uint8(colour[0]), uint8(colour[1]), uint8(colour[2]), 255})
		}
	}
	return img
}
