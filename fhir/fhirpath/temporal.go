package fhirpath

import (
	"strconv"
	"time"
)

// Precisions of a Temporal. Milliseconds are part of the second, as FHIRPath
// compares them as one (N1 6.1, 6.2).
const (
	precYear uint8 = iota + 1
	precMonth
	precDay
	precHour
	precMinute
	precSecond
)

// Temporal is a Date, DateTime or Time of FHIRPath: as much as was written.
//
// http://hl7.org/fhirpath/N1/#datetime
type Temporal struct {
	kind   kind // kindDate, kindDateTime or kindTime
	prec   uint8
	frac   uint8 // digits after the second's point
	zoned  bool
	offset int16 // minutes east of UTC

	year                             int16
	month, day, hour, minute, second uint8
	nano                             int32
}

// parseTemporal reads the text of a FHIR date, dateTime, instant or time, or
// of a FHIRPath literal, which may also end with the hour.
func parseTemporal(s string, k kind) (Temporal, bool) {
	t := Temporal{kind: k, month: 1, day: 1}
	p := temporalParser{s: s}
	if k != kindTime {
		t.year = int16(p.number(4))
		t.prec = precYear
		if p.take('-') {
			t.month, t.prec = uint8(p.number(2)), precMonth
			if p.take('-') {
				t.day, t.prec = uint8(p.number(2)), precDay
			}
		}
		if p.s == "" || p.bad {
			return t, !p.bad && t.valid()
		}
		if k == kindDate || t.prec != precDay || !p.take('T') {
			return t, false
		}
	}
	p.clock(&t)
	if k == kindDateTime {
		p.zone(&t)
	}
	return t, !p.bad && p.s == "" && t.valid()
}

