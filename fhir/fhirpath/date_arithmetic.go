package fhirpath

import (
	"time"

	"github.com/cockroachdb/apd/v3"
)

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
