package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// unpickler runs the part of Python's pickle machine that plain data need:
// numbers, strings, tuples, lists, dictionaries, and the few constructors of
// PyTorch that allowed names. Nothing is imported and nothing is executed; any
// other name is an error.
type unpickler struct {
	data  []byte
	at    int
	stack []any
	marks []int // stack heights
	memo  map[uint32]any
	// persistent turns a persistent id (a tensor's storage) into a value.
	persistent func(id any) (any, error)
}

// The values of a pickle: nil, bool, int64, float64, string, []byte, and these.
type (
	tuple []any
	list  struct{ items []any }
	dict  struct{ keys, values []any }
	// global is a name that stands on the allow-list, not yet called.
	global string
)

// allowed are the names that a pickle may mention, and what calling them does.
// A name without a function can only be mentioned: the types of storages.
var allowed = map[global]func(args tuple) (any, error){
	"collections.OrderedDict":         func(tuple) (any, error) { return &dict{}, nil },
	"torch._utils._rebuild_tensor_v2": rebuildTensor,
	"torch._utils._rebuild_tensor":    rebuildTensor, // before PyTorch 0.4
	"torch._utils._rebuild_parameter": rebuildParameter,
	"torch.FloatStorage":              nil,
	"torch.DoubleStorage":             nil,
	"torch.HalfStorage":               nil,
	"torch.BFloat16Storage":           nil,
	"torch.LongStorage":               nil,
	"torch.IntStorage":                nil,
	"torch.ShortStorage":              nil,
	"torch.CharStorage":               nil,
	"torch.ByteStorage":               nil,
	"torch.BoolStorage":               nil,
}

// unpickle returns the value of the pickle that data begin with, and where the
// pickle ends.
func unpickle(data []byte, persistent func(id any) (any, error)) (value any, end int, err error) {
	u := &unpickler{data: data, memo: map[uint32]any{}, persistent: persistent}
	for {
		op, err := u.byte()
		if err != nil {
			return nil, u.at, err
		}
		if op == '.' { // STOP
			value, err := u.pop()
			return value, u.at, err
		}
		if err := u.step(op); err != nil {
			return nil, u.at, fmt.Errorf("byte %d: %w", u.at, err)
		}
	}
}

// step carries out one opcode; the letters are pickletools'.
func (u *unpickler) step(op byte) error {
	switch op {
	case 0x80: // PROTO
		_, err := u.bytes(1)
		return err
	case 0x95: // FRAME
		_, err := u.bytes(8)
		return err
	case '(': // MARK
		u.marks = append(u.marks, len(u.stack))
		return nil
	case 'N', 0x88, 0x89, 'J', 'K', 'M', 'G', 0x8a: // numbers
		return u.number(op)
	case 'X', 0x8c, 0x8d, 'T', 'U', 'B', 'C', 0x8e: // text and bytes
		return u.text(op)
	case ')', 't', 0x85, 0x86, 0x87, ']', '}', 'a', 'e', 's', 'u': // containers
		return u.container(op)
	case 'q', 'r', 0x94, 'h', 'j': // memo
		return u.memory(op)
	}
	return u.object(op)
}

func (u *unpickler) number(op byte) error {
	size := map[byte]int{'J': 4, 'K': 1, 'M': 2, 'G': 8, 0x8a: 1}[op]
	b, err := u.bytes(size)
	if err != nil {
		return err
	}
	switch op {
	case 'N':
		u.push(nil)
	case 0x88, 0x89:
		u.push(op == 0x88)
	case 'J':
		u.push(int64(int32(binary.LittleEndian.Uint32(b))))
	case 'K':
		u.push(int64(b[0]))
	case 'M':
		u.push(int64(binary.LittleEndian.Uint16(b)))
	case 'G':
		u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	case 0x8a: // LONG1: two's complement, little-endian
		n := int(b[0])
		if b, err = u.bytes(n); err != nil {
			return err
		}
		if n > 8 {
			return fmt.Errorf("a number of %d bytes", n)
		}
		v := int64(0)
		for i := n - 1; i >= 0; i-- {
			v = v<<8 | int64(b[i])
		}
		if 0 < n && n < 8 && b[n-1] >= 0x80 {
			v -= 1 << (8 * n)
		}
		u.push(v)
	}
	return nil
}

func (u *unpickler) text(op byte) error {
	width := map[byte]int{'X': 4, 0x8c: 1, 0x8d: 8, 'T': 4, 'U': 1, 'B': 4, 'C': 1, 0x8e: 8}[op]
	n, err := u.uint(width)
	if err != nil {
		return err
	}
	if n > uint64(len(u.data)) {
		return fmt.Errorf("a text of %d bytes", n)
	}
	b, err := u.bytes(int(n))
	if err != nil {
		return err
	}
	switch op {
	case 'B', 'C', 0x8e:
		u.push(b)
	default: // T and U are Python 2's
		u.push(string(b))
	}
	return nil
}

func (u *unpickler) container(op byte) error {
	switch op {
	case ')':
		u.push(tuple{})
	case ']':
		u.push(&list{})
	case '}':
		u.push(&dict{})
	case 0x85, 0x86, 0x87: // TUPLE1 to TUPLE3
		items, err := u.popN(int(op - 0x84))
		if err != nil {
			return err
		}
		u.push(tuple(items))
	case 't':
		items, err := u.popMark()
		if err != nil {
			return err
		}
		u.push(tuple(items))
	case 'a', 'e':
		return u.grow(op == 'e', 1, func(into any, items []any) bool {
			l, ok := into.(*list)
			if ok {
				l.items = append(l.items, items...)
			}
			return ok
		})
	case 's', 'u':
		return u.grow(op == 'u', 2, func(into any, items []any) bool {
			d, ok := into.(*dict)
			if !ok || len(items)%2 != 0 {
				return false
			}
			for i := 0; i < len(items); i += 2 {
				d.keys, d.values = append(d.keys, items[i]), append(d.values, items[i+1])
			}
			return true
		})
	}
	return nil
}

