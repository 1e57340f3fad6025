package fhirpath

// Limits of an expression. The longest of R4 has some 5,000 characters.
const (
	maxSource = 64 << 10
	maxDepth  = 400
)

// parser is a precedence climber over the grammar of N1 appendix A.
type parser struct {
	lexer lexer
	tok   token // the token to look at
	depth int
}

func parse(src string) (expr, error) {
	if len(src) > maxSource {
		return nil, faultf(0, "the expression is longer than %d characters", maxSource)
	}
	p := &parser{lexer: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	e, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEOF {
		return nil, faultf(p.tok.off, "%s is not expected here", p.tok.words())
	}
	return e, nil
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lexer.next()
	return err
}

// expect takes a symbol.
func (p *parser) expect(symbol string) error {
	if !p.tok.is(symbol) {
		return faultf(p.tok.off, "%q is expected, not %s", symbol, p.tok.words())
	}
	return p.advance()
}

// deeper counts nesting; what it adds is taken back by the caller.
func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return faultf(p.tok.off, "the expression is nested more than %d deep", maxDepth)
	}
	return nil
}

// expression reads operators that bind tighter than floor.
func (p *parser) expression(floor int) (expr, error) {
	start := p.depth
	defer func() { p.depth = start }()
	if err := p.deeper(); err != nil {
		return nil, err
	}
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	for {
		op := p.operator()
		if op == nil || op.precedence <= floor {
			return left, nil
		}
		if err := p.deeper(); err != nil { // a chain of operators is as deep as it is long
			return nil, err
		}
		if left, err = p.infix(left, op); err != nil {
			return nil, err
		}
	}
}

func (p *parser) operator() *operator {
	if p.tok.kind != tokSymbol && p.tok.kind != tokIdent {
		return nil
	}
	return operators[p.tok.text]
}

func (p *parser) infix(left expr, op *operator) (expr, error) {
	off, symbol := offset(p.tok.off), p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	if symbol == "is" || symbol == "as" {
		typ, err := p.typeName()
		if err != nil {
			return nil, err
		}
		return &typeTest{off, symbol == "as", left, typ}, nil
	}
	right, err := p.expression(op.precedence)
	if err != nil {
		return nil, err
	}
	if symbol != "|" {
		return &binary{off, symbol, op, left, right}, nil
	}
	if u, ok := left.(*union); ok {
		u.parts = append(u.parts, right)
		p.depth-- // a union is flat however long it is
		return u, nil
	}
	return &union{off, []expr{left, right}}, nil
}

// typeName reads the type specifier after is and as.
func (p *parser) typeName() (*typeSpec, error) {
	spec := &typeSpec{off: p.tok.off}
	name, err := p.identifier()
	if err != nil {
		return nil, err
	}
	spec.name = name
	if p.tok.is(".") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		spec.namespace = name
		if spec.name, err = p.identifier(); err != nil {
			return nil, err
		}
	}
	return spec, nil
}

// identifier takes a name. The words as, contains, in and is may be names.
func (p *parser) identifier() (string, error) {
	name := p.tok.text
	switch {
	case p.tok.kind == tokDelimited:
	case p.tok.kind != tokIdent:
		return "", faultf(p.tok.off, "a name is expected, not %s", p.tok.words())
	case operators[name] != nil && name != "as" && name != "contains" && name != "in" && name != "is":
		return "", faultf(p.tok.off, "%q is an operator; as a name write it between backticks", name)
	}
	return name, p.advance()
}

func (p *parser) unary() (expr, error) {
	if !p.tok.is("+") && !p.tok.is("-") {
		return p.postfix()
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	off, negative := offset(p.tok.off), p.tok.is("-")
	if err := p.advance(); err != nil {
		return nil, err
	}
	operand, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &polarity{off, negative, operand}, nil
}

// postfix reads a term with the invocations and indexers that follow it.
func (p *parser) postfix() (expr, error) {
	start := p.depth
	defer func() { p.depth = start }()
	left, err := p.term()
	for err == nil {
		off := offset(p.tok.off)
		switch {
		case p.tok.is("."):
			if err = p.advance(); err != nil {
				return nil, err
			}
			var right expr
			if right, err = p.invocation(false); err != nil {
				return nil, err
			}
			left = &path{off, left, right}
		case p.tok.is("["):
			if left, err = p.indexer(off, left); err != nil {
				return nil, err
			}
		default:
			return left, nil
		}
		err = p.deeper()
	}
	return nil, err
}

func (p *parser) indexer(off offset, left expr) (expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	i, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	return &item{off, left, i}, p.expect("]")
}
