package scheme

import (
	"strconv"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
)

// insurancePlan publishes a plan: one coverage and one plan element for each
// version, with the days on which it is sold.
//
// https://hl7.org/fhir/R4/insuranceplan.html, IHE FAIS
func (p *Pack) insurancePlan(plan *Plan) fhir.Node {
	versions := p.plans[plan.Code]
	insurer := func(name string) fhir.Node {
		return reference(name, "Organization/"+p.insurerID(), p.Insurer.Name.In(p.Languages[0]))
	}
	var extensions, areas, coverages, plans []fhir.Node
	if plan.Successor != "" {
		extensions = append(extensions, extension("successor", reference("valueReference", "InsurancePlan/"+p.id("plan", plan.Successor), plan.Successor)))
	}
	if plan.Area != "" {
		areas = append(areas, reference("", "Location/"+p.id("loc", plan.Area), p.lookup.location[plan.Area].Names.In(p.Languages[0])))
	}
	for _, v := range versions {
		coverages = append(coverages, p.coverage(v))
		plans = append(plans, p.planElement(plan, v))
	}
	members := append([]fhir.Node{
		list("extension", extensions...), identifier(p.Systems["plan"], plan.Code), str("status", "active"),
		list("type", concept("", hl7CodeSystem+"insurance-plan-type", "medical", "Medical")),
	}, p.text("name", plan.Name)...)
	members = append(members,
		span("period", versions[0].From.Date, versions[len(versions)-1].To.Date),
		insurer("ownedBy"), insurer("administeredBy"), list("coverageArea", areas...), list("coverage", coverages...), list("plan", plans...))
	return p.resource("InsurancePlan", p.id("plan", plan.Code), members...)
}

func validity(v *version) fhir.Node {
	return extension("validity", span("valuePeriod", v.From.Date, v.To.Date))
}

// coverage tells the limits of a version: general ceiling and deductible, then
// counts and amounts by category of claim.
func (p *Pack) coverage(v *version) fhir.Node {
	benefits := []fhir.Node{
		benefit("ceiling", p.limitsOf(v.product.Ceiling, v)...),
		benefit("deductible", p.limitsOf(v.product.Deductible, nil)...),
	}
	for _, c := range []claims.Category{claims.Surgery, claims.Delivery, claims.Antenatal, claims.Hospitalisation, claims.Consultation, claims.VisitCategory} {
		var found []fhir.Node
		if n, ok := v.product.MaxNo[c]; ok {
			found = append(found, limit("max-claims", quantity("value", strconv.Itoa(n), "claims", ucum, "{claims}")))
		}
		if m, ok := v.product.MaxAmount[c]; ok {
			found = append(found, limit("max-amount-per-claim", p.moneyQuantity("value", m)))
		}
		if len(found) > 0 {
			benefits = append(benefits, obj("", own("type", "claim-category", string(c)), list("limit", found...)))
		}
	}
	if len(present(benefits)) == 0 { // a benefit is required
		benefits = append(benefits, obj("", concept("type", codeSystemBase+"benefit", "unlimited", "")))
	}
	return obj("", list("extension", validity(v)),
		concept("type", hl7CodeSystem+"v3-ActCode", "PUBLICPOL", "public healthcare"), list("benefit", benefits...))
}

func benefit(kind string, limits ...fhir.Node) fhir.Node {
	if len(limits) == 0 {
		return fhir.Node{}
	}
	return obj("", concept("type", codeSystemBase+"benefit", kind, ""), list("limit", limits...))
}

func limit(code string, value fhir.Node) fhir.Node {
	return obj("", value, concept("code", codeSystemBase+"benefit-limit", code, ""))
}

// limitsOf lists the set amounts of a block; with a version also how its policy
// ceiling grows.
func (p *Pack) limitsOf(l claims.Limits, v *version) []fhir.Node {
	type entry struct {
		name string
		stay claims.ByStay
	}
	entries := []entry{{"treatment", l.Treatment}, {"insuree", l.Insuree}, {"policy", l.Policy}}
	if v != nil {
		entries = append(entries, entry{"extra-member", v.product.ExtraMember}, entry{"max-policy", v.product.MaxPolicy})
	}
	var out []fhir.Node
	for _, e := range entries {
		for _, s := range []struct {
			suffix string
			m      *Money
		}{{"", e.stay.All}, {"-in-patient", e.stay.In}, {"-out-patient", e.stay.Out}} {
			if s.m != nil && s.m.IsPos() {
				out = append(out, limit(e.name+s.suffix, p.moneyQuantity("value", *s.m)))
			}
		}
	}
	if v != nil && len(out) > 0 && v.product.Threshold > 0 {
		out = append(out, limit("threshold", quantity("value", strconv.Itoa(v.product.Threshold), "members", ucum, "{members}")))
	}
	return out
}

