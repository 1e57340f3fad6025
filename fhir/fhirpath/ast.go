package fhirpath

import "sync"

// expr is a node of a compiled expression. It is evaluated on the collection
// to its left, or, at the start of an expression, on the current $this.
type expr interface {
	eval(r *run, in []Element) ([]Element, error)
	at() int // offset in the source, for errors
}

// offset is where a node starts in the source.
type offset int

func (o offset) at() int { return int(o) }

type (
	// literal is a constant; {} is one without items.
	literal struct {
		offset
		items []Element
	}
	// this is $this.
	this struct{ offset }
	// index is $index.
	index struct{ offset }
	// total is $total.
	total struct{ offset }
	// variable is %name.
	variable struct {
		offset
		name string
	}
	// member is a child by name. The first of a path may also be the name of
	// the type that the path starts from.
	member struct {
		offset
		name  string
		first bool

		once sync.Once
		typ  *typeInfo // of the name, if it is one
	}
	// path is left.right.
	path struct {
		offset
		left, right expr
	}
	// item is left[index].
	item struct {
		offset
		left, index expr
	}
	// call is a function with its arguments.
	call struct {
		offset
		fn   *function
		name string
		args []expr
		typ  *typeSpec // of is, as and ofType
		re   *pattern  // of a constant pattern
		desc []bool    // of sort: which keys go down
	}
	// polarity is a sign.
	polarity struct {
		offset
		negative bool
		operand  expr
	}
	// binary is an operator between two expressions.
	binary struct {
		offset
		symbol      string
		op          *operator
		left, right expr
	}
	// union is a | b | c ...
	union struct {
		offset
		parts []expr
	}
	// typeTest is x is T and x as T.
	typeTest struct {
		offset
		cast    bool
		operand expr
		typ     *typeSpec
	}
)
