package scheme

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
)

func key(kind claims.Kind, code string) claims.ArticleKey {
	return claims.ArticleKey{Kind: kind, Code: code}
}

func TestVersionsByDate(t *testing.T) {
	p := demo(t)
	d := date.Must
	tests := []struct {
		plan, start, service string
		want                 string // percent of S301 at other visits, "" for no product
	}{
		{"HIB", "2019-07-16", "2025-08-01", ""},
		{"HIB", "2019-07-17", "2025-08-01", "100"},
		{"HIB", "2025-07-16", "2026-01-01", "100"}, // benefits by policy start
		{"HIB", "2025-07-17", "2026-01-01", "90"},
		{"HIB", "2099-01-01", "2099-01-01", "90"},
		{"HIB-2016", "2019-07-17", "2019-07-17", ""},
		{"NONE", "2025-07-17", "2025-07-17", ""},
	}
	for _, tt := range tests {
		product, ok := p.Product(tt.plan, d(tt.start), d(tt.service))
		if !ok {
			if tt.want != "" {
				t.Errorf("%s from %s: no product", tt.plan, tt.start)
			}
			continue
		}
		if got := product.Lines[key(claims.Service, "S301")].LimitAdult[claims.Other].String(); got != tt.want {
			t.Errorf("%s from %s pays %s percent, want %q", tt.plan, tt.start, got, tt.want)
		}
		if product.Version != p.Digest || product.Code != tt.plan {
			t.Errorf("product %s version %s", product.Code, product.Version)
		}
	}
	if diff := cmp.Diff([]string{"HIB", "HIB-UP", "MUNI"}, p.PlansOn(d("2026-11-22"))); diff != "" {
		t.Errorf("PlansOn (-want +got):\n%s", diff)
	}
	if _, ok := p.Enrolment("HIB-2016", d("2019-07-17")); ok {
		t.Error("a plan is sold after its end")
	}
}

func TestCompiledProduct(t *testing.T) {
	p := demo(t)
	hib, _ := p.Product("HIB", date.Must("2025-07-17"), date.None)
	if _, ok := hib.Lines[key(claims.Item, "I812")]; ok {
		t.Error("a rule with covered: false took nothing out")
	}
	ninety, all, most, two := wholeNumber(90), wholeNumber(100), wholeNumber(1200), wholeNumber(2)
	tests := []struct {
		key  claims.ArticleKey
		want claims.Terms
	}{
		{key(claims.Service, "S301"), claims.Terms{
			Origin:     claims.PriceList,
			Limitation: map[claims.Visit]claims.Limitation{"O": "C", "E": "C", "R": "C"},
			LimitAdult: map[claims.Visit]*Money{"O": &ninety, "E": &all, "R": &ninety},
			LimitChild: map[claims.Visit]*Money{"O": &ninety, "E": &all, "R": &ninety},
		}},
		{key(claims.Service, "S911"), claims.Terms{
			Origin:      claims.ProviderPrice,
			Limitation:  map[claims.Visit]claims.Limitation{"O": "F", "E": "F", "R": "F"},
			LimitAdult:  map[claims.Visit]*Money{"O": &most, "E": &most, "R": &most},
			LimitChild:  map[claims.Visit]*Money{"O": &most, "E": &most, "R": &most},
			MaxQtyAdult: &two, MaxQtyChild: &two, ExclusionAdult: "B", ExclusionChild: "B",
		}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(&tt.want, hib.Lines[tt.key], cmp.Comparer(func(a, b Money) bool { return a.Cmp(b) == 0 })); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.key, diff)
		}
	}
	if hib.Threshold != 5 || hib.Ceiling.Policy.All.String() != "100000" || hib.ExtraMember.All.String() != "20000" || hib.MaxPolicy.All.String() != "200000" {
		t.Errorf("ceiling %+v", hib.Ceiling)
	}
	muni, _ := p.Product("MUNI", date.Must("2025-09-10"), date.None)
	if n, ok := muni.MaxNo[claims.Surgery]; !ok || n != 1 || muni.MaxAmount[claims.Surgery].String() != "5000" {
		t.Errorf("maxima %v %v", muni.MaxNo, muni.MaxAmount)
	}
	if _, ok := muni.MaxNo[claims.Delivery]; ok {
		t.Error("a maximum that is not set must be absent: 0 would allow none")
	}
	if muni.Lines[key(claims.Service, "S704")].WaitingAdult != 3 {
		t.Error("waiting months")
	}
}

