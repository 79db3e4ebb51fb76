// Package tomlfile reads TOML texts and knows on which line each key stands.
package tomlfile

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/mmibx/mmibx"
)

// Decode reads a text into a struct or map. The name of the file is for the
// error, an *mmibx.InputError; what says in words what the file should be.
func Decode(file, text string, into any, what string) (toml.MetaData, error) {
	meta, err := toml.Decode(text, into)
	if err == nil {
		return meta, nil
	}
	fault := &mmibx.InputError{File: file, Found: err.Error(), Expected: what}
	if syntax, ok := errors.AsType[toml.ParseError](err); ok {
		fault.Line, fault.Key, fault.Found, fault.Expected = syntax.Position.Line, syntax.LastKey, syntax.Message, "valid TOML"
		fault.Cure = "see https://toml.io for its rules"
	}
	if wrong := wrongType.FindStringSubmatch(err.Error()); wrong != nil {
		fault.Line, _ = strconv.Atoi(wrong[1]) // digits, by the pattern
		fault.Key, fault.Found, fault.Expected = wrong[2], "a value of type "+wrong[3], wrong[4]
	}
	return meta, fault
}

// wrongType is how the decoder says that a value is of another type than the field
// that it is for.
var wrongType = regexp.MustCompile(`^toml: line (\d+) \(last key "(.*)"\): incompatible types: TOML value has type (.*); destination has type (.*)$`)

// Lines are the lines of the keys of a text, from 1. The elements of arrays of
// tables count from 0: "arm.0.grid.ib.size".
type Lines map[string]int

// Of is the line of a key, or of the nearest thing that holds it; 0 where none does.
func (l Lines) Of(path ...string) int {
	for n := len(path); n > 0; n-- {
		if line, ok := l[strings.Join(path[:n], ".")]; ok {
			return line
		}
	}
	return 0
}
