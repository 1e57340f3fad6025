package search

import (
	"fmt"

	"github.com/jamii-health/jamii/fhir"
)

// Terminology lists the codes that :below, :above, :in and :not-in stand for.
// A list that has more than most codes is an error.
type Terminology interface {
	// Subsumed are the codes below a code and itself, or with above the codes
	// above it and itself. nil: the code system, or the code, is not known.
	Subsumed(system, code string, above bool, most int) ([]Coded, error)
	// Members are the codes of a value set, named by its url, with |version if
	// need be, or by "ValueSet/id". nil: there is no such value set.
	Members(valueSet string, most int) ([]Coded, error)
}

// Coded is a code of a code system; without a Code any code of the system.
type Coded struct{ System, Code string }

// maxCodes bounds the codes that one value of a query stands for.
const maxCodes = 5000

// subsumed reads system|code under :below and :above.
//
// https://hl7.org/fhir/R4/search.html#modifiers
func (p *parser) subsumed(code string, above bool, s string) (Expr, error) {
	parts := split(s, '|')
	if len(parts) != 2 || parts[0] == "" || parts[1] == "" {
		return nil, p.bad("with :above and :below must have the form system|code")
	}
	return p.codes(code, func() ([]Coded, error) {
		return p.o.Terminology.Subsumed(unescape(parts[0]), unescape(parts[1]), above, maxCodes)
	}, "names a code that is not known here. Load its code system, or list the codes")
}

// members reads a value set under :in and :not-in.
func (p *parser) members(code, s string) (Expr, error) {
	return p.codes(code, func() ([]Coded, error) { return p.o.Terminology.Members(unescape(s), maxCodes) },
		"names a value set that is not known here. Give its url, or ValueSet/id")
}

func (p *parser) codes(code string, list func() ([]Coded, error), unknown string) (Expr, error) {
	if p.o.Terminology == nil {
		return nil, p.unsupported("asks for terminology, which cannot be used here. List the codes")
	}
	found, err := list()
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, p.fault(fhir.IssueNotFound, unknown)
	}
	if p.coded += len(found); p.coded > maxCodes {
		return nil, p.fault(fhir.IssueTooCostly, fmt.Sprintf("stands for more than %d codes. Ask for fewer", maxCodes))
	}
	out := make(Or, len(found))
	for i, c := range found {
		out[i] = Is{Param: code, Kind: Token, System: c.System, Code: c.Code, AnySystem: c.System == "", AnyCode: c.Code == ""}
	}
	return out, nil
}