func TestRegister(t *testing.T) {
	p := demo(t)
	reg := p.Register(date.Must("2025-01-01"))
	a, ok := reg.Article(claims.Service, "S705", date.Must("2025-08-01"))
	if !ok || a.Patients != 2|4 || a.Category != claims.Surgery || a.Price.String() != "20000" || a.CareType != claims.InPatient {
		t.Errorf("S705 = %+v", a)
	}
	if a, _ := reg.Article(claims.Service, "S211", date.Must("2025-08-01")); a.Patients != 2|4|8 || a.Package != "F" || a.MaxQuantity.String() != "1" {
		t.Errorf("S211 = %+v", a) // women of every age
	}
	if a, _ := reg.Article(claims.Service, "S401", date.Must("2025-07-16")); a.Price.String() != "300" {
		t.Errorf("S401 before the change costs %s", a.Price)
	}
	if row, ok := reg.Price("I-D", claims.Item, "I408", date.Must("2025-07-16")); !ok || row.Overrule == nil || !row.Overrule.IsZero() {
		t.Error("a price of 0 is free of charge, not the register's (R30)")
	}
	if row, ok := reg.Price("S-C", claims.Service, "S101", date.Must("2025-07-16")); !ok || row.Overrule != nil {
		t.Error("a row without a price takes the register's")
	}
	vectors, _ := Load(os.DirFS("testdata/vectors"))
	old, _ := vectors.Register(date.Must("2025-05-10")).Article(claims.Service, "W", date.Must("2025-12-01"))
	if old.Price.String() != "200" {
		t.Errorf("prices by policy start: %s", old.Price)
	}
	if _, ok := vectors.Register(date.Must("2025-05-10")).Price("L", claims.Service, "W", date.Must("2025-12-01")); !ok {
		t.Error("the price list of the policy's start has the row for ever")
	}
}

func TestCompiledEnrolmentAndSettings(t *testing.T) {
	p := demo(t)
	plan, ok := p.Enrolment("MUNI", date.Must("2025-09-10"))
	if !ok || plan.LumpSum.String() != "500" || plan.RegistrationLumpSum.String() != "100" || plan.RenewalDiscountMonths != 1 ||
		plan.MaxMembers != 6 || plan.GracePayment != 1 || plan.Activation != enrolment.OnContribution || plan.Cycles != nil {
		t.Errorf("MUNI = %+v", plan)
	}
	s := p.Settings()
	if s.Currency != "NPR" || s.Decimals != 2 || s.AgeOfMajority != 18 || s.PriceCap != "lesser" || !s.PreauthHolds || s.Review.Above.String() != "50000" || !s.Review.Preauth {
		t.Errorf("settings %+v", s)
	}
	number, err := p.NumberRule().Issue(1)
	if err != nil || len(number) != 10 || number[:2] != "70" || p.NumberRule().Check(number) != nil {
		t.Errorf("number %q, %v", number, err)
	}
	if f, ok := p.Facility("HO01"); !ok || f.Level != "H" || f.ServiceList != "S-H" {
		t.Errorf("facility %+v", f)
	}
	if _, ok := p.Facility("NONE"); ok || p.HasDiagnosis("Q99") || !p.HasDiagnosis("E11.9") {
		t.Error("look-ups")
	}
	if p.Zone().String() != "Asia/Kathmandu" || p.System("policy") == "" || p.System("none") != "" {
		t.Error("zone and systems")
	}
	if (Texts{"ne": "क"}).In("sw") != "क" || (Texts{}).In("en") != "" {
		t.Error("a text in another language is better than none")
	}
}

func TestFormulaRefuses(t *testing.T) {
	for _, bad := range []string{"%members *", "Bundle.members", "'many'", "{}", "Bundle.entry.resource", "1e30", "now()"} {
		f, err := formula(bad)
		if err != nil {
			continue
		}
		if m, err := f([]enrolment.Member{{ID: "a"}, {ID: "b"}}, claims.New); err == nil {
			t.Errorf("%s gave %s", bad, m)
		}
	}
}
