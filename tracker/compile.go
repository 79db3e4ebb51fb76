package tracker

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
)

// kind is the type of a key.
type kind int

const (
	text kind = iota
	numeric
	boolean
	moment // nanoseconds since 1970
	anyKind
	set // of texts
)

// column is a key as SQL over `run r LEFT JOIN edit e`. Every ? in a piece of
// SQL is the key's name.
type column struct {
	kind    kind
	name    string
	expr    string // NULL where the run has no value
	present string // a condition; "": expr IS NOT NULL
	odd     string // of metrics: the kind of a value that is not finite
	member  string // of sets: a condition on the element, which it ends with
}

const stateNow = `CASE WHEN e.retry >= r.attempt AND r.state NOT IN ('done', 'running') THEN 'queued' ELSE r.state END`

// importedWord is the split of another program's predictions, or the name of the
// tracker that kept the run.
const importedWord = "coalesce(nullif(json_extract(r.imported, '$.split'), ''), json_extract(r.imported, '$.format'))"

func ofAttempt(name string) string {
	return "(SELECT nullif(a." + name + ", '') FROM attempt a WHERE a.run = r.id AND a.number = r.attempt)"
}

// columns are the keys that are neither of the spec nor metrics.
var columns = map[string]column{
	"id":        {kind: text, expr: "r.name"},
	"arm":       {kind: text, expr: "r.arm"},
	"state":     {kind: text, expr: stateNow},
	"class":     {kind: text, expr: ofAttempt("class")},
	"error":     {kind: text, expr: ofAttempt("error")},
	"host":      {kind: text, expr: ofAttempt("host")},
	"device":    {kind: text, expr: ofAttempt("device")},
	"label":     {kind: text, expr: "r.label"},
	"note":      {kind: text, expr: "nullif(e.note, '')"},
	"benchmark": {kind: text, expr: "r.benchmark"},
	"model":     {kind: text, expr: "r.model"},
	"seed":      {kind: numeric, expr: "r.seed"},
	"imported":  {kind: text, expr: importedWord},
	"source":    {kind: text, expr: "json_extract(r.imported, '$.source')"},
	"attempts":  {kind: numeric, expr: "r.attempt"},
	"priority":  {kind: numeric, expr: "coalesce(e.priority, 0)"},
	"started":   {kind: moment, expr: "r.started"},
	"finished":  {kind: moment, expr: "r.finished"},
	"seconds":   {kind: numeric, expr: "((r.finished - r.started) / 1e9)"},
	"tag":       {kind: set, expr: "(SELECT min(tag) FROM tag WHERE run = r.name)", member: "EXISTS (SELECT 1 FROM tag t WHERE t.run = r.name AND t.tag"},
	"sweep":     {kind: set, expr: "(SELECT min(sweep) FROM membership WHERE run = r.name)", member: "EXISTS (SELECT 1 FROM membership m WHERE m.run = r.name AND m.sweep"},
}

var columnAliases = map[string]string{"model.name": "model", "run": "id", "tags": "tag", "sweeps": "sweep"}

// compiler turns filters and sort keys into SQL with bound values.
type compiler struct {
	filter  string
	metrics map[string]bool // names that the database has
	keys    map[string]bool
	sql     strings.Builder
	args    []any
}

// column resolves a key.
func (c *compiler) column(key token) (column, error) {
	name := key.text
	if full, ok := columnAliases[name]; ok {
		name = full
	}
	if col, ok := columns[name]; ok {
		return col, nil
	}
	if f, ok := mmibx.LookupField(name); ok {
		return paramColumn(f.Key, fieldKind(f)), nil
	}
	if c.isMetric(name) { // an imported one may have colons
		col, _ := metricColumn(name, "")
		return col, nil
	}
	if c.keys[name] {
		return paramColumn(name, anyKind), nil
	}
	if at := strings.LastIndexByte(name, ':'); at >= 0 && c.isMetric(name[:at]) {
		part := name[at+1:]
		col, ok := metricColumn(name[:at], part)
		if !ok {
			return col, &FilterError{c.filter, key.pos, "a metric has :last, :min, :max and :n, not :" + part}
		}
		return col, nil
	}
	msg := "unknown key " + key.text
	if near := mmibx.Nearest(key.text, c.names()); near != "" {
		msg += ", did you mean " + near + "?"
	}
	return column{}, &FilterError{c.filter, key.pos, msg}
}

