package scheme

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jamii-health/jamii/internal/date"
)

// A later version says only what differs: mappings are laid over each other,
// lists are replaced, null takes away, and the end is not inherited.
func TestVersionsAreLaidOverEachOther(t *testing.T) {
	files := vectorFiles(t)
	delete(files, "tests/vectors.yaml")
	text := string(files["scheme.yaml"].Data) + `
  - code: LAID
    name: {en: Laid over}
    versions:
      - from: 2024-01-01
        to: 2024-06-30
        period: {months: 12, administration_months: 2, cycles: ["01-01"], grace_months: {payment: 1, renewal: 2}}
        members: {max: 10, threshold: 5}
        contribution: {lump_sum: 100, adult: 10}
        deductible: {insuree: 50}
        ceiling: {policy: 1000, extra_member: 100, max_policy: 2000}
        max_claims: {surgery: 1, delivery: 0}
        covers: [{services: all, co_insurance: 80}, {services: [A], covered: false}]
      - from: 2024-09-01
        period: {cycles: null, grace_months: {payment: 3}}
        contribution: {adult: null, child: 20}
        deductible: null
        ceiling: {extra_member: 200}
        max_claims: {surgery: null}
      - from: 2025-01-01
        covers: [{services: all}]
`
	files["scheme.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(text, "\n\n", "\n", 1))}
	p, list := Load(files)
	if p == nil {
		t.Fatal(joined(list))
	}
	if _, ok := p.Enrolment("LAID", date.Must("2024-08-01")); ok {
		t.Error("between the versions nothing is sold")
	}
	first, second, third := on(p.plans["LAID"], date.Must("2024-06-30")), on(p.plans["LAID"], date.Must("2024-09-01")), on(p.plans["LAID"], date.Must("2030-01-01"))
	if first == nil || second == nil || third == nil {
		t.Fatal("a version is missing")
	}
	if second.To.String() != "2024-12-31" || !third.To.IsZero() {
		t.Errorf("ends %s and %s", second.To, third.To)
	}
	a, b := first.plan, second.plan
	if a.Cycles == nil || b.Cycles != nil || b.AdministrationMonths != 2 || b.GracePayment != 3 || b.GraceRenewal != 2 {
		t.Errorf("period %+v", b)
	}
	if b.LumpSum.String() != "100" || !b.PremiumAdult.IsZero() || b.PremiumChild.String() != "20" {
		t.Errorf("contribution %+v", b)
	}
	x, y, z := first.product, second.product, third.product
	if x.Deductible.Insuree.All == nil || y.Deductible.Insuree.All != nil {
		t.Error("null takes the deductible away")
	}
	if y.Ceiling.Policy.All.String() != "1000" || y.ExtraMember.All.String() != "200" || y.MaxPolicy.All.String() != "2000" {
		t.Errorf("ceiling %+v", y.Ceiling)
	}
	if n, ok := x.MaxNo["D"]; !ok || n != 0 {
		t.Error("0 allows none, and is not the same as absent")
	}
	if _, ok := y.MaxNo["S"]; ok || len(y.MaxNo) != 1 {
		t.Errorf("maxima %v", y.MaxNo)
	}
	if _, ok := y.Lines[key("service", "A")]; ok || len(y.Lines) != 5 || len(z.Lines) != 6 {
		t.Errorf("covers %d and %d lines", len(y.Lines), len(z.Lines))
	}
}
