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
