package fhirpath

import (
	"time"

	"github.com/cockroachdb/apd/v3"
)

// arithmetic makes an operator of a function on two values: empty when a side
// is, an error when the types do not go together (N1 6.6).
func arithmetic(apply func(a, b value) (Element, outcome)) func(*run, []Element, []Element, int) ([]Element, error) {
	return func(r *run, a, b []Element, at int) ([]Element, error) {
		va, err := oneValue(a, at)
		if err != nil {
			return nil, err
		}
		vb, err := oneValue(b, at)
		if err != nil {
			return nil, err
		}
		if va.kind == kindNone || vb.kind == kindNone {
			return nil, nil
		}
		if err := r.weigh(va, vb, at); err != nil {
			return nil, err
		}
		e, outcome := apply(va, vb)
		switch outcome {
		case mismatch:
			return nil, faultf(at, "this operator does not work on these two types or units")
		case nothing:
			return nil, nil
		}
		if s, ok := e.sys.(string); ok {
			return r.text(s, at)
		}
		return r.one(e), nil
	}
}

// outcome says how an operation went.
type outcome uint8

const (
	done     outcome = iota
	nothing          // overflow or division by zero: empty
	mismatch         // the types do not go together
)

// integer is the result of an operation on Integers, empty when it is none.
func integer(i int64) (Element, outcome) {
	if !fitsInteger(i) {
		return Element{}, nothing
	}
	return Integer(i), done
}

// calculate runs an operation of apd; what it cannot do, or what leaves the
// range, is empty.
func calculate(op func(d, x, y *apd.Decimal) (apd.Condition, error), x, y *apd.Decimal) (*apd.Decimal, outcome) {
	d := new(apd.Decimal)
	if _, err := op(d, x, y); err != nil || !inRange(d) {
		return nil, nothing
	}
	return d, done
}

func decimalResult(op func(d, x, y *apd.Decimal) (apd.Condition, error), a, b value) (Element, outcome) {
	d, outcome := calculate(op, a.decimal(), b.decimal())
	if outcome != done {
		return Element{}, outcome
	}
	return Decimal(d), done
}

func add(a, b value) (Element, outcome) {
	switch {
	case a.kind == kindString && b.kind == kindString:
		return String(a.s + b.s), done
	case a.kind == kindInteger && b.kind == kindInteger:
		return integer(a.i + b.i)
	case a.kind.number() && b.kind.number():
		return decimalResult(exact.Add, a, b)
	case a.kind.temporal() && b.kind == kindQuantity:
		return shift(a.t, b.q, false)
	case a.kind == kindQuantity && b.kind == kindQuantity:
		return sum(exact.Add, a.q, b.q)
	}
	return Element{}, mismatch
}

func subtract(a, b value) (Element, outcome) {
	switch {
	case a.kind == kindInteger && b.kind == kindInteger:
		return integer(a.i - b.i)
	case a.kind.number() && b.kind.number():
		return decimalResult(exact.Sub, a, b)
	case a.kind.temporal() && b.kind == kindQuantity:
		return shift(a.t, b.q, true)
	case a.kind == kindQuantity && b.kind == kindQuantity:
		return sum(exact.Sub, a.q, b.q)
	}
	return Element{}, mismatch
}

// sum adds quantities in the unit of the first.
func sum(op func(d, x, y *apd.Decimal) (apd.Condition, error), a, b Quantity) (Element, outcome) {
	if a.Unit != b.Unit || a.calendar != b.calendar {
		var ok bool
		if b, ok = b.to(a.Unit, a.calendar); !ok {
			return Element{}, mismatch
		}
	}
	d, outcome := calculate(op, a.Number, b.Number)
	a.Number = d
	return quantityElement(a), outcome
}

func multiply(a, b value) (Element, outcome) {
	switch {
	case a.kind == kindInteger && b.kind == kindInteger:
		if !fitsInteger(a.i) || !fitsInteger(b.i) { // the product could wrap around
			return Element{}, nothing
		}
		return integer(a.i * b.i)
	case a.kind.number() && b.kind.number():
		return decimalResult(exact.Mul, a, b)
	}
	qa, okA := a.quantity()
	qb, okB := b.quantity()
	if !okA || !okB {
		return Element{}, mismatch
	}
	d, outcome := calculate(exact.Mul, qa.Number, qb.Number)
	return quantityElement(newQuantity(d, joinUnits(qa, qb, "."))), outcome
}

func divide(a, b value) (Element, outcome) {
	qa, okA := a.quantity()
	qb, okB := b.quantity()
	switch {
	case !okA || !okB:
		return Element{}, mismatch
	case qb.Number.IsZero():
		return Element{}, nothing
	}
	d, outcome := calculate(rounded.Quo, qa.Number, qb.Number)
	if outcome != done {
		return Element{}, outcome
	}
	d = reduced(d) // apd fills all digits
	if a.kind.number() && b.kind.number() {
		return Decimal(d), done
	}
	return quantityElement(newQuantity(d, joinUnits(qa, qb, "/"))), done
}

// joinUnits writes the unit of a product or quotient.
func joinUnits(a, b Quantity, symbol string) string {
	left, right := a.ucumUnit(), b.ucumUnit()
	switch {
	case right == "1":
		return left
	case left == "1" && symbol == ".":
		return right
	case left == "1":
		left = ""
	}
	if len(right) > 1 && symbol == "/" {
		for _, c := range right {
			if c == '.' || c == '/' {
				return left + "/(" + right + ")"
			}
		}
	}
	return left + symbol + right
}

func (q Quantity) ucumUnit() string {
	if q.calendar {
		return calendarUnits[q.Unit]
	}
	return q.Unit
}

