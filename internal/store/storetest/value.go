package storetest

import (
	"time"

	"github.com/jamii-health/jamii/fhir/search"
)

// Short ways to write the values of an index.

func token(param, system, code string) search.Value {
	return search.Value{Param: param, Kind: search.Token, System: system, Code: code}
}

// identifier is a token with the type of an Identifier.
func identifier(param, system, code, typ string) search.Value {
	return search.Value{Param: param, Kind: search.Token, System: system, Code: code, Ident: typ}
}

func reference(param, target string) search.Value {
	return search.Value{Param: param, Kind: search.Reference, Code: target}
}

// logical is a reference by identifier, "system|value".
func logical(param, ident string) search.Value {
	return search.Value{Param: param, Kind: search.Reference, Ident: ident}
}

func text(param, s string) search.Value {
	return search.Value{Param: param, Kind: search.String, Text: s}
}

func uri(param, s string) search.Value {
	return search.Value{Param: param, Kind: search.URI, Code: s}
}

func number(param string, lo, hi int64) search.Value {
	return search.Value{Param: param, Kind: search.Number, Lo: lo, Hi: hi}
}

func date(param string, lo, hi int64) search.Value {
	return search.Value{Param: param, Kind: search.Date, Lo: lo, Hi: hi}
}

// day is the interval of a day of January 2024, in microseconds.
func day(param string, n int) search.Value {
	lo := time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC)
	return date(param, lo.UnixMicro(), lo.AddDate(0, 0, 1).UnixMicro()-1)
}

// Short ways to write conditions.

func is(param, system, code string) search.Is {
	return search.Is{Param: param, Kind: search.Token, System: system, Code: code}
}

func isAny(param, code string) search.Is {
	return search.Is{Param: param, Kind: search.Token, Code: code, AnySystem: true}
}

func points(param, target string) search.Is {
	return search.Is{Param: param, Kind: search.Reference, Code: target}
}

func word(param string, mode search.Mode, s string) search.Word {
	return search.Word{Param: param, Kind: search.String, Mode: mode, Text: s}
}

func uriWord(param string, mode search.Mode, s string) search.Word {
	return search.Word{Param: param, Kind: search.URI, Mode: mode, Text: s}
}

func not(x search.Expr) search.Expr { return search.Not{X: x} }

func and(x ...search.Expr) search.Expr { return search.And(x) }

func or(x ...search.Expr) search.Expr { return search.Or(x) }