// grow adds items to the container below them: those since the mark, or n.
func (u *unpickler) grow(marked bool, n int, add func(into any, items []any) bool) error {
	pop := func() ([]any, error) { return u.popN(n) }
	if marked {
		pop = u.popMark
	}
	items, err := pop()
	if err != nil {
		return err
	}
	into, err := u.pop()
	if err != nil {
		return err
	}
	if !add(into, items) {
		return fmt.Errorf("items for a %T", into)
	}
	u.push(into)
	return nil
}

func (u *unpickler) memory(op byte) error {
	switch op {
	case 'q', 'r', 0x94: // BINPUT, LONG_BINPUT, MEMOIZE
		key := uint64(len(u.memo))
		if op != 0x94 {
			var err error
			if key, err = u.uint(map[byte]int{'q': 1, 'r': 4}[op]); err != nil {
				return err
			}
		}
		top, err := u.pop()
		if err != nil {
			return err
		}
		u.push(top)
		u.memo[uint32(key)] = top
	case 'h', 'j': // BINGET, LONG_BINGET
		key, err := u.uint(map[byte]int{'h': 1, 'j': 4}[op])
		if err != nil {
			return err
		}
		v, ok := u.memo[uint32(key)]
		if !ok {
			return fmt.Errorf("no memory %d", key)
		}
		u.push(v)
	}
	return nil
}

// object carries out what makes objects.
func (u *unpickler) object(op byte) error {
	switch op {
	case 'c': // GLOBAL: two lines
		module, err := u.line()
		if err != nil {
			return err
		}
		name, err := u.line()
		if err != nil {
			return err
		}
		return u.pushGlobal(module + "." + name)
	case 0x93: // STACK_GLOBAL
		names, err := u.popN(2)
		if err != nil {
			return err
		}
		module, ok := names[0].(string)
		name, ok2 := names[1].(string)
		if !ok || !ok2 {
			return fmt.Errorf("a name made of a %T and a %T", names[0], names[1])
		}
		return u.pushGlobal(module + "." + name)
	case 'Q': // BINPERSID
		id, err := u.pop()
		if err != nil {
			return err
		}
		v, err := u.persistent(id)
		if err != nil {
			return err
		}
		u.push(v)
		return nil
	case 'R': // REDUCE
		call, err := u.popN(2)
		if err != nil {
			return err
		}
		return u.call(call[0], call[1])
	case 'b': // BUILD: attributes of a dictionary, such as a state_dict's _metadata
		parts, err := u.popN(2)
		if err != nil {
			return err
		}
		if _, ok := parts[0].(*dict); !ok {
			return fmt.Errorf("attributes for a %T", parts[0])
		}
		u.push(parts[0])
		return nil
	}
	return fmt.Errorf("opcode 0x%02x, which plain data do not need", op)
}

func (u *unpickler) pushGlobal(name string) error {
	if _, ok := allowed[global(name)]; !ok {
		return fmt.Errorf("the Python name %.80q, which is not one of those that hold parameters", name)
	}
	u.push(global(name))
	return nil
}

func (u *unpickler) call(what, with any) error {
	name, ok := what.(global)
	args, isTuple := with.(tuple)
	if !ok || !isTuple || allowed[name] == nil {
		return fmt.Errorf("a call of a %T with a %T", what, with)
	}
	v, err := allowed[name](args)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	u.push(v)
	return nil
}

var errShort = errors.New("the pickle ends too early")

func (u *unpickler) push(v any) { u.stack = append(u.stack, v) }

func (u *unpickler) pop() (any, error) {
	items, err := u.popN(1)
	if err != nil {
		return nil, err
	}
	return items[0], nil
}

// popN takes n values off the stack, none of them from below the last mark.
func (u *unpickler) popN(n int) ([]any, error) {
	floor := 0
	if len(u.marks) > 0 {
		floor = u.marks[len(u.marks)-1]
	}
	if len(u.stack)-n < floor {
		return nil, errors.New("too few values on the stack")
	}
	items := slices.Clone(u.stack[len(u.stack)-n:])
	u.stack = u.stack[:len(u.stack)-n]
	return items, nil
}

func (u *unpickler) popMark() ([]any, error) {
	if len(u.marks) == 0 {
		return nil, errors.New("no mark on the stack")
	}
	items, err := u.popN(len(u.stack) - u.marks[len(u.marks)-1])
	u.marks = u.marks[:len(u.marks)-1]
	return items, err
}

func (u *unpickler) byte() (byte, error) {
	b, err := u.bytes(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (u *unpickler) bytes(n int) ([]byte, error) {
	if n > len(u.data)-u.at {
		return nil, errShort
	}
	u.at += n
	return u.data[u.at-n : u.at], nil
}

// uint reads a little-endian number of some bytes.
func (u *unpickler) uint(width int) (uint64, error) {
	b, err := u.bytes(width)
	if err != nil {
		return 0, err
	}
	v := uint64(0)
	for i := width - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v, nil
}

func (u *unpickler) line() (string, error) {
	n := bytes.IndexByte(u.data[u.at:], '\n')
	if n < 0 {
		return "", errShort
	}
	b, err := u.bytes(n + 1)
	if err != nil {
		return "", err
	}
	return string(b[:n]), nil
}