func (c *compiler) isMetric(name string) bool {
	return c.metrics[name] || slices.Contains(knownMetrics, name)
}

func (c *compiler) names() []string {
	names := append(slices.Collect(maps.Keys(columns)), mmibx.FieldKeys()...)
	names = append(names, knownMetrics...)
	names = slices.AppendSeq(slices.AppendSeq(names, maps.Keys(c.metrics)), maps.Keys(c.keys))
	slices.Sort(names)
	return slices.Compact(names)
}

// knownMetrics are valid in a filter before any run has logged them.
var knownMetrics = mmibx.MetricNames()

func fieldKind(f *mmibx.Field) kind {
	switch f.Frozen.(type) {
	case string:
		return text
	case bool:
		return boolean
	}
	return numeric
}

func paramColumn(name string, k kind) column {
	value := map[kind]string{text: "p.text", boolean: "p.bool", numeric: "coalesce(p.real, p.int, p.bool)", anyKind: "coalesce(p.real, p.int, p.bool, p.text)"}[k]
	return column{kind: k, name: name, expr: "(SELECT " + value + " FROM param p WHERE p.run = r.id AND p.key = (SELECT id FROM key WHERE name = ?))"}
}

// metricColumn is the value of a metric that stands for a run: the best of a dev
// F1, which chose the checkpoint, else the last; or the part that is asked for.
func metricColumn(name, part string) (column, bool) {
	if part == "" {
		part = "last"
		if name == mmibx.DevF1 || name == mmibx.DevF1Strict {
			part = "max"
		}
	}
	from := " FROM summary s WHERE s.run = r.id AND s.metric = (SELECT id FROM metric WHERE name = ?)"
	col := column{
		kind: numeric, name: name, expr: "(SELECT s." + part + from + ")",
		present: "EXISTS (SELECT 1" + from + ")", odd: "(SELECT s.last_kind" + from + ")",
	}
	return col, slices.Contains([]string{"last", "min", "max", "n"}, part)
}

// add writes SQL whose ?s are the column's name.
func (c *compiler) add(col column, sql string) {
	c.sql.WriteString(sql)
	for range strings.Count(sql, "?") {
		c.args = append(c.args, col.name)
	}
}

func (c *compiler) bind(v any) {
	c.sql.WriteString("?")
	c.args = append(c.args, v)
}

// condition writes a filter; every comparison is true or false, never NULL.
func (c *compiler) condition(n node) error {
	switch n := n.(type) {
	case both:
		return c.pair(n.left, " AND ", n.right)
	case either:
		return c.pair(n.left, " OR ", n.right)
	case not:
		c.sql.WriteString("NOT ")
		return c.pair(n.of, "", nil)
	case compare:
		return c.comparison(n)
	}
	return nil
}

func (c *compiler) pair(left node, word string, right node) error {
	c.sql.WriteString("(")
	if err := c.condition(left); err != nil {
		return err
	}
	c.sql.WriteString(word)
	if err := c.condition(right); err != nil {
		return err
	}
	c.sql.WriteString(")")
	return nil
}

func (c *compiler) comparison(n compare) error {
	col, err := c.column(n.key)
	if err != nil {
		return err
	}
	switch n.op {
	case "missing":
		if col.present != "" {
			c.add(col, "(NOT "+col.present+")")
		} else {
			c.add(col, "("+col.expr+" IS NULL)")
		}
		return nil
	case "!=":
		c.sql.WriteString("NOT ")
		n.op = "="
	}
	op := n.op
	if op == "in" {
		op = "="
	}
	for i, v := range n.values {
		word := " OR "
		if i == 0 {
			word = "("
		}
		c.sql.WriteString(word)
		if err := c.one(col, n.key, op, v); err != nil {
			return err
		}
	}
	c.sql.WriteString(")")
	return nil
}

