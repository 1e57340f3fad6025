package rules

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/claims/claimtest"
)

// A table is the cases of one rule. Each spoils claimtest.Facts in one way and
// is decided by all rules.
type table []struct {
	name   string
	change func(*claims.Facts)
	want   want
}

// want is what matters of the decision: the reasons against each line, in
// order, and what the claim is refused for.
type want struct {
	claim claims.Reason
	lines [][]claims.Finding // nil: every line passes
}

// tables are all cases, by rule.
var tables = map[string]table{
	"target-date":      targetDateCases,
	"valid-person":     validPersonCases,
	"insurer-known":    insurerKnownCases,
	"cover-on-day":     coverOnDayCases,
	"in-register":      inRegisterCases,
	"in-price-list":    inPriceListCases,
	"care-type":        careTypeCases,
	"patient-category": patientCategoryCases,
	"frequency":        frequencyCases,
	"covering-product": coveringProductCases,
	"waiting-period":   waitingPeriodCases,
	"quantity-limit":   quantityLimitCases,
	"category-maximum": categoryMaximumCases,
}

var (
	p   = claimtest.P
	day = claimtest.Day
)

// no is a finding, with the message's key and arguments in pairs.
func no(rule string, reason claims.Reason, key string, pairs ...string) claims.Finding {
	m := claims.Message{Key: key}
	for i := 0; i+1 < len(pairs); i += 2 {
		if m.Args == nil {
			m.Args = map[string]string{}
		}
		m.Args[pairs[i]] = pairs[i+1]
	}
	return claims.Finding{Rule: rule, Reason: reason, Message: m}
}

// both refuses the two lines for the same.
func both(f ...claims.Finding) [][]claims.Finding { return [][]claims.Finding{f, f} }

// first refuses the first line, the item.
func first(f ...claims.Finding) [][]claims.Finding { return [][]claims.Finding{f, nil} }

// second refuses the second line, the service.
func second(f ...claims.Finding) [][]claims.Finding { return [][]claims.Finding{nil, f} }

func decide(list []claims.Rule, change func(*claims.Facts)) want {
	f := claimtest.Facts()
	change(&f)
	dec := claims.Engine{Rules: list}.Decide(f)
	got := want{claim: dec.Reason}
	refused := false
	for _, l := range dec.Lines {
		got.lines = append(got.lines, l.Findings)
		refused = refused || l.Status == claims.Rejected
	}
	if !refused {
		got.lines = nil
	}
	return got
}

func TestRules(t *testing.T) {
	for id, cases := range tables {
		t.Run(id, func(t *testing.T) {
			for _, tt := range cases {
				got := decide(All(), tt.change)
				if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(want{})); diff != "" {
					t.Errorf("%s (-want +got)\n%s", tt.name, diff)
				}
			}
		})
	}
}

// TestEveryRuleCounts takes each rule out of the list: its own table must then
// fail, so no rule is there for nothing and no table tests nothing.
func TestEveryRuleCounts(t *testing.T) {
	for i, rule := range All() {
		cases, ok := tables[rule.ID]
		if !ok {
			t.Errorf("%s has no cases", rule.ID)
		}
		without := slices.Delete(All(), i, i+1)
		missed := true
		for _, tt := range cases {
			if !cmp.Equal(tt.want, decide(without, tt.change), cmp.AllowUnexported(want{})) {
				missed = false
			}
		}
		if missed {
			t.Errorf("without %s (rule %d) its cases still pass", rule.ID, i)
		}
	}
}

func TestEveryRuleIsCited(t *testing.T) {
	for _, r := range All() {
		if r.ID == "" || r.Cite == "" || r.Reason == claims.Accepted || r.Scope == 0 || r.Check == nil {
			t.Errorf("rule %q is not complete", r.ID)
		}
	}
}

// TestOrderOfReasons spoils a line in every way: items are checked for the
// patient first, services for the frequency (settled 1).
func TestOrderOfReasons(t *testing.T) {
	f := claimtest.Facts()
	f.Facility.ItemList, f.Facility.ServiceList, f.Facility.CareType = "", "", claims.OutPatient
	for _, key := range []claims.ArticleKey{{Kind: claims.Item, Code: claimtest.Drug}, {Kind: claims.Service, Code: claimtest.Visit}} {
		a := claimtest.Article(&f, key.Kind, key.Code)
		a.Patients, a.Frequency, a.CareType = male, 30, claims.InPatient
		terms := claimtest.Terms(&f, key.Kind, key.Code)
		terms.WaitingAdult, terms.MaxQtyAdult = 12, p("0")
		f.History = append(f.History, claimtest.Past("C-0", key.Kind, key.Code, "2025-06-01", "1"))
	}
	f.Covers[0].Stage = claims.New
	var got [][]claims.Reason
	for _, l := range (claims.Engine{Rules: All()}).Decide(f).Lines {
		var reasons []claims.Reason
		for _, finding := range l.Findings {
			reasons = append(reasons, finding.Reason)
		}
		got = append(got, reasons)
	}
	if diff := cmp.Diff([][]claims.Reason{{2, 10, 4, 5, 17, 16}, {2, 10, 5, 4, 17, 16}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestFromDate gives a rule a first day.
func TestFromDate(t *testing.T) {
	list := All()
	for i := range list {
		if list[i].ID == "in-price-list" {
			list[i].From = day("2025-06-11")
		}
	}
	unlisted := func(f *claims.Facts) { f.Facility.ItemList = "" }
	if got := decide(list, unlisted); got.lines != nil {
		t.Errorf("a rule refused the day before it is in force: %v", got)
	}
	if got := decide(list, func(f *claims.Facts) { unlisted(f); f.Claim.From = day("2025-06-11") }); got.lines == nil {
		t.Error("a rule did not refuse on its first day")
	}
}
