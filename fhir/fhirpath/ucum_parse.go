package fhirpath

import (
	"math/big"
	"sort"
	"strconv"
	"strings"
)

// Limits of a unit expression, so that no text can make a huge number.
const (
	maxUnitLength   = 100
	maxUnitExponent = 12
)

func parseUnit(text string) unit {
	if len(text) > maxUnitLength {
		return unit{}
	}
	if s, ok := scales[text]; ok {
		return unit{num: ratio(s.num), add: ratio(s.add), dim: "K1"}
	}
	p := unitParser{s: text}
	m, ok := p.term(0)
	if !ok || p.s != "" {
		return unit{}
	}
	return unit{num: m.num, dim: m.dimension()}
}

// measure is a unit while it is put together.
type measure struct {
	num *big.Rat
	dim map[string]int
}

func (m measure) dimension() string {
	names := make([]string, 0, len(m.dim))
	for name, e := range m.dim {
		if e != 0 {
			names = append(names, name+strconv.Itoa(e))
		}
	}
	sort.Strings(names)
	return strings.Join(names, "")
}

// times multiplies by o to the power of e.
func (m measure) times(o measure, e int) (measure, bool) {
	if e > maxUnitExponent || e < -maxUnitExponent {
		return m, false
	}
	out := measure{num: new(big.Rat).Set(m.num), dim: map[string]int{}}
	for name, n := range m.dim {
		out.dim[name] += n
	}
	for name, n := range o.dim {
		out.dim[name] += n * e
	}
	for range max(e, -e) {
		if e > 0 {
			out.num.Mul(out.num, o.num)
		} else {
			out.num.Quo(out.num, o.num)
		}
		if out.num.Num().BitLen() > 4000 || out.num.Denom().BitLen() > 4000 {
			return m, false
		}
	}
	return out, true
}

type unitParser struct{ s string }

func (p *unitParser) take(c byte) bool {
	if p.s != "" && p.s[0] == c {
		p.s = p.s[1:]
		return true
	}
	return false
}

// term reads components joined by . and /.
func (p *unitParser) term(depth int) (measure, bool) {
	m := measure{num: big.NewRat(1, 1)}
	if depth > 5 || p.s == "" {
		return m, false
	}
	power := 1
	if p.take('/') {
		power = -1
	}
	for {
		c, e, ok := p.component(depth)
		if !ok {
			return m, false
		}
		if m, ok = m.times(c, e*power); !ok {
			return m, false
		}
		switch {
		case p.take('.'):
			power = 1
		case p.take('/'):
			power = -1
		default:
			return m, true
		}
	}
}

// component reads (term), a number, or an atom with its exponent; an
// annotation in braces means nothing.
func (p *unitParser) component(depth int) (measure, int, bool) {
	pure := measure{num: big.NewRat(1, 1)}
	if p.annotation() {
		return pure, 1, true
	}
	if p.take('(') {
		m, ok := p.term(depth + 1)
		if !ok || !p.take(')') {
			return m, 0, false
		}
		e, ok := p.exponent()
		return m, e, ok
	}
	if isPower := strings.HasPrefix(p.s, "10*") || strings.HasPrefix(p.s, "10^"); isPower {
		p.s = p.s[3:]
		e, ok := p.exponent()
		p.annotation()
		return measure{num: big.NewRat(10, 1)}, e, ok
	}
	if n := leadingDigits(p.s); n > 0 && n < 19 {
		i, err := strconv.ParseInt(p.s[:n], 10, 64)
		p.s = p.s[n:]
		p.annotation()
		return measure{num: new(big.Rat).SetInt64(i)}, 1, err == nil && i > 0
	}
	m, ok := p.atom()
	if !ok {
		return m, 0, false
	}
	e, ok := p.exponent()
	p.annotation()
	return m, e, ok
}

func (p *unitParser) annotation() bool {
	if !strings.HasPrefix(p.s, "{") {
		return false
	}
	end := strings.IndexByte(p.s, '}')
	if end < 0 {
		return false
	}
	p.s = p.s[end+1:]
	return true
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func (p *unitParser) exponent() (int, bool) {
	s, negative := p.s, false
	if s != "" && (s[0] == '+' || s[0] == '-') {
		negative = s[0] == '-'
		s = s[1:]
	}
	n := leadingDigits(s)
	if n == 0 {
		return 1, s == p.s // a sign without digits is no exponent
	}
	e, err := strconv.Atoi(s[:n])
	p.s = s[n:]
	if negative {
		e = -e
	}
	return e, err == nil
}

// atom reads a unit of the table, with a prefix if it is metric.
func (p *unitParser) atom() (measure, bool) {
	end := 0
	for end < len(p.s) && !strings.ContainsRune("./(){}+-", rune(p.s[end])) {
		if p.s[end] == '[' { // a bracket may hold digits and dots
			if i := strings.IndexByte(p.s[end:], ']'); i >= 0 {
				end += i
			}
		} else if isDigit(p.s[end]) {
			break
		}
		end++
	}
	text := p.s[:end]
	p.s = p.s[end:]
	if m, ok := lookupAtom(text); ok {
		return m, true
	}
	for _, n := range []int{1, 2} { // prefixes have one letter, but da, Ki, Mi, Gi, Ti
		if len(text) <= n {
			break
		}
		factor, known := prefixes[text[:n]]
		if a, ok := atoms[text[n:]]; known && ok && a.metric {
			m, ok := lookupAtom(text[n:])
			if !ok {
				return m, false
			}
			m.num = new(big.Rat).Mul(m.num, ratio(factor))
			return m, true
		}
	}
	return measure{}, false
}

func lookupAtom(text string) (measure, bool) {
	a, ok := atoms[text]
	if !ok {
		return measure{}, false
	}
	if a.unit == "" { // a base unit
		return measure{num: big.NewRat(1, 1), dim: map[string]int{text: 1}}, true
	}
	p := unitParser{s: a.unit}
	m, ok := p.term(0)
	if !ok {
		return m, false
	}
	m.num = new(big.Rat).Mul(m.num, ratio(a.factor))
	return m, true
}