// oddKinds are the words for values that are not finite.
var oddKinds = map[string]string{"nan": "nan", "inf": "+inf", "+inf": "+inf", "-inf": "-inf"}

// one writes the comparison with one value.
func (c *compiler) one(col column, key token, op string, v token) error {
	odd := oddKinds[strings.ToLower(v.text)]
	day, span, isTime := parseTime(v.text)
	switch {
	case op == "~", op == "=" && !v.quoted && strings.ContainsAny(v.text, "*?") && col.kind != numeric:
		return c.glob(col, key, v)
	case op == "=" && col.odd != "" && odd != "":
		c.add(col, "coalesce("+col.odd+" = '"+odd+"', 0)")
		return nil
	case op == "=" && col.kind == moment && isTime:
		c.sql.WriteString("coalesce(" + col.expr + " >= ")
		c.bind(day.UnixNano())
		c.sql.WriteString(" AND " + col.expr + " < ")
		c.bind(day.Add(span).UnixNano())
		c.sql.WriteString(", 0)")
		return nil
	case op != "=" && col.kind == set:
		return &FilterError{c.filter, v.pos, key.text + " is a set: it knows = != ~ and in"}
	}
	bound, err := c.value(col, key, v)
	if err != nil {
		return err
	}
	if col.kind == anyKind { // of the value's type: no text is greater than a number
		col = paramColumn(col.name, numeric)
		if _, isText := bound.(string); isText {
			col = paramColumn(col.name, text)
		}
	}
	if col.kind == set {
		c.sql.WriteString(col.member + " = ")
		c.bind(bound)
		c.sql.WriteString(")")
		return nil
	}
	c.add(col, "coalesce("+col.expr+" "+op+" ")
	c.bind(bound)
	c.sql.WriteString(", 0)")
	return nil
}

func (c *compiler) glob(col column, key, v token) error {
	switch col.kind {
	case set:
		c.sql.WriteString(col.member + " GLOB ")
		c.bind(v.text)
		c.sql.WriteString(")")
	case text, anyKind:
		c.add(col, "coalesce("+col.expr+" GLOB ")
		c.bind(v.text)
		c.sql.WriteString(", 0)")
	default:
		return &FilterError{c.filter, v.pos, key.text + " is no text: ~ does not apply"}
	}
	return nil
}

// value gives a literal the type of its key.
func (c *compiler) value(col column, key, v token) (any, error) {
	wrong := func(expected string) error {
		return &FilterError{c.filter, v.pos, fmt.Sprintf("%s is compared with %s, found %s", key.text, expected, v.text)}
	}
	number, notNumber := strconv.ParseFloat(v.text, 64)
	switch col.kind {
	case numeric:
		if notNumber != nil || !mmibx.Finite(number) {
			return nil, wrong("a number")
		}
		return exactly(v.text, number), nil
	case boolean:
		b, err := strconv.ParseBool(v.text)
		if err != nil {
			return nil, wrong("true or false")
		}
		return b, nil
	case moment:
		t, _, ok := parseTime(v.text)
		if !ok {
			return nil, wrong("a date such as 2026-01-31 or 2026-01-31T18:00")
		}
		return t.UnixNano(), nil
	case anyKind:
		if notNumber == nil && mmibx.Finite(number) && !v.quoted {
			return exactly(v.text, number), nil
		}
		if b, err := strconv.ParseBool(v.text); err == nil && !v.quoted {
			return b, nil
		}
	}
	return v.text, nil
}

// exactly is a whole number as such: of a great one, float64 is another.
func exactly(text string, number float64) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	return number
}

// parseTime reads a date or a time, in the local zone where it names none, and
// says how long a time it stands for: a date is a whole day.
func parseTime(s string) (t time.Time, span time.Duration, ok bool) {
	for _, f := range []struct {
		layout string
		span   time.Duration
	}{{"2006-01-02", 24 * time.Hour}, {"2006-01-02T15:04", time.Minute}, {"2006-01-02T15:04:05", time.Second}, {time.RFC3339, time.Second}} {
		if t, err := time.ParseInLocation(f.layout, s, time.Local); err == nil {
			return t, f.span, true
		}
	}
	return time.Time{}, 0, false
}
