package search

import (
	"slices"
	"strings"
	"time"
)

// Context is what a condition can ask that a resource's own Index does not
// hold.
type Context struct {
	ID      string
	Updated time.Time // microseconds
	// Chain reports whether x is true for one of the resources, each given as
	// "Type/id". Nil: for none.
	Chain func(refs []string, x Expr) bool
	// Has reports whether a resource as asked points at this one. Nil: none
	// does.
	Has func(h Has) bool
	// Text gives the words of the narrative, or of the whole resource, as
	// TextOf does. Nil: there are none.
	Text func(whole bool) string
}

// Match reports whether an expression is true for a resource. It is the
// meaning that every store must agree with.
func Match(x Expr, index Index, r Context) bool {
	switch x := x.(type) {
	case nil:
		return true
	case And:
		return !slices.ContainsFunc(x, func(e Expr) bool { return !Match(e, index, r) })
	case Or:
		return slices.ContainsFunc(x, func(e Expr) bool { return Match(e, index, r) })
	case Not:
		return !Match(x.X, index, r)
	case Is:
		return index.any(x.Param, x.holds)
	case Word:
		return index.any(x.Param, x.matcher())
	case Between:
		return index.any(x.Param, x.matcher())
	case Missing:
		return !index.any(x.Param, func(*Value) bool { return true })
	case Combo:
		return index.any(x.Param, func(v *Value) bool {
			return !slices.ContainsFunc(x.Parts, func(e Expr) bool { return !Match(e, v.Parts, r) })
		})
	case Other:
		return index.any(x.Param, x.differs)
	case Text:
		return r.Text != nil && x.Asked.in(r.Text(x.Whole))
	case Chain:
		return matchChain(x, index, r)
	case Has:
		return r.Has != nil && r.Has(x)
	case IDs:
		return slices.Contains(x, r.ID)
	case Updated:
		return x.holds(r.Updated)
	}
	return false
}

// any reports whether a value of the parameter passes.
func (index Index) any(param string, holds func(*Value) bool) bool {
	for i := range index {
		if index[i].Param == param && holds(&index[i]) {
			return true
		}
	}
	return false
}

// differs reports whether X is not true for a value. A token without a code is
// only the text of one. A code is there with and without the system that its
// value set implies, so one without a system differs by its code only.
func (x Other) differs(v *Value) bool {
	inner := x.X
	if is, ok := inner.(Is); ok && is.Kind == Token {
		if v.Code == "" {
			return false
		}
		is.AnySystem = is.AnySystem || v.System == "" && !is.AnyCode
		inner = is
	}
	return !Match(inner, Index{*v}, Context{})
}

func (x Is) holds(v *Value) bool {
	switch {
	case x.Kind == URI:
		return v.Code == x.Code
	case x.Kind == Reference && x.Ident:
		system, value, found := cutIdent(v.Ident)
		return found && value == x.Code && (x.AnySystem || system == x.System)
	case x.Kind == Reference:
		return v.Code == x.Code
	case x.OfType != "":
		return v.Ident == x.OfType && v.Code == x.Code
	}
	return (x.AnySystem || v.System == x.System) && (x.AnyCode || v.Code == x.Code)
}

// cutIdent takes "system|value" apart. A system is a uri and has no |.
func cutIdent(ident string) (system, value string, found bool) {
	return strings.Cut(ident, "|")
}

// matcher prepares the comparison of a Word.
func (x Word) matcher() func(*Value) bool {
	text := func(v *Value) string { return v.Text }
	if x.Kind == URI {
		text = func(v *Value) string { return v.Code }
	}
	asked := Norm(x.Text)
	switch x.Mode {
	case Exact:
		return func(v *Value) bool { return text(v) == x.Text }
	case Contains:
		return func(v *Value) bool { return text(v) != "" && strings.Contains(Norm(text(v)), asked) }
	case Below:
		return func(v *Value) bool { return text(v) != "" && strings.HasPrefix(text(v), x.Text) }
	case Whole:
		return func(v *Value) bool { return text(v) != "" && Norm(text(v)) == asked }
	case Suffix:
		return func(v *Value) bool { return text(v) != "" && strings.HasSuffix(Norm(text(v)), asked) }
	}
	return func(v *Value) bool { return text(v) != "" && strings.HasPrefix(Norm(text(v)), asked) }
}

// matcher prepares the comparison of a Between: dates by their microseconds,
// numbers and quantities by their exact decimals.
func (x Between) matcher() func(*Value) bool {
	if x.Kind == Date {
		return func(v *Value) bool { return x.Op.holds(x.Lo, x.Hi, v.Lo, v.Hi) }
	}
	a, ok := numberAsked(x.Decimal, x.Op)
	return func(v *Value) bool {
		if !ok || !x.unit(v) {
			return false
		}
		s, ok := spanOf(v.Decimal)
		return ok && a.holds(x.Op, s)
	}
}

// unit compares the unit of a quantity: number||code means the code or the
// unit as people read it, of whatever system.
//
// https://hl7.org/fhir/R4/search.html#quantity
func (x Between) unit(v *Value) bool {
	switch {
	case x.Kind != Quantity || x.System == "" && x.Code == "":
		return true
	case x.System == "":
		return v.Code == x.Code || v.Text == x.Code
	}
	return v.System == x.System && v.Code == x.Code
}

// holds compares closed intervals as written down at Op.
func (op Op) holds(aLo, aHi, vLo, vHi int64) bool {
	within := aLo <= vLo && vHi <= aHi
	switch op {
	case Eq:
		return within
	case Ne:
		return !within
	case Gt:
		return vHi > aHi
	case Lt:
		return vLo < aLo
	case Ge:
		return vHi > aHi || within
	case Le:
		return vLo < aLo || within
	case Sa:
		return vLo > aHi
	case Eb:
		return vHi < aLo
	case Ap:
		return vLo <= aHi && vHi >= aLo
	}
	return false
}

// holds compares a moment with [Lo, Hi).
func (x Updated) holds(at time.Time) bool {
	lo, hi, v := x.Lo.UnixMicro(), x.Hi.Add(-time.Nanosecond).UnixMicro(), at.UnixMicro()
	return x.Op.holds(lo, hi, v, v)
}

func matchChain(x Chain, index Index, r Context) bool {
	if r.Chain == nil {
		return false
	}
	var refs []string
	for i := range index {
		v := &index[i]
		typ, _, ok := strings.Cut(v.Code, "/")
		if v.Param == x.Param && ok && slices.Contains(x.Types, typ) {
			refs = append(refs, v.Code)
		}
	}
	return len(refs) > 0 && r.Chain(refs, x.X)
}