func (t *Temporal) valid() bool {
	if t.hour > 23 || t.minute > 59 || t.second > 59 || t.offset > 14*60 || t.offset < -14*60 {
		return false
	}
	if t.kind == kindTime {
		return true
	}
	return t.year >= 1 && t.month >= 1 && t.month <= 12 && t.day >= 1 && int(t.day) <= daysIn(int(t.year), int(t.month))
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

type temporalParser struct {
	s   string
	bad bool
}

func (p *temporalParser) take(c byte) bool {
	if p.s != "" && p.s[0] == c {
		p.s = p.s[1:]
		return true
	}
	return false
}

// number reads exactly n digits.
func (p *temporalParser) number(n int) int {
	if len(p.s) < n {
		p.bad = true
		return 0
	}
	v := 0
	for i := range n {
		if !isDigit(p.s[i]) {
			p.bad = true
			return 0
		}
		v = v*10 + int(p.s[i]-'0')
	}
	p.s = p.s[n:]
	return v
}

func (p *temporalParser) clock(t *Temporal) {
	t.hour, t.prec = uint8(p.number(2)), precHour
	if !p.take(':') {
		return
	}
	t.minute, t.prec = uint8(p.number(2)), precMinute
	if !p.take(':') {
		return
	}
	t.second, t.prec = uint8(p.number(2)), precSecond
	if !p.take('.') {
		return
	}
	scale := int32(100_000_000)
	n := 0
	for ; n < len(p.s) && isDigit(p.s[n]); n++ {
		t.nano += int32(p.s[n]-'0') * scale
		scale /= 10
	}
	if n == 0 || n > 30 {
		p.bad = true
	}
	t.frac = uint8(min(n, 9))
	p.s = p.s[min(n, len(p.s)):]
}

func (p *temporalParser) zone(t *Temporal) {
	if p.s == "" {
		return
	}
	t.zoned = true
	if p.take('Z') {
		return
	}
	sign := int16(1)
	if p.take('-') {
		sign = -1
	} else if !p.take('+') {
		p.bad = true
	}
	hours := p.number(2)
	if !p.take(':') {
		p.bad = true
	}
	minutes := p.number(2)
	if minutes > 59 {
		p.bad = true
	}
	t.offset = sign * int16(hours*60+minutes)
}

// String writes the value as FHIR does, as far as its precision goes.
func (t Temporal) String() string {
	b := make([]byte, 0, 32)
	if t.kind != kindTime {
		b = pad(b, int(t.year), 4)
		if t.prec >= precMonth {
			b = pad(append(b, '-'), int(t.month), 2)
		}
		if t.prec >= precDay {
			b = pad(append(b, '-'), int(t.day), 2)
		}
		if t.prec >= precHour {
			b = append(b, 'T')
		}
	}
	if t.prec >= precHour {
		b = pad(b, int(t.hour), 2)
	}
	if t.prec >= precMinute {
		b = pad(append(b, ':'), int(t.minute), 2)
	}
	if t.prec >= precSecond {
		b = pad(append(b, ':'), int(t.second), 2)
		if t.frac > 0 {
			digits := strconv.Itoa(1_000_000_000 + int(t.nano))[1:]
			b = append(append(b, '.'), digits[:t.frac]...)
		}
	}
	if t.zoned {
		b = t.appendZone(b)
	}
	return string(b)
}

func (t Temporal) appendZone(b []byte) []byte {
	offset, sign := int(t.offset), byte('+')
	if offset == 0 {
		return append(b, 'Z')
	}
	if offset < 0 {
		offset, sign = -offset, '-'
	}
	b = pad(append(b, sign), offset/60, 2)
	return pad(append(b, ':'), offset%60, 2)
}

func pad(b []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

// temporalOf takes a moment apart, to milliseconds, in its own offset.
func temporalOf(at time.Time) Temporal {
	_, seconds := at.Zone()
	nano := at.Nanosecond() / int(time.Millisecond) * int(time.Millisecond)
	return Temporal{
		kind: kindDateTime, prec: precSecond, frac: 3, zoned: true, offset: int16(seconds / 60),
		year: int16(at.Year()), month: uint8(at.Month()), day: uint8(at.Day()),
		hour: uint8(at.Hour()), minute: uint8(at.Minute()), second: uint8(at.Second()), nano: int32(nano),
	}
}

// date is the Date of a DateTime, without time and offset.
func (t Temporal) date() Temporal {
	return Temporal{kind: kindDate, prec: min(t.prec, precDay), year: t.year, month: t.month, day: t.day}
}

// clock is the Time of a DateTime.
func (t Temporal) clock() Temporal {
	return Temporal{kind: kindTime, prec: t.prec, frac: t.frac, hour: t.hour, minute: t.minute, second: t.second, nano: t.nano}
}

// low is the first moment the value can mean, its fields read as UTC less the
// offset.
func (t Temporal) low() time.Time {
	at := time.Date(int(t.year), time.Month(t.month), int(t.day), int(t.hour), int(t.minute), int(t.second), int(t.nano), time.UTC)
	if t.offset != 0 {
		at = at.Add(-time.Duration(t.offset) * time.Minute)
	}
	return at
}

// high is the first moment after all that the value can mean.
func (t Temporal) high() time.Time {
	at := t.low()
	switch t.prec {
	case precYear:
		return at.AddDate(1, 0, 0)
	case precMonth:
		return at.AddDate(0, 1, 0)
	case precDay:
		return at.AddDate(0, 0, 1)
	case precHour:
		return at.Add(time.Hour)
	case precMinute:
		return at.Add(time.Minute)
	}
	return at.Add(1) // a second is compared to its last digit
}

// An offset that is not written lies in this range.
const (
	eastmost = 14 * time.Hour
	westmost = 12 * time.Hour
)

// compare orders two values of the same sort; known is false when their
// precisions or a missing offset leave it open.
func (t Temporal) compare(o Temporal) (order int, known bool) {
	if t.zoned == o.zoned && t.offset == o.offset {
		return t.compareFields(o)
	}
	if t.zoned && o.zoned && t.prec == o.prec {
		return t.low().Compare(o.low()), true
	}
	tl, th, ol, oh := t.low(), t.high(), o.low(), o.high()
	if !t.zoned {
		tl, th = tl.Add(-eastmost), th.Add(westmost)
	}
	if !o.zoned {
		ol, oh = ol.Add(-eastmost), oh.Add(westmost)
	}
	switch {
	case !th.After(ol):
		return -1, true
	case !oh.After(tl):
		return 1, true
	}
	return 0, false
}

// compareFields goes from the year down to the coarser precision.
func (t Temporal) compareFields(o Temporal) (order int, known bool) {
	a := [...]int{int(t.year), int(t.month), int(t.day), int(t.hour), int(t.minute), int(t.second)}
	b := [...]int{int(o.year), int(o.month), int(o.day), int(o.hour), int(o.minute), int(o.second)}
	for i := range min(t.prec, o.prec) {
		if a[i] != b[i] {
			return sign(a[i] - b[i]), true
		}
	}
	if t.prec != o.prec {
		return 0, false
	}
	return sign(int(t.nano) - int(o.nano)), true
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