// wholeQuotient is div (N1 6.6.5): truncated.
func wholeQuotient(a, b value) (Element, outcome) {
	switch {
	case !a.kind.number() || !b.kind.number():
		return Element{}, mismatch
	case b.decimal().IsZero():
		return Element{}, nothing
	case a.kind == kindInteger && b.kind == kindInteger:
		return integer(a.i / b.i)
	}
	d, outcome := calculate(exact.QuoInteger, a.decimal(), b.decimal())
	if outcome != done {
		return Element{}, outcome
	}
	i, err := d.Int64()
	if err != nil {
		return Element{}, nothing
	}
	return integer(i)
}

// remainder is mod (N1 6.6.6), with the sign of the left side.
func remainder(a, b value) (Element, outcome) {
	switch {
	case !a.kind.number() || !b.kind.number():
		return Element{}, mismatch
	case b.decimal().IsZero():
		return Element{}, nothing
	case a.kind == kindInteger && b.kind == kindInteger:
		return integer(a.i % b.i)
	}
	return decimalResult(exact.Rem, a, b)
}

// shift adds a duration to a date or time (N1 6.6.7). Months and years must be
// calendar durations, or come from a FHIR Quantity; fixed units up to the week
// may be UCUM.
func shift(t Temporal, q Quantity, back bool) (Element, outcome) {
	word := q.calendarWord()
	if word == "" {
		return Element{}, mismatch
	}
	number := q.Number
	if back {
		number = new(apd.Decimal).Neg(number)
	}
	var ok bool
	if word == "second" && scale(number) > 0 { // of seconds the decimals count, as milliseconds
		thousand := new(apd.Decimal)
		if _, err := exact.Mul(thousand, number, apd.New(1000, 0)); err != nil {
			return Element{}, nothing
		}
		number, word = thousand, "millisecond"
	}
	whole, valid := truncated(number, 0)
	if !valid {
		return Element{}, nothing
	}
	n, err := whole.Int64()
	if err != nil || n > maxShift || n < -maxShift {
		return Element{}, nothing
	}
	if t.kind == kindTime {
		t, ok = t.addClock(n, word)
	} else {
		t, ok = t.add(n, word)
	}
	if !ok {
		return Element{}, nothing
	}
	return temporalElement(t), done
}

// maxShift is more milliseconds than lie between the years 1 and 9999.
const maxShift = 400_000_000_000_000

// calendarWord is the unit as a calendar duration, "" when it is none.
func (q Quantity) calendarWord() string {
	if q.calendar {
		return q.Unit
	}
	if word := calendarUnit(q.Unit); word != "" {
		return word
	}
	for word, code := range calendarUnits {
		if code == q.Unit && (definite(word) || q.fromFHIR) {
			return word
		}
	}
	return ""
}

// spans are the fixed durations.
var spans = map[string]time.Duration{
	"week": 7 * 24 * time.Hour, "day": 24 * time.Hour, "hour": time.Hour, "minute": time.Minute, "second": time.Second, "millisecond": time.Millisecond,
}

// add shifts a date by whole units. A unit finer than the date's precision is
// first made as coarse as the date, with 30 days to a month and 365 to a year.
func (t Temporal) add(n int64, word string) (Temporal, bool) {
	switch word {
	case "year":
		return t.addMonths(n * 12)
	case "month":
		if t.prec == precYear {
			n = n / 12 * 12
		}
		return t.addMonths(n)
	}
	span := spans[word]
	seconds := n / 1000
	if word != "millisecond" {
		seconds = n * int64(span/time.Second)
	}
	switch days := seconds / 86_400; t.prec {
	case precYear:
		return t.addMonths(days / 365 * 12)
	case precMonth:
		return t.addMonths(days / 30)
	case precDay:
		return t.addSeconds(days*86_400, 0)
	case precHour:
		return t.addSeconds(seconds/3600*3600, 0)
	case precMinute:
		return t.addSeconds(seconds/60*60, 0)
	}
	if word == "millisecond" {
		return t.addSeconds(n/1000, n%1000*int64(time.Millisecond))
	}
	return t.addSeconds(seconds, 0)
}

// addMonths keeps the day, or takes the last of a shorter month.
func (t Temporal) addMonths(n int64) (Temporal, bool) {
	months := int64(t.year)*12 + int64(t.month) - 1 + n
	year, month := months/12, months%12+1
	if months < 12 || year > 9999 {
		return t, false
	}
	t.year, t.month = int16(year), uint8(month)
	t.day = min(t.day, uint8(daysIn(int(year), int(month))))
	return t, true
}

func (t Temporal) addSeconds(seconds, nanos int64) (Temporal, bool) {
	offset := t.offset
	t.offset = 0
	at := time.Unix(t.low().Unix()+seconds, int64(t.nano)+nanos).UTC()
	if at.Year() < 1 || at.Year() > 9999 {
		return t, false
	}
	if nanos != 0 {
		t.frac = max(t.frac, 3)
	}
	t.offset = offset
	t.year, t.month, t.day = int16(at.Year()), uint8(at.Month()), uint8(at.Day())
	t.hour, t.minute, t.second, t.nano = uint8(at.Hour()), uint8(at.Minute()), uint8(at.Second()), int32(at.Nanosecond())
	return t, true
}

// addClock shifts a time of day, around midnight if need be.
func (t Temporal) addClock(n int64, word string) (Temporal, bool) {
	if spans[word] == 0 || spans[word] >= 24*time.Hour {
		return t, false
	}
	date := t
	date.year, date.month, date.day = 2000, 1, 1
	day := int64(24 * time.Hour / spans[word])
	date, ok := date.add(n%day, word)
	t.hour, t.minute, t.second, t.nano, t.frac = date.hour, date.minute, date.second, date.nano, date.frac
	return t, ok
}