// planElement tells what a version costs, and what of each article it pays.
func (p *Pack) planElement(plan *Plan, v *version) fhir.Node {
	e := v.plan
	extensions := []fhir.Node{
		validity(v),
		extension("policy-period", quantity("valueQuantity", strconv.Itoa(e.InsuranceMonths), "months", ucum, "mo")),
	}
	if e.MaxMembers > 0 {
		extensions = append(extensions, extension("max-members", fhir.Num(strconv.Itoa(e.MaxMembers)).As("valueUnsignedInt")))
	}
	for _, c := range v.Period.Cycles {
		extensions = append(extensions, extension("cycle-start", str("valueString", c+" "+p.Calendar)))
	}
	cost := func(code string, m Money, size int) fhir.Node {
		if !m.IsPos() {
			return fhir.Node{}
		}
		group := fhir.Node{}
		if size > 0 {
			group = fhir.Num(strconv.Itoa(size)).As("groupSize")
		}
		return obj("", concept("type", codeSystemBase+"contribution", code, ""), group, p.money("cost", m))
	}
	general := []fhir.Node{
		cost("lump-sum", e.LumpSum, e.Threshold), cost("adult", e.PremiumAdult, 0), cost("child", e.PremiumChild, 0),
		cost("registration-lump-sum", e.RegistrationLumpSum, 0), cost("registration-fee", e.RegistrationFee, 0),
		cost("assembly-lump-sum", e.AssemblyLumpSum, 0), cost("assembly-fee", e.AssemblyFee, 0),
	}
	return obj("", list("extension", extensions...),
		list("identifier", obj("", str("system", p.Systems["plan"]), str("value", plan.Code+"/"+v.From.String()))),
		concept("type", p.Systems["plan"], plan.Code, plan.Name.In(p.Languages[0])),
		list("generalCost", general...),
		list("specificCost", p.specificCost(v, claims.Service), p.specificCost(v, claims.Item)))
}

// specificCost lists the covered articles of a kind with their terms. One
// without costs is paid in full at the list price.
func (p *Pack) specificCost(v *version, kind claims.Kind) fhir.Node {
	var benefits []fhir.Node
	for _, a := range p.lastVersions() {
		terms := v.product.Lines[claims.ArticleKey{Kind: kind, Code: a.Code}]
		if a.Kind != kind || terms == nil {
			continue
		}
		benefits = append(benefits, obj("", concept("type", p.Systems[string(kind)], a.Code, ""), list("cost", p.costs(terms)...)))
	}
	if len(benefits) == 0 {
		return fhir.Node{}
	}
	return obj("", concept("category", codeSystemBase+"article-kind", string(kind), ""), list("benefit", benefits...))
}

// costs are the terms of one article. A value that holds for every visit or age
// has no qualifier for it.
func (p *Pack) costs(t *claims.Terms) []fhir.Node {
	var out []fhir.Node
	add := func(code string, value fhir.Node, qualifiers ...fhir.Node) {
		out = append(out, obj("", concept("type", codeSystemBase+"benefit-cost", code, ""), list("qualifiers", qualifiers...), value))
	}
	visits := []claims.Visit{claims.Other, claims.Emergency, claims.Referral}
	if sameVisits(t) {
		visits = visits[:1]
	}
	for _, visit := range visits {
		var qualifiers []fhir.Node
		if len(visits) > 1 {
			qualifiers = append(qualifiers, own("", "visit-type", string(visit)))
		}
		code, value := "co-insurance", func(m Money) fhir.Node { return quantity("value", m.String(), "%", ucum, "%") }
		if t.Limitation[visit] == claims.Fixed {
			code, value = "fixed-limit", func(m Money) fhir.Node { return p.moneyQuantity("value", m) }
		}
		byAgeGroup(t.LimitAdult[visit], t.LimitChild[visit], func(m Money, age ...fhir.Node) {
			if code != "co-insurance" || m.Cmp(hundred) != 0 {
				add(code, value(m), append(qualifiers[:len(qualifiers):len(qualifiers)], age...)...)
			}
		})
	}
	byAgeGroup(wholeMoney(t.WaitingAdult), wholeMoney(t.WaitingChild), func(m Money, age ...fhir.Node) {
		add("waiting-period", quantity("value", m.String(), "months", ucum, "mo"), age...)
	})
	byAgeGroup(t.MaxQtyAdult, t.MaxQtyChild, func(m Money, age ...fhir.Node) {
		add("max-quantity", obj("value", fhir.Num(m.String()).As("value")), age...)
	})
	return out
}

func wholeMoney(n int) *Money {
	if n == 0 {
		return nil
	}
	m := wholeNumber(n)
	return &m
}

// byAgeGroup calls say once when both ages have the same number, else for each
// that has one.
func byAgeGroup(adult, child *Money, say func(Money, ...fhir.Node)) {
	if adult != nil && child != nil && adult.Cmp(*child) == 0 {
		say(*adult)
		return
	}
	if adult != nil {
		say(*adult, own("", "age-group", "adult"))
	}
	if child != nil {
		say(*child, own("", "age-group", "minor"))
	}
}

func sameVisits(t *claims.Terms) bool {
	for _, v := range []claims.Visit{claims.Emergency, claims.Referral} {
		if t.Limitation[v] != t.Limitation[claims.Other] || !sameMoney(t.LimitAdult[v], t.LimitAdult[claims.Other]) || !sameMoney(t.LimitChild[v], t.LimitChild[claims.Other]) {
			return false
		}
	}
	return true
}

func sameMoney(a, b *Money) bool {
	return a == b || a != nil && b != nil && a.Cmp(*b) == 0
}
