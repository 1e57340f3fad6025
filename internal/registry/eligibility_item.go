package registry

import (
	"slices"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
)

// Code systems of the answer: openIMIS's own codes (openimis-interop 2.17),
// and ours where it has none.
const (
	systemBenefitType  = fhir.Base + "/CodeSystem/coverage-item-benefit-type"
	systemItemCategory = fhir.Base + "/CodeSystem/coverage-item-category"
	systemLimitReach   = fhir.Base + "/CodeSystem/limit-reach"
)

// countTypes and amountTypes are the benefit types of the categories of claim.
var (
	countTypes = map[claims.Category]string{
		claims.Hospitalisation: "admissions_left", claims.VisitCategory: "visits_left", claims.Consultation: "consultations_left",
		claims.Surgery: "surgeries_left", claims.Delivery: "deliveries_left", claims.Antenatal: "antenatal_left",
	}
	amountTypes = map[claims.Category]string{
		claims.Consultation: "consultation_amount", claims.Surgery: "surgery_amount", claims.Delivery: "delivery_amount",
		claims.Hospitalisation: "hospitalization_amount", claims.Antenatal: "antenatal_amount",
	}
)

// stayPrefix begins the type of a ceiling or deductible.
var stayPrefix = map[claims.Stay]string{claims.AnyCare: "total", claims.InHospital: "hospital", claims.OutOfBed: "non_hospital"}

// general says what a cover leaves in all: counts and amounts by category,
// deductibles and ceilings. What is unlimited is left out; what is used up
// stands at 0. It is left out when only the validity was asked.
func (a *enquiryAnswer) general(h *held, c *claims.CoverLeft) *fhir.Node {
	asked := false
	for _, p := range a.node.Get("purpose").Each() {
		asked = asked || p.String() == "benefits" || p.String() == "discovery"
	}
	if !asked {
		return nil
	}
	benefits := fhir.Arr()
	for _, k := range c.Categories {
		// As openIMIS names them, the counts allowed are those left.
		if k.Left != nil {
			benefits.Nodes = append(benefits.Nodes, fhir.Obj(concept(systemBenefitType, countTypes[k.Category]).As("type"),
				fhir.Num(itoa(*k.Left)).As("allowedUnsignedInt"), fhir.Num(itoa(k.Used)).As("usedUnsignedInt")))
		}
	}
	for _, k := range c.Categories {
		if k.Amount != nil {
			benefits.Nodes = append(benefits.Nodes, fhir.Obj(
				concept(systemBenefitType, amountTypes[k.Category]).As("type"), a.pack.money(*k.Amount).As("allowedMoney")))
		}
	}
	for _, l := range c.Deductibles {
		benefits.Nodes = append(benefits.Nodes, a.limit(&l, "_deduction"))
	}
	for _, l := range c.Ceilings {
		benefits.Nodes = append(benefits.Nodes, a.limit(&l, "_ceiling"))
	}
	n := fhir.Obj(concept(systemItemCategory, "benefit").As("category"))
	if name := a.pack.planName(h.Policy.Plan); name != "" {
		n.Nodes = append(n.Nodes, fhir.Str(name).As("name"))
	}
	n.Nodes = append(n.Nodes, fhir.Str(h.Policy.Plan).As("description"))
	if len(benefits.Nodes) > 0 {
		n.Nodes = append(n.Nodes, benefits.As("benefit"))
	}
	return &n
}

// limit is a ceiling or deductible: the whole amount, and what is used of it.
// A second coding tells whether it counts per treatment, person or policy.
func (a *enquiryAnswer) limit(l *claims.LimitLeft, suffix string) fhir.Node {
	typ := fhir.Obj(fhir.Arr(coding(systemBenefitType, stayPrefix[l.Stay]+suffix), coding(systemLimitReach, string(l.Reach))).As("coding"))
	return fhir.Obj(typ.As("type"), a.pack.money(l.Amount).As("allowedMoney"), a.pack.money(l.Used).As("usedMoney"))
}

// item is the answer for one article: as it was asked, whether it is excluded
// and why, what is left of it and what the person pays.
func (a *enquiryAnswer) item(i int) fhir.Node {
	l := &a.left.Items[i]
	n := fhir.Obj()
	if reasons := a.reasons(l.Findings); len(reasons) > 0 {
		n.Nodes = append(n.Nodes, fhir.Arr(reasons...).As("extension"))
	}
	n.Nodes = append(n.Nodes, a.asked(i).As("productOrService"), fhir.Bool(l.Excluded).As("excluded"))
	if art, ok := a.pack.Register(startOf(a.standing, a.pack)).Article(l.Key.Kind, l.Key.Code, a.day); ok && art.Name != "" {
		n.Nodes = append(n.Nodes, fhir.Str(art.Name).As("name"))
	}
	var why []claims.Message
	for _, f := range l.Findings {
		why = append(why, f.Message)
	}
	n.Nodes = append(n.Nodes, a.sentence("description", append(why, l.Notes...)...)...)
	if list := a.benefits(l); len(list) > 0 {
		n.Nodes = append(n.Nodes, fhir.Arr(list...).As("benefit"))
	}
	if !l.Excluded {
		n.Nodes = append(n.Nodes, fhir.Bool(a.looked(l)).As("authorizationRequired"))
	}
	return n
}

// asked is the concept of the i-th article as the request has it.
func (a *enquiryAnswer) asked(i int) fhir.Node {
	for at, item := range a.node.Get("item").Each() {
		if a.items[at] == (claims.ArticleKey{}) {
			continue
		}
		if i == 0 {
			return *item.Get("productOrService").Clone()
		}
		i--
	}
	return fhir.Obj()
}

// looked reports whether the scheme has a person look at the article before it
// is paid, so that it is wise to ask first.
func (a *enquiryAnswer) looked(l *claims.ItemLeft) bool {
	return l.Key.Kind == claims.Service && slices.Contains(a.pack.Review.Services, l.Key.Code)
}

// benefits are the quantity left, the first day, the price and the share.
func (a *enquiryAnswer) benefits(l *claims.ItemLeft) []fhir.Node {
	var out []fhir.Node
	kind := "service"
	if l.Key.Kind == claims.Item {
		kind = "item"
	}
	add := func(typ string, values ...fhir.Node) {
		out = append(out, fhir.Obj(append([]fhir.Node{concept(systemBenefitType, typ).As("type")}, values...)...))
	}
	if l.Left != nil {
		values := []fhir.Node{quantity("allowed", *l.Left)}
		if l.Used != nil {
			values = append(values, quantity("used", *l.Used))
		}
		add(kind+"_left", values...)
	}
	if !l.Earliest.IsZero() {
		add("min_date_"+kind, fhir.Str(l.Earliest.String()).As("allowedString"))
	}
	if l.Price != nil {
		add("list_price", a.pack.money(*l.Price).As("allowedMoney"))
	}
	if l.Value == nil || l.Excluded {
		return out
	}
	if l.Limit == claims.Fixed {
		add("fixed_limit", a.pack.money(*l.Value).As("allowedMoney"))
	} else if share, err := decimal.Hundred.Sub(*l.Value); err == nil {
		add("copay_percent", quantity("allowed", share))
	}
	return out
}

// quantity is a count: a whole number where it is one, else its text.
func quantity(name string, v claims.Money) fhir.Node {
	if v.IsInt() && !v.IsNeg() {
		return fhir.Num(v.Trunc(0).String()).As(name + "UnsignedInt")
	}
	return fhir.Str(claims.Number(v)).As(name + "String")
}
