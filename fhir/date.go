package fhir

import (
	"time"
)

// Precision says how much of a date or time was written.
type Precision uint8

// The precisions of date, dateTime and instant.
const (
	PrecisionYear Precision = iota + 1
	PrecisionMonth
	PrecisionDay
	PrecisionMinute
	PrecisionSecond
	PrecisionFraction
)

// DateTime is a date, dateTime or instant with the precision it was written
// with. It stands for the interval [Low, High).
//
// https://hl7.org/fhir/R4/datatypes.html#dateTime
type DateTime struct {
	Time      time.Time // the first moment of the interval, in the offset as written
	Precision Precision
	Fraction  int  // number of digits after the second's point
	Zoned     bool // an offset or Z was written
}

// ParseDateTime reads a FHIR date, dateTime or instant. Where no offset is
// written the interval is taken in zone (UTC when nil).
func ParseDateTime(s string, zone *time.Location) (DateTime, bool) {
	if zone == nil {
		zone = time.UTC
	}
	switch len(s) {
	case 4:
		return parseAs("2006", s, zone, PrecisionYear)
	case 7:
		return parseAs("2006-01", s, zone, PrecisionMonth)
	case 10:
		return parseAs("2006-01-02", s, zone, PrecisionDay)
	}
	if len(s) < 17 || s[10] != 'T' {
		return DateTime{}, false
	}
	prec, rest := PrecisionMinute, s[16:]
	layout := "2006-01-02T15:04"
	frac := 0
	if rest != "" && rest[0] == ':' {
		prec, layout = PrecisionSecond, "2006-01-02T15:04:05"
		if len(s) < 20 {
			return DateTime{}, false
		}
		rest = s[19:]
		if rest[0] == '.' {
			for frac+1 < len(rest) && rest[frac+1] >= '0' && rest[frac+1] <= '9' {
				frac++
			}
			if frac == 0 || frac > 18 {
				return DateTime{}, false
			}
			prec, rest = PrecisionFraction, rest[frac+1:]
		}
	}
	if rest == "" || !validOffset(rest) {
		return DateTime{}, false
	}
	t, err := time.Parse(layout+"Z07:00", s) // time.Parse takes any fraction after the seconds
	if err != nil {
		return DateTime{}, false
	}
	return DateTime{Time: t, Precision: prec, Fraction: frac, Zoned: true}, true
}

func validOffset(s string) bool {
	if s == "Z" {
		return true
	}
	return len(s) == 6 && (s[0] == '+' || s[0] == '-') && s[3] == ':' && s[1:3] <= "14" && s[4:6] < "60"
}

func parseAs(layout, s string, zone *time.Location, p Precision) (DateTime, bool) {
	t, err := time.ParseInLocation(layout, s, zone)
	if err != nil || t.Year() == 0 {
		return DateTime{}, false
	}
	return DateTime{Time: t, Precision: p}, true
}

// Low is the first moment of the interval.
func (d DateTime) Low() time.Time { return d.Time }

// High is the first moment after the interval.
func (d DateTime) High() time.Time {
	switch d.Precision {
	case PrecisionYear:
		return d.Time.AddDate(1, 0, 0)
	case PrecisionMonth:
		return d.Time.AddDate(0, 1, 0)
	case PrecisionDay:
		return d.Time.AddDate(0, 0, 1)
	case PrecisionMinute:
		return d.Time.Add(time.Minute)
	case PrecisionSecond:
		return d.Time.Add(time.Second)
	}
	step := time.Second
	for range d.Fraction {
		step /= 10
	}
	return d.Time.Add(max(step, time.Nanosecond))
}

// Instant writes a moment as meta.lastUpdated is written: UTC, microseconds.
func Instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
