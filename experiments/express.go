package experiments

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"

	"github.com/mmibx/mmibx"
)

// Expression is a condition of `when` or a value of `derive`: a formula over the
// keys of the spec in the language of expr-lang.org.
type Expression struct {
	Key   string // that a derivation sets; "" for a condition
	Text  string
	Where Place

	program *vm.Program
	reads   []string // keys of the spec
}

// expression compiles a formula. A condition must be a truth value; the value of
// a derivation is checked where it is set.
func (p *parser) expression(path []string, key string, v any) *Expression {
	text, ok := v.(string)
	if !ok || strings.TrimSpace(text) == "" {
		p.fail(path, quoted(v), "a formula in quotes", `write for example "ib.size >= 16" or "1e-4 * train.batch / 16"`)
		return nil
	}
	names := &nameVisitor{}
	options := append([]expr.Option{expr.Env(environmentTypes()), expr.Patch(names)}, functions...)
	if key == "" {
		options = append(options, expr.AsBool())
	}
	program, err := expr.Compile(text, options...)
	for _, name := range names.keys {
		if !slices.Contains(expressible(), name) {
			p.unknownField(path, name)
			return nil
		}
	}
	if err != nil {
		expected := "a formula over keys of the spec"
		if key == "" {
			expected = "a condition over keys of the spec, which is true or false"
		}
		p.fail(path, explain(err), expected, "")
		return nil
	}
	return &Expression{Key: key, Text: text, Where: p.place(path), program: program, reads: names.keys}
}

// explain is what the compiler says, with the column in the formula.
func explain(err error) string {
	var at *file.Error
	if errors.As(err, &at) {
		return fmt.Sprintf("%s at its character %d", at.Message, at.Column+1)
	}
	if kind, ok := strings.CutPrefix(err.Error(), "expected bool, but got "); ok {
		return "a formula of type " + kind
	}
	return err.Error()
}

// functions are those of formulas besides the language's own.
var functions = []expr.Option{
	real("sqrt", math.Sqrt), real("log", math.Log), real("log10", math.Log10), real("exp", math.Exp),
}

func real(name string, f func(float64) float64) expr.Option {
	return expr.Function(name, func(params ...any) (any, error) {
		x, err := strconv.ParseFloat(fmt.Sprint(params[0]), 64)
		return f(x), err
	}, new(func(float64) float64), new(func(int) float64))
}

// expressible lists the keys that a formula may read: all but the seed, which is
// no setting.
func expressible() []string {
	return slices.DeleteFunc(mmibx.FieldKeys(), func(k string) bool { return k == "seed" })
}

// environmentTypes are the types of all keys, by group.
func environmentTypes() types.Map {
	all := types.Map{}
	for _, key := range expressible() {
		f, _ := mmibx.LookupField(key)
		group, name, grouped := strings.Cut(key, ".")
		if !grouped {
			all[key] = types.TypeOf(f.Frozen)
			continue
		}
		if all[group] == nil {
			all[group] = types.Map{}
		}
		all[group].(types.Map)[name] = types.TypeOf(f.Frozen)
	}
	return all
}

// environment are the values of all keys, by group.
func environment(spec *mmibx.Spec) map[string]any {
	all := map[string]any{}
	values := spec.Values()
	for _, key := range expressible() {
		group, name, grouped := strings.Cut(key, ".")
		if !grouped {
			all[key] = values[key]
			continue
		}
		if all[group] == nil {
			all[group] = map[string]any{}
		}
		all[group].(map[string]any)[name] = values[key]
	}
	return all
}

// nameVisitor collects the keys that a formula reads.
type nameVisitor struct{ keys []string }

func (v *nameVisitor) Visit(node *ast.Node) {
	member, ok := (*node).(*ast.MemberNode)
	if !ok {
		if id, ok := (*node).(*ast.IdentifierNode); ok && id.Value == "benchmark" {
			v.keys = append(v.keys, id.Value)
		}
		return
	}
	group, isName := member.Node.(*ast.IdentifierNode)
	property, isString := member.Property.(*ast.StringNode)
	if isName && isString {
		v.keys = append(v.keys, group.Value+"."+property.Value)
	}
}

// holds says whether a cell meets the condition.
func (e *Expression) holds(spec *mmibx.Spec) (bool, error) {
	v, err := expr.Run(e.program, environment(spec))
	if err != nil {
		return false, e.fault("when", explain(err))
	}
	return v.(bool), nil
}

// value is that of a derivation, in the field's own type. Numbers are rounded to
// six digits: a value is part of a run's identity.
func (e *Expression) value(spec *mmibx.Spec) (any, error) {
	v, err := expr.Run(e.program, environment(spec))
	if err != nil {
		return nil, e.fault(e.Key, explain(err))
	}
	if x, ok := v.(float64); ok {
		if v, err = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (e *Expression) fault(key, found string) error {
	return &mmibx.InputError{File: e.Where.File, Line: e.Where.Line, Key: key, Found: found, Expected: "a formula that every cell has a value for"}
}

// conditions reads the `when` of the sweep or of an arm.
func (p *parser) condition(path []string, v any) *Expression {
	if v == nil {
		return nil
	}
	return p.expression(path, "", v)
}

// derivations reads a `derive` table: a formula for each of some keys.
func (p *parser) derivations(path []string, t map[string]any) []*Expression {
	var all []*Expression
	p.leaves(path, "", t, func(path []string, key string, v any) {
		f, known := mmibx.LookupField(key)
		if !known || f.Key == "benchmark" || f.Key == "seed" {
			p.unknownField(path, key)
			return
		}
		if e := p.expression(path, f.Key, v); e != nil {
			all = append(all, e)
		}
	})
	return all
}

// derivedOfDerived refuses formulas that read a key which another formula of the
// same arm sets, be it the sweep's: a formula reads the cell before any is applied.
func (p *parser) derivedOfDerived(s *Sweep) {
	type pair struct{ reader, other *Expression }
	seen := map[pair]bool{}
	for _, a := range append([]Arm{{}}, s.Arms...) {
		all := s.follow(a, deriving(s.Derive), nil).derive
		for _, e := range all {
			for _, other := range all {
				if both := (pair{e.Expression, other.Expression}); slices.Contains(e.reads, other.Key) && !seen[both] {
					seen[both] = true
					p.faults = append(p.faults, &mmibx.InputError{File: e.Where.File, Line: e.Where.Line, Key: e.Key,
						Found: other.Key + ", which is derived too" + other.Where.inWords(), Expected: "keys that are set", Cure: "write its formula out"})
				}
			}
		}
	}
}
