package scheme

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/apd/v3"
	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/fhirpath"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/enrolment"
)

var errFormula = errors.New("the formula does not give one amount of money")

// formula compiles the FHIRPath expression of a contribution. It sees the
// household as a collection Bundle of Patients (birthDate, gender), the counts
// %members and %others (those outside the family), and %renewal.
func formula(text string) (func([]enrolment.Member, claims.Stage) (Money, error), error) {
	expr, err := fhirpath.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("formula: %w", err)
	}
	if err := expr.Check("Bundle"); err != nil {
		return nil, fmt.Errorf("formula: %w", err)
	}
	return func(counted []enrolment.Member, stage claims.Stage) (Money, error) {
		household, others := asBundle(counted)
		found, err := expr.Eval(&fhirpath.Options{Vars: map[string][]fhirpath.Element{
			"members": {fhirpath.Integer(int64(len(counted)))},
			"others":  {fhirpath.Integer(others)},
			"renewal": {fhirpath.Boolean(stage == claims.Renewed)},
		}}, fhirpath.Resource(household))
		if err != nil {
			return Money{}, fmt.Errorf("formula: %w", err)
		}
		if len(found) != 1 {
			return Money{}, errFormula
		}
		return asMoney(found[0])
	}, nil
}

func asMoney(e fhirpath.Element) (Money, error) {
	switch v := e.Value().(type) {
	case int64:
		return decimal.New(v, 0)
	case *apd.Decimal:
		m, err := decimal.Parse(v.Text('f'))
		if err != nil {
			return Money{}, errFormula
		}
		return m, nil
	}
	return Money{}, errFormula
}

var genders = map[claims.Sex]string{"M": "male", "F": "female", "O": "other"}

func asBundle(counted []enrolment.Member) (bundle *fhir.Node, others int64) {
	var entries []fhir.Node
	for _, m := range counted {
		if m.Relation == enrolment.Others {
			others++
		}
		entries = append(entries, obj("", obj("resource", str("resourceType", "Patient"), str("gender", genders[m.Sex]), str("birthDate", m.Born.String()))))
	}
	n := fhir.Obj(present([]fhir.Node{str("resourceType", "Bundle"), str("type", "collection"), list("entry", entries...)})...)
	return &n, others
}
