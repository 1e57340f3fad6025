package fhirpath

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
