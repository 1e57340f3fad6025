package search

import (
	"net/url"
	"strings"
	"time"

	"github.com/jamii-health/jamii/fhir"
)

// Query is a search, read and checked.
type Query struct {
	Type  string   // "" for a search of the whole system
	Types []string // of a system search: those of _type; none means all
	Expr  Expr     // nil: all

	Sort       []SortKey
	Count      *int // nil: as the server likes
	Include    []Include
	RevInclude []Include
	Total      string   // "", none, estimate or accurate
	Summary    string   // "", true, text, data, count or false
	Elements   []string // names of top-level elements
	Format     string   // _format as sent
	Pretty     string   // _pretty as sent

	// Applied are the parameters that were applied, for the self link.
	Applied []Pair
	// Ignored are the names of parameters that lenient handling left out.
	Ignored []string

	byType map[string]Expr // of a system search whose types need different expressions
}

// For returns the expression for one type of a system search.
func (q *Query) For(typ string) Expr {
	if x, ok := q.byType[typ]; ok {
		return x
	}
	return q.Expr
}

// SortKey is one key of _sort.
type SortKey struct {
	Param string // a search parameter, or "_lastUpdated", or "_id"
	Kind  Kind
	Desc  bool
}

// Include is one _include or _revinclude.
//
// https://hl7.org/fhir/R4/search.html#include
type Include struct {
	Source  string // resource type that has the reference; "*" for any
	Param   string // reference parameter; "*" for all
	Target  string // type pointed at; "" for any
	Iterate bool
}

// Pair is a parameter of a query as it was sent, percent-decoded.
type Pair struct{ Name, Value string }

// Options are what a search depends on besides its parameters.
type Options struct {
	// Lenient leaves unknown parameters out and lists them in Query.Ignored.
	// Modifiers that are not supported and values that cannot be read are
	// refused all the same: the standard asks for it, and leaving out half of a
	// condition finds more than was asked for.
	Lenient bool
	// Now is the moment from which ap measures its tenth.
	Now time.Time
	// MaxCount caps _count; 0 means 1000.
	MaxCount int
	// MaxHops limits chains and _has; 0 means 4.
	MaxHops int
	// Terminology answers :below, :above, :in and :not-in; nil refuses them.
	Terminology Terminology
	// Pass are parameters that the caller reads himself (paging); they are
	// neither checked nor listed in Applied.
	Pass []string
}

// The limits of a query.
const (
	maxQuery  = 64 << 10 // bytes, before decoding
	maxPairs  = 200
	maxValues = 500  // alternatives, over the whole query
	maxWork   = 5000 // conditions made, counting each type that a chain can go through or a plain id can be of
	maxKeys   = 10   // of _sort
)

// Pairs takes a query string, or the body of a POSTed search, apart. The order
// is kept.
func Pairs(raw string) ([]Pair, error) {
	raw = strings.TrimPrefix(raw, "?")
	if len(raw) > maxQuery {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueTooLong, Text: "The query is longer than 64 kB. Ask for less at once."}
	}
	var out []Pair
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueInvalid, Text: "The query is not percent-encoded correctly."}
		}
		if out = append(out, Pair{n, v}); len(out) > maxPairs {
			return nil, &fhir.Error{Kind: fhir.Invalid, Issue: fhir.IssueTooLong, Text: "The query has more than 200 parameters. Ask for less at once."}
		}
	}
	return out, nil
}

// Encode writes pairs as a query string, in their order.
func Encode(pairs []Pair) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(escape(p.Name))
		b.WriteByte('=')
		b.WriteString(escape(p.Value))
	}
	return b.String()
}

// escape is url.QueryEscape but for characters that FHIR queries are full of
// and that may stand in a query as they are.
func escape(s string) string { return readable.Replace(url.QueryEscape(s)) }

var readable = strings.NewReplacer("%3A", ":", "%2F", "/", "%2C", ",", "%24", "$")
