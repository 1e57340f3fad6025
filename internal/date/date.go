// Package date is a calendar day without time or zone, as claims, policies and
// price lists are dated.
package date

import (
	"fmt"
	"time"
)

// Date is a day in the Gregorian calendar. The zero Date means "none".
type Date struct{ days int32 } // 1 + days since 0001-01-01, so that the zero value is no day

// None is the absence of a date.
var None Date

// New makes a date; days and months outside their range are carried over as
// time.Date does.
func New(year int, month time.Month, day int) Date {
	return Of(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// Of takes the day of t in t's own zone.
func Of(t time.Time) Date {
	y, m, d := t.Date()
	return Date{days: int32((time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()-epoch)/86400) + 1}
}

var epoch = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// Parse reads YYYY-MM-DD, or the date part of a longer FHIR dateTime as
// written.
func Parse(s string) (Date, error) {
	if len(s) > 10 && s[10] == 'T' {
		s = s[:10]
	}
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		return None, fmt.Errorf("not a date (YYYY-MM-DD)")
	}
	return Of(t), nil
}

// Must is Parse for constants and tests; it panics on a bad date.
func Must(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic("date: " + s)
	}
	return d
}

// Time returns the start of the day in UTC.
func (d Date) Time() time.Time { return time.Unix(epoch+int64(d.days-1)*86400, 0).UTC() }

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d.days == 0 }

// String gives YYYY-MM-DD, or "" for none.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Time().Format("2006-01-02")
}

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool { return d.days < e.days }

// After reports whether d is a later day than e.
func (d Date) After(e Date) bool { return d.days > e.days }

// Equal reports whether d and e are the same day.
func (d Date) Equal(e Date) bool { return d == e }

// Compare returns -1, 0 or 1.
func (d Date) Compare(e Date) int {
	switch {
	case d.days < e.days:
		return -1
	case d.days > e.days:
		return 1
	}
	return 0
}

// Within reports whether d is one of the days from..to, both included. A zero
// bound is open.
func (d Date) Within(from, to Date) bool {
	return (from.IsZero() || !d.Before(from)) && (to.IsZero() || !d.After(to))
}

// AddDays moves by n days.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	return Date{d.days + int32(n)}
}

// Sub returns the days from e to d.
func (d Date) Sub(e Date) int { return int(d.days - e.days) }

// AddMonths moves by n months and clamps to the end of the month: 31 January
// and one month is the last day of February (claim-readings R03).
func (d Date) AddMonths(n int) Date {
	if d.IsZero() {
		return d
	}
	y, m, day := d.Time().Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Of(first.AddDate(0, 0, min(day, last)-1))
}

// YearsTo returns the age in full years on day on of someone born on d. Who is
// born on 29 February becomes a year older on 1 March in common years
// (claim-readings R21).
func (d Date) YearsTo(on Date) int {
	by, bm, bd := d.Time().Date()
	y, m, day := on.Time().Date()
	age := y - by
	if m < bm || (m == bm && day < bd) {
		age--
	}
	return age
}

// Min returns the earlier of two dates; a zero date is no bound.
func Min(a, b Date) Date {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// Max returns the later of two dates.
func Max(a, b Date) Date {
	if b.After(a) {
		return b
	}
	return a
}

// MarshalText writes the date as text.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = None
		return nil
	}
	v, err := Parse(string(b))
	*d = v
	return err
}
