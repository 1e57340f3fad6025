package fhirpath

import "time"

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
