package fhirpath

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// convert makes a toX() of a conversion, converts() its convertsToX()
// (N1 5.5): empty stays empty, several items are an error.
func convert(to func(value) (Element, bool)) func(*run, []Element, *call) ([]Element, error) {
	return func(r *run, in []Element, c *call) ([]Element, error) {
		v, err := convertible(in, c)
		if err != nil || len(in) == 0 {
			return nil, err
		}
		e, ok := to(v)
		if !ok {
			return nil, nil
		}
		return r.one(e), nil
	}
}

func converts(to func(value) (Element, bool)) func(*run, []Element, *call) ([]Element, error) {
	return func(r *run, in []Element, c *call) ([]Element, error) {
		v, err := convertible(in, c)
		if err != nil || len(in) == 0 {
			return nil, err
		}
		_, ok := to(v)
		return r.boolean(ok), nil
	}
}

func convertible(in []Element, c *call) (value, error) {
	switch len(in) {
	case 0:
		return value{}, nil
	case 1:
		return in[0].value(), nil
	}
	return value{}, severalItems(c.at(), c.name+"()")
}

var booleans = map[string]bool{
	"true": true, "t": true, "yes": true, "y": true, "1": true, "1.0": true,
	"false": false, "f": false, "no": false, "n": false, "0": false, "0.0": false,
}

func toBoolean(v value) (Element, bool) {
	switch v.kind {
	case kindBoolean:
		return Boolean(v.b), true
	case kindString:
		b, ok := booleans[strings.ToLower(v.s)]
		return Boolean(b), ok
	case kindInteger, kindDecimal:
		d := v.decimal()
		if d.IsZero() {
			return Boolean(false), true
		}
		return Boolean(true), d.Cmp(apd.New(1, 0)) == 0
	}
	return Element{}, false
}

func toInteger(v value) (Element, bool) {
	switch v.kind {
	case kindInteger:
		return Integer(v.i), true
	case kindBoolean:
		if v.b {
			return Integer(1), true
		}
		return Integer(0), true
	case kindString:
		i, err := strconv.ParseInt(v.s, 10, 32)
		return Integer(i), err == nil
	}
	return Element{}, false
}

var decimalFormat = regexp.MustCompile(`^[+-]?\d+(\.\d+)?$`)

func toDecimal(v value) (Element, bool) {
	switch v.kind {
	case kindInteger, kindDecimal:
		return Decimal(v.decimal()), true
	case kindBoolean:
		if v.b {
			return Decimal(apd.New(10, -1)), true
		}
		return Decimal(apd.New(0, -1)), true
	case kindString:
		if !decimalFormat.MatchString(v.s) {
			return Element{}, false
		}
		d, ok := parseDecimal(v.s)
		return Decimal(d), ok
	}
	return Element{}, false
}

func toString(v value) (Element, bool) { return String(v.text()), v.kind != kindNone }

func toDate(v value) (Element, bool) {
	switch v.kind {
	case kindDate:
		return temporalElement(v.t), true
	case kindDateTime:
		return temporalElement(v.t.date()), true
	case kindString:
		if t, ok := parseTemporal(v.s, kindDate); ok {
			return temporalElement(t), true
		}
		t, ok := parseTemporal(v.s, kindDateTime)
		return temporalElement(t.date()), ok
	}
	return Element{}, false
}

func toDateTime(v value) (Element, bool) {
	switch v.kind {
	case kindDate, kindDateTime:
		v.t.kind = kindDateTime
		return temporalElement(v.t), true
	case kindString:
		t, ok := parseTemporal(v.s, kindDateTime)
		return temporalElement(t), ok
	}
	return Element{}, false
}

func toTime(v value) (Element, bool) {
	switch v.kind {
	case kindTime:
		return temporalElement(v.t), true
	case kindDateTime:
		return temporalElement(v.t.clock()), v.t.prec >= precHour
	case kindString:
		t, ok := parseTemporal(strings.TrimPrefix(v.s, "T"), kindTime)
		return temporalElement(t), ok
	}
	return Element{}, false
}

// quantityFormat is that of N1 5.5.7: 1, 1.5 'mg', 4 days.
var quantityFormat = regexp.MustCompile(`^([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|([a-zA-Z]+))?$`)

func toQuantity(v value) (Quantity, bool) {
	switch v.kind {
	case kindQuantity, kindInteger, kindDecimal:
		return v.quantity()
	case kindBoolean:
		e, _ := toDecimal(v)
		return e.value().quantity()
	case kindString:
		m := quantityFormat.FindStringSubmatch(v.s)
		if m == nil {
			return Quantity{}, false
		}
		d, ok := parseDecimal(m[1])
		if m[3] == "" {
			return newQuantity(d, m[2]), ok
		}
		word := calendarUnit(m[3])
		return Quantity{Number: d, Unit: word, calendar: true}, ok && word != ""
	}
	return Quantity{}, false
}

// asQuantity is toQuantity(), converted to the unit of the argument if there
// is one.
func (r *run) asQuantity(in []Element, c *call) (Quantity, bool, error) {
	v, err := convertible(in, c)
	if err != nil {
		return Quantity{}, false, err
	}
	q, ok := toQuantity(v)
	if !ok || len(c.args) == 0 {
		return q, ok, nil
	}
	items, err := r.arg(c.args[0])
	if err != nil {
		return q, false, err
	}
	unit, given, err := oneString(items, c.args[0].at())
	if err != nil || !given {
		return q, ok && err == nil, err
	}
	if word := calendarUnit(unit); word != "" {
		q, ok = q.to(word, true)
		return q, ok, nil
	}
	q, ok = q.to(unit, false)
	return q, ok, nil
}

func fnToQuantity(r *run, in []Element, c *call) ([]Element, error) {
	q, ok, err := r.asQuantity(in, c)
	if err != nil || !ok {
		return nil, err
	}
	return r.one(quantityElement(q)), nil
}

func fnConvertsToQuantity(r *run, in []Element, c *call) ([]Element, error) {
	if len(in) == 0 {
		return nil, nil
	}
	_, ok, err := r.asQuantity(in, c)
	return r.boolean(ok), err
}

// fnIif evaluates one of its branches only. An input of one item is $this in
// them (N1 5.5.1).
func fnIif(r *run, in []Element, c *call) ([]Element, error) {
	if len(in) > 1 {
		return nil, severalItems(c.at(), "iif()")
	}
	on := func(e expr) ([]Element, error) { return r.on(e, in, r.scope.index) }
	criterion, err := on(c.args[0])
	if err != nil {
		return nil, err
	}
	t, err := singleBoolean(criterion, c.args[0].at())
	switch {
	case err != nil:
		return nil, err
	case t == yes:
		return on(c.args[1])
	case len(c.args) == 3:
		return on(c.args[2])
	}
	return nil, nil
}
