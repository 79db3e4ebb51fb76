package audit

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func tweet(id, text, image string) mmibx.Example {
	return mmibx.Example{ID: id, Tokens: strings.Fields(text), Image: image}
}

func TestOverlaps(t *testing.T) {
	long := strings.Repeat("the quick brown fox met another one by the river ", 4)
	got := Overlaps(map[mmibx.Split][]mmibx.Example{
		mmibx.Train: {
			tweet("train:0", "Ann in Rome http://t.co/abc", "1.jpg"), tweet("train:1", long, "2.jpg"),
			tweet("train:2", "我 在 北 京 看 到 了 一 只 熊 猫", ""),
		},
		mmibx.Dev: {
			tweet("dev:0", "ANN in Rome https://t.co/xyz", "3.jpg"), tweet("dev:1", "ann in  rome", "1.jpg"), tweet("dev:2", "Ann in Paris", "1.jpg"),
		},
		mmibx.Test: {
			tweet("test:0", long+"x", "2.jpg"), tweet("test:1", "我 在 北 京 看 到 了 一 只 熊 猫", ""), tweet("test:2", "", ""),
		},
	})
	if len(got) != 3 {
		t.Fatalf("%d pairs of splits", len(got))
	}
	if o := got[0]; o.Exact != 2 || o.Near != 0 || o.Pictures != 1 || o.ExactPairs[0] != "train:0 = dev:0" || o.PictureNames[0] != "1.jpg" {
		t.Errorf("train and dev: %+v", o)
	}
	if o := got[1]; o.Exact != 1 || o.Near != 1 || o.Pictures != 1 || o.NearPairs[0] != "train:1 ~ test:0" {
		t.Errorf("train and test: %+v", o)
	}
	if o := got[2]; o.Exact != 0 || o.Near != 0 || o.Pictures != 0 {
		t.Errorf("dev and test: %+v", o)
	}
}

// The search by rare shingles finds what comparing all pairs finds.
func TestNearFindsWhatAllPairsHave(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	word := func() string { return string(rune('a'+random.IntN(26))) + string(rune('a'+random.IntN(26))) }
	var train, dev []mmibx.Example
	for range 60 {
		words := make([]string, 20+random.IntN(60))
		for k := range words {
			words[k] = word()
		}
		train = append(train, mmibx.Example{ID: "t", Tokens: words})
		changed := append([]string(nil), words...)
		for range random.IntN(4) {
			changed[random.IntN(len(changed))] = word()
		}
		dev = append(dev, mmibx.Example{ID: "d", Tokens: changed})
	}
	exact, near := 0, 0
	for _, d := range dev {
		best := 0.0
		for _, e := range train {
			best = max(best, jaccard(shingles(normalize(d.Tokens)), shingles(normalize(e.Tokens))))
		}
		switch {
		case best == 1:
			exact++
		case best >= Near:
			near++
		}
	}
	got := Overlaps(map[mmibx.Split][]mmibx.Example{mmibx.Train: train, mmibx.Dev: dev})[0]
	if near < 5 || got.Exact != exact || got.Near != near {
		t.Errorf("found %d exact and %d near, all pairs have %d and %d", got.Exact, got.Near, exact, near)
	}
}
