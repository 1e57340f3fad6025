package fhirpath

import "github.com/cockroachdb/apd/v3"

// truth is an answer of three-valued logic; the zero is the empty collection.
type truth uint8

const (
	unknown truth = iota
	no
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// singleBoolean reads a collection where a boolean is needed: a single item
// that is none counts as true (N1 4.5).
func singleBoolean(items []Element, at int) (truth, error) {
	switch len(items) {
	case 0:
		return unknown, nil
	case 1:
		if b, ok := items[0].sys.(bool); ok {
			return truthOf(b), nil
		}
		v := items[0].value()
		if v.kind == kindBoolean {
			return truthOf(v.b), nil
		}
		if k := items[0].typ.kind(); k == kindBoolean && !items[0].hasValue() {
			return unknown, nil // a boolean that has only extensions
		}
		return yes, nil
	}
	return unknown, severalItems(at, "a condition")
}

// oneString reads a collection where a string is needed; ok is false when
// there is none.
func oneString(items []Element, at int) (s string, ok bool, err error) {
	switch len(items) {
	case 0:
		return "", false, nil
	case 1:
		if s, ok := items[0].str(); ok {
			return s, true, nil
		}
		v := items[0].value()
		switch {
		case v.kind == kindString:
			return v.s, true, nil
		case v.kind == kindNone && !items[0].typ.complex() && !items[0].hasValue():
			return "", false, nil
		}
		return "", false, faultf(at, "a string is needed here")
	}
	return "", false, severalItems(at, "this function")
}

// oneInteger reads a collection where an integer is needed.
func oneInteger(items []Element, at int) (i int64, ok bool, err error) {
	switch len(items) {
	case 0:
		return 0, false, nil
	case 1:
		v := items[0].value()
		switch {
		case v.kind == kindInteger:
			return v.i, true, nil
		case v.kind == kindNone && !items[0].typ.complex():
			return 0, false, nil
		}
		return 0, false, faultf(at, "an integer is needed here")
	}
	return 0, false, severalItems(at, "this")
}

// oneDecimal reads a collection where a number is needed.
func oneDecimal(items []Element, at int) (d *apd.Decimal, ok bool, err error) {
	v, err := oneValue(items, at)
	switch {
	case err != nil || v.kind == kindNone:
		return nil, false, err
	case v.kind.number():
		return v.decimal(), true, nil
	}
	return nil, false, faultf(at, "a number is needed here")
}

// oneValue reads a collection where a single primitive or quantity is needed;
// the kind is kindNone when there is none.
func oneValue(items []Element, at int) (value, error) {
	switch len(items) {
	case 0:
		return value{}, nil
	case 1:
		v := items[0].value()
		if v.kind == kindNone && (items[0].typ.complex() && items[0].typ.kind() != kindQuantity) {
			return v, faultf(at, "a primitive value is needed here, not a %s", items[0].typ.name)
		}
		return v, nil
	}
	return value{}, severalItems(at, "this")
}
