package search

import (
	"math"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/jamii-health/jamii/fhir"
)

// date adds the values of an element under a date parameter. Period and Timing
// stand for the time between their outer limits.
//
// https://hl7.org/fhir/R4/search.html#date
func (x *indexer) date(e element) {
	switch e.typ {
	case "date", "dateTime", "instant":
		if lo, hi, ok := x.c.interval(e.node.String()); ok {
			x.add(Value{Lo: lo, Hi: hi})
		}
	case "Period":
		x.outer(e.node, nil)
	case "Timing":
		x.outer(e.node.Path("repeat", "boundsPeriod"), each(e.node.Get("event")))
	}
}

// outer adds the time from the first to the last moment of a period and of
// single events.
func (x *indexer) outer(period *fhir.Node, events []fhir.Node) {
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range events {
		if l, h, ok := x.c.interval(events[i].String()); ok {
			lo, hi = min(lo, l), max(hi, h)
		}
	}
	start, _, started := x.c.interval(period.Get("start").String())
	_, end, ended := x.c.interval(period.Get("end").String())
	if started || ended {
		if !started {
			start = math.MinInt64
		}
		if !ended {
			end = math.MaxInt64
		}
		lo, hi = min(lo, start), max(hi, end)
	}
	if lo <= hi {
		x.add(Value{Lo: lo, Hi: hi})
	}
}

// interval reads a date as the closed interval of its microseconds.
func (c *Catalogue) interval(text string) (lo, hi int64, ok bool) {
	if text == "" {
		return 0, 0, false
	}
	d, ok := fhir.ParseDateTime(text, c.Zone)
	if !ok {
		return 0, 0, false
	}
	return d.Low().UnixMicro(), d.High().Add(-time.Nanosecond).UnixMicro(), true
}

// number adds a number. It is a point, whatever its precision.
func (x *indexer) number(e element) {
	if e.node.Is(fhir.KindNumber) {
		x.point("", "", "", e.node.Text)
	}
}

func (x *indexer) point(system, code, unit, number string) {
	if decimalForm(number) {
		x.add(Value{System: system, Code: code, Text: unit, Lo: Ordered(number, -1), Hi: Ordered(number, 1), Decimal: number})
	}
}

// quantity adds the values of an element under a quantity parameter.
//
// https://hl7.org/fhir/R4/search.html#quantity
func (x *indexer) quantity(e element) {
	n := e.node
	switch e.typ {
	case "Money":
		x.point("urn:iso:std:iso:4217", n.Get("currency").String(), n.Get("currency").String(), numberText(n.Get("value")))
	case "Range":
		unit := n.Get("low")
		if unit == nil {
			unit = n.Get("high")
		}
		x.span(unit, numberText(n.Path("low", "value")), numberText(n.Path("high", "value")))
	case "SampledData":
		low, high := samples(n)
		x.span(n.Get("origin"), low, high)
	case "decimal", "integer", "positiveInt", "unsignedInt":
		x.number(e)
	default: // Quantity and what specialises it: Age, Duration, SimpleQuantity ...
		value := numberText(n.Get("value"))
		if value == "" {
			return
		}
		switch n.Get("comparator").String() {
		case "<", "<=":
			x.span(n, "", value)
		case ">", ">=":
			x.span(n, value, "")
		default:
			system, code, unit := unitOf(n)
			x.point(system, code, unit, value)
		}
	}
}

// span adds an interval of numbers; "" is an open end.
func (x *indexer) span(unit *fhir.Node, low, high string) {
	v := Value{Lo: math.MinInt64, Hi: math.MaxInt64, Decimal: low + between + high}
	if low == "" && high == "" || low != "" && !decimalForm(low) || high != "" && !decimalForm(high) {
		return
	}
	if low != "" {
		v.Lo = Ordered(low, -1)
	}
	if high != "" {
		v.Hi = Ordered(high, 1)
	}
	v.System, v.Code, v.Text = unitOf(unit)
	x.add(v)
}

func unitOf(n *fhir.Node) (system, code, unit string) {
	system, code, unit = n.Get("system").String(), n.Get("code").String(), n.Get("unit").String()
	if code == "" {
		code = unit
	}
	return system, code, unit
}

func numberText(n *fhir.Node) string {
	if !n.Is(fhir.KindNumber) {
		return ""
	}
	return n.Text
}

// samples is the range of SampledData: origin + sample x factor.
//
// https://hl7.org/fhir/R4/datatypes.html#sampleddata
func samples(n *fhir.Node) (low, high string) {
	var lo, hi *apd.Decimal
	widen := func(text string) {
		d, ok := decimal(text)
		if !ok {
			return // E: not measured
		}
		if lo == nil || d.Cmp(lo) < 0 {
			lo = d
		}
		if hi == nil || d.Cmp(hi) > 0 {
			hi = d
		}
	}
	for _, text := range strings.Fields(n.Get("data").String()) {
		switch text {
		case "L":
			text = numberText(n.Get("lowerLimit"))
		case "U":
			text = numberText(n.Get("upperLimit"))
		}
		widen(text)
	}
	if lo == nil {
		return "", ""
	}
	origin, ok := decimal(numberText(n.Path("origin", "value")))
	if !ok {
		origin = new(apd.Decimal)
	}
	factor, ok := decimal(numberText(n.Get("factor")))
	if !ok {
		factor = apd.New(1, 0)
	}
	scaled := func(d *apd.Decimal) string {
		var out apd.Decimal
		if _, err := exactly.Mul(&out, d, factor); err != nil {
			return ""
		}
		if _, err := exactly.Add(&out, &out, origin); err != nil {
			return ""
		}
		return out.Text('f')
	}
	if factor.Negative {
		lo, hi = hi, lo
	}
	return scaled(lo), scaled(hi)
}
