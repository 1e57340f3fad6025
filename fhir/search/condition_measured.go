package search

import (
	"strings"
	"time"

	"github.com/jamii-health/jamii/fhir"
)

// prefixes of dates, numbers and quantities.
//
// https://hl7.org/fhir/R4/search.html#prefix
var prefixes = map[string]Op{
	"eq": Eq, "ne": Ne, "gt": Gt, "lt": Lt, "ge": Ge, "le": Le, "sa": Sa, "eb": Eb, "ap": Ap,
}

// prefix takes the prefix from a value; without one it is eq.
func prefix(s string) (Op, string) {
	if len(s) > 2 {
		if op, ok := prefixes[s[:2]]; ok {
			return op, s[2:]
		}
	}
	return Eq, s
}

// dateAsked reads a date of a query as [lo, hi), widened for ap by a tenth of
// its distance from now.
//
// https://hl7.org/fhir/R4/search.html#date
func (p *parser) dateAsked(s string) (op Op, lo, hi time.Time, err error) {
	op, s = prefix(s)
	s = strings.ReplaceAll(s, " ", "+") // a + that was not percent-encoded
	d, ok := fhir.ParseDateTime(s, p.c.Zone)
	if !ok {
		d, ok = p.zoneless(s)
	}
	if !ok {
		return op, lo, hi, p.bad("must be a date or time such as 2025, 2025-03, 2025-03-01 or 2025-03-01T10:30:00Z, with a prefix if you like")
	}
	lo, hi = d.Low(), d.High()
	if op == Ap && !p.o.Now.IsZero() {
		tenth := p.o.Now.Sub(lo).Abs() / 10
		lo, hi = lo.Add(-tenth), hi.Add(tenth)
	}
	return op, lo, hi, nil
}

// zoneless reads a time without an offset, which queries may have: it is in
// the server's own zone.
func (p *parser) zoneless(s string) (fhir.DateTime, bool) {
	d, ok := fhir.ParseDateTime(s+"Z", nil)
	if !ok || p.c.Zone == nil {
		return d, ok
	}
	t := d.Time
	d.Time = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), p.c.Zone)
	return d, true
}

func (p *parser) date(code, s string) (Expr, error) {
	op, lo, hi, err := p.dateAsked(s)
	if err != nil {
		return nil, err
	}
	return Between{Param: code, Kind: Date, Op: op, Lo: lo.UnixMicro(), Hi: hi.Add(-time.Nanosecond).UnixMicro()}, nil
}

func (p *parser) updated(s string) (Expr, error) {
	op, lo, hi, err := p.dateAsked(s)
	if err != nil {
		return nil, err
	}
	// Stores keep microseconds.
	return Updated{Op: op, Lo: lo.UTC().Truncate(time.Microsecond), Hi: hi.UTC().Add(time.Microsecond - 1).Truncate(time.Microsecond)}, nil
}

func (p *parser) number(code, s string) (Expr, error) {
	op, text := prefix(s)
	a, ok := numberAsked(text, op)
	if !ok {
		return nil, p.bad("must be a number, with a prefix if you like")
	}
	x := Between{Param: code, Kind: Number, Op: op, Decimal: text}
	x.Lo, x.Hi = bounds(op, a)
	return x, nil
}

// quantity reads number, number|system|code and number||code.
//
// https://hl7.org/fhir/R4/search.html#quantity
func (p *parser) quantity(code, s string) (Expr, error) {
	parts := split(s, '|')
	x, err := p.number(code, parts[0])
	if err != nil {
		return nil, err
	}
	b := x.(Between)
	b.Kind = Quantity
	switch {
	case len(parts) == 1:
		return b, nil
	case len(parts) != 3 || parts[2] == "":
		return nil, p.bad("must have the form number, number|system|code or number||code")
	}
	b.System, b.Code = unescape(parts[1]), unescape(parts[2])
	return b, nil
}
