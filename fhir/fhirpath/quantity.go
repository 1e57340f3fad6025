package fhirpath

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/jamii-health/jamii/fhir"
)

// Quantity is a System.Quantity: a number with a UCUM unit, or with a calendar
// duration such as "month".
//
// http://hl7.org/fhirpath/N1/#quantity
type Quantity struct {
	Number   *apd.Decimal
	Unit     string // UCUM code, "1" for none; or the calendar word in the singular
	calendar bool
	fromFHIR bool // its a and mo mean calendar years and months
}

// calendarUnits are the keywords of N1 2.1.9.1, and the UCUM codes that mean
// the same where they do.
var calendarUnits = map[string]string{
	"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms",
}

// calendarUnit gives the singular of a calendar word, "" when it is none.
func calendarUnit(word string) string {
	word = strings.TrimSuffix(word, "s")
	if calendarUnits[word] == "" {
		return ""
	}
	return word
}

// definite reports whether a calendar word means a fixed length, so that it
// equals its UCUM unit.
func definite(word string) bool { return word != "year" && word != "month" }

func newQuantity(d *apd.Decimal, unit string) Quantity {
	if unit == "" {
		unit = "1"
	}
	return Quantity{Number: d, Unit: unit}
}

// quantityOf reads a FHIR Quantity. One with a comparator stands for no single
// value. The UCUM code wins over the human unit.
//
// https://hl7.org/fhir/R4/fhirpath.html#quantity
func quantityOf(n *fhir.Node) (Quantity, bool) {
	number, unit := n.Get("value"), n.Get("unit").String()
	if !number.Is(fhir.KindNumber) || n.Get("comparator") != nil {
		return Quantity{}, false
	}
	d, ok := parseDecimal(number.Text)
	if !ok {
		return Quantity{}, false
	}
	if code := n.Get("code").String(); code != "" {
		unit = code
	}
	q := newQuantity(d, unit)
	q.fromFHIR = true
	return q, true
}

// quantity is the value as a Quantity; numbers have the unit 1.
func (v value) quantity() (Quantity, bool) {
	switch v.kind {
	case kindQuantity:
		return v.q, true
	case kindInteger, kindDecimal:
		return Quantity{Number: v.decimal(), Unit: "1"}, true
	}
	return Quantity{}, false
}

// String writes the quantity as toString() does: 4 days, 1.5 'mg'.
func (q Quantity) String() string {
	number := decimalText(q.Number)
	switch {
	case !q.calendar:
		return number + " '" + q.Unit + "'"
	case number == "1":
		return number + " " + q.Unit
	}
	return number + " " + q.Unit + "s"
}

// monthDimension is that of calendar months and years, which are no fixed time.
const monthDimension = "calendar month"

// unit gives the meaning of the quantity's unit; ok is false when we do not
// know it. Calendar months and years have dimensions of their own: they are no
// fixed time.
func (q Quantity) unit() (unit, bool) {
	if !q.calendar {
		return ucum(q.Unit)
	}
	if definite(q.Unit) {
		return ucum(calendarUnits[q.Unit])
	}
	u := one()
	if q.Unit == "year" {
		u.num.SetInt64(12)
	}
	u.dim = monthDimension
	return u, true
}

// compare orders two quantities; known is false when their units cannot be
// converted into each other.
func (q Quantity) compare(o Quantity) (order int, known bool) {
	if q.Unit == o.Unit && q.calendar == o.calendar {
		return q.Number.Cmp(o.Number), true
	}
	a, okA := q.canonical()
	b, okB := o.canonical()
	if !okA || !okB || a.dim != b.dim {
		return 0, false
	}
	return a.num.Cmp(b.num), true
}

// duration reports whether the quantity is a time, fixed or not.
func (q Quantity) duration() bool {
	u, ok := q.unit()
	return ok && (u.dim == "s1" || u.dim == monthDimension)
}

// comparable reports whether the two have units of the same dimension.
func (q Quantity) comparable(o Quantity) bool {
	_, known := q.compare(o)
	return known
}

// equivalent is ~: both in the larger unit, at the precision of the less
// precise (N1 6.1.2).
func (q Quantity) equivalent(o Quantity) bool {
	if q.Unit == o.Unit && q.calendar == o.calendar {
		return equivalentDecimals(q.Number, o.Number)
	}
	a, okA := q.unit()
	b, okB := o.unit()
	if !okA || !okB || a.dim != b.dim {
		return false
	}
	if a.num.Cmp(b.num) < 0 {
		q, o = o, q
	}
	converted, ok := o.to(q.Unit, q.calendar)
	return ok && equivalentDecimals(q.Number, converted.Number)
}
