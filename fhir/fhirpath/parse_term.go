package fhirpath

import (
	"strconv"
	"strings"
)

func (p *parser) term() (expr, error) {
	t := p.tok
	switch {
	case t.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		e, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		return e, p.expect(")")
	case t.is("{"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		return &literal{offset: offset(t.off)}, p.expect("}")
	case t.kind == tokString:
		return p.constant(String(t.text))
	case t.kind == tokTemporal:
		return p.constant(temporalElement(t.time))
	case t.kind == tokNumber:
		return p.number()
	case t.kind == tokVariable:
		return &variable{offset(t.off), t.text}, p.advance()
	case t.kind == tokIdent && (t.text == "true" || t.text == "false"):
		return p.constant(Boolean(t.text == "true"))
	}
	return p.invocation(true)
}

func (p *parser) constant(e Element) (expr, error) {
	return &literal{offset(p.tok.off), []Element{e}}, p.advance()
}

// number reads a number, or a quantity when a unit follows.
func (p *parser) number() (expr, error) {
	t := p.tok
	d, ok := parseDecimal(t.text)
	if !ok {
		return nil, faultf(t.off, "the number has more than %d digits", maxDigits)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	lit := &literal{offset: offset(t.off)}
	switch {
	case p.tok.kind == tokString:
		lit.items = []Element{quantityElement(newQuantity(d, p.tok.text))}
		return lit, p.advance()
	case p.tok.kind == tokIdent && calendarUnit(p.tok.text) != "":
		lit.items = []Element{quantityElement(Quantity{Number: d, Unit: calendarUnit(p.tok.text), calendar: true})}
		return lit, p.advance()
	case strings.Contains(t.text, "."):
		lit.items = []Element{Decimal(d)}
		return lit, nil
	}
	i, err := strconv.ParseInt(t.text, 10, 64)
	if err != nil || i > 1<<31 { // 2^31 itself is needed to write the least Integer
		return nil, faultf(t.off, "the integer is larger than 2147483647; write it with a decimal point")
	}
	lit.items = []Element{Integer(i)}
	return lit, nil
}

// invocation reads a name, a function, $this, $index or $total.
func (p *parser) invocation(first bool) (expr, error) {
	t := p.tok
	if t.kind == tokDollar {
		switch off := offset(t.off); t.text {
		case "this":
			return &this{off}, p.advance()
		case "index":
			return &index{off}, p.advance()
		default:
			return &total{off}, p.advance()
		}
	}
	name, err := p.identifier()
	if err != nil {
		return nil, err
	}
	if !p.tok.is("(") {
		return &member{offset: offset(t.off), name: name, first: first}, nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	return bind(t.off, name, args)
}

func (p *parser) arguments() ([]expr, error) {
	var args []expr
	if p.tok.is(")") {
		return nil, p.advance()
	}
	for {
		a, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		args = append(args, a)
		if !p.tok.is(",") {
			return args, p.expect(")")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

// bind finds the function and prepares what is known of its arguments.
func bind(off int, name string, args []expr) (expr, error) {
	fn := functions[name]
	switch {
	case fn == nil:
		return nil, faultf(off, "there is no function %s()", name)
	case len(args) < fn.min || len(args) > fn.max:
		return nil, faultf(off, "%s() takes %s, not %d", name, countWords(fn.min, fn.max), len(args))
	}
	c := &call{offset: offset(off), fn: fn, name: name, args: args}
	switch {
	case fn.typed:
		spec, ok := specOf(args[0])
		if !ok {
			return nil, faultf(args[0].at(), "%s() takes the name of a type", name)
		}
		c.typ = spec
	case fn.pattern:
		if lit, ok := args[0].(*literal); ok && len(lit.items) == 1 {
			text, _ := lit.items[0].str()
			re, err := compilePattern(text, name == "matchesFull")
			if err != nil {
				return nil, faultf(args[0].at(), "%s", err)
			}
			c.re = re
		}
	case name == "sort":
		for i, a := range args {
			pol, ok := a.(*polarity)
			down := ok && pol.negative
			c.desc = append(c.desc, down)
			if down {
				args[i] = pol.operand
			}
		}
	}
	return c, nil
}

func countWords(least, most int) string {
	switch {
	case least == most && least == 0:
		return "no argument"
	case least == most:
		return strconv.Itoa(least) + " argument(s)"
	case most > 9:
		return "at least " + strconv.Itoa(least) + " argument(s)"
	}
	return strconv.Itoa(least) + " to " + strconv.Itoa(most) + " arguments"
}

// specOf reads the argument of is(), as() and ofType() as a type.
func specOf(e expr) (*typeSpec, bool) {
	switch x := e.(type) {
	case *member:
		return &typeSpec{off: x.at(), name: x.name}, true
	case *path:
		left, okL := x.left.(*member)
		right, okR := x.right.(*member)
		if okL && okR {
			return &typeSpec{off: left.at(), namespace: left.name, name: right.name}, true
		}
	}
	return nil, false
}
