package scheme

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

func sortExtensions(list []fhir.Node) {
	slices.SortStableFunc(list, func(a, b fhir.Node) int { return strings.Compare(a.Get("url").String(), b.Get("url").String()) })
}

// article publishes the newest version of a service as ActivityDefinition, of
// an item as Medication (wire.md 6).
func (p *Pack) article(a *Article) fhir.Node {
	if a.Kind == claims.Item {
		return p.medication(a)
	}
	return p.activity(a)
}

func (p *Pack) articleID(kind claims.Kind, code string) string {
	if kind == claims.Item {
		return p.id("itm", code)
	}
	return p.id("svc", code)
}

// activity is a service.
//
// https://hl7.org/fhir/R4/activitydefinition.html
func (p *Pack) activity(a *Article) fhir.Node {
	extensions := append(p.articleExtensions(a),
		extension("service-level", own("valueCodeableConcept", "service-level", a.Level)),
		extension("service-type", own("valueCodeableConcept", "service-type", a.Type)))
	if a.Package != "S" {
		extensions = append(extensions, p.packageExtension(a))
	}
	sortExtensions(extensions)
	id := p.articleID(a.Kind, a.Code)
	members := []fhir.Node{
		list("extension", extensions...), str("url", fhir.Base+"/ActivityDefinition/"+id), identifier(p.Systems["service"], a.Code),
		str("name", computerName("service", a.Code)), str("status", "active"), fhir.Bool(false).As("experimental"),
		str("date", p.Published.String()), str("publisher", p.Insurer.Name.In(p.Languages[0])),
		list("useContext", p.contexts(a)...), span("effectivePeriod", a.From, a.To),
		list("topic", own("", "claim-category", string(a.Category))), str("kind", "ServiceRequest"),
		p.named("code", p.Systems["service"], a.Code, a.Names),
	}
	return p.resource("ActivityDefinition", id, append(members, p.text("title", a.Names)...)...)
}

// medication is an item. R4's Medication has no use context, so that stands in
// extensions.
//
// https://hl7.org/fhir/R4/medication.html
func (p *Pack) medication(a *Article) fhir.Node {
	extensions := append(p.articleExtensions(a), extension("item-type", own("valueCodeableConcept", "item-type", a.Type)))
	for _, c := range p.contexts(a) {
		extensions = append(extensions, extension("usage-context", c.As("valueUsageContext")))
	}
	sortExtensions(extensions)
	form := fhir.Node{}
	if a.Unit != "" {
		form = obj("form", str("text", a.Unit))
	}
	return p.resource("Medication", p.articleID(a.Kind, a.Code),
		list("extension", extensions...), identifier(p.Systems["item"], a.Code),
		p.named("code", p.Systems["item"], a.Code, a.Names), str("status", "active"), form)
}

func (p *Pack) articleExtensions(a *Article) []fhir.Node {
	out := []fhir.Node{extension("unit-price", p.money("valueMoney", a.Price))}
	if a.Frequency > 0 {
		out = append(out, extension("frequency", quantity("valueQuantity", strconv.Itoa(a.Frequency), "days", ucum, "d")))
	}
	if a.MaxQuantity != nil {
		out = append(out, extension("max-quantity", obj("valueQuantity", fhir.Num(a.MaxQuantity.String()).As("value"))))
	}
	return out
}

func (p *Pack) packageExtension(a *Article) fhir.Node {
	parts := []fhir.Node{obj("", str("url", "kind"), str("valueCode", a.Package))}
	for _, part := range a.Parts {
		system := p.Systems["service"]
		if part.Kind == claims.Item {
			system = p.Systems["item"]
		}
		parts = append(parts, obj("", str("url", "part"), list("extension",
			obj("", str("url", "code"), concept("valueCodeableConcept", system, part.Code, "")),
			obj("", str("url", "quantity"), fhir.Num(part.Quantity.String()).As("valueDecimal")))))
	}
	return obj("", str("url", extensionBase+"package"), list("extension", parts...))
}

// contexts say for whom and where an article is.
func (p *Pack) contexts(a *Article) []fhir.Node {
	context := func(kind string, value fhir.Node) fhir.Node {
		return obj("", coding(hl7CodeSystem+"usage-context-type", kind, "").As("code"), value)
	}
	var out []fhir.Node
	if a.Patients != 0 {
		for _, sex := range []string{"male", "female"} {
			if bits := a.Patients & 3; bits != 3 && bits&patientBits[sex] != 0 {
				out = append(out, context("gender", concept("valueCodeableConcept", "http://hl7.org/fhir/administrative-gender", sex, "")))
			}
		}
		for _, age := range []string{"adult", "minor"} {
			if bits := a.Patients & 12; bits != 12 && bits&patientBits[age] != 0 {
				out = append(out, context("age", own("valueCodeableConcept", "age-group", age)))
			}
		}
	}
	if a.CareType != claims.Both {
		out = append(out, context("venue", own("valueCodeableConcept", "care-type", string(a.CareType))))
	}
	return out
}

// A charge is a price and the days it holds.
type charge struct {
	from, to date.Date
	price    Money
	care     claims.CareType
}

// charges publishes the price lists: one ChargeItemDefinition for each list and
// code, with a group for each price by date (wire.md 6).
//
// https://hl7.org/fhir/R4/chargeitemdefinition.html
func (p *Pack) charges() []fhir.Node {
	keys := make([]claims.PriceKey, 0, len(p.register.Prices))
	for key := range p.register.Prices {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b claims.PriceKey) int {
		return strings.Compare(a.List+" "+string(a.Kind)+" "+a.Code, b.List+" "+string(b.Kind)+" "+b.Code)
	})
	var out []fhir.Node
	for _, key := range keys {
		if list := p.chargesOf(key); len(list) > 0 {
			out = append(out, p.chargeItem(key, list))
		}
	}
	return out
}

// chargesOf lays the rows of the list over the versions of the article: a row
// without a price takes the register's.
func (p *Pack) chargesOf(key claims.PriceKey) []charge {
	var out []charge
	for _, row := range p.register.Prices[key] {
		for _, a := range p.register.Articles[claims.ArticleKey{Kind: key.Kind, Code: key.Code}] {
			c := charge{from: date.Max(row.From, a.From), to: date.Min(row.To, a.To), price: a.Price, care: a.CareType}
			if row.Overrule != nil {
				c.price = *row.Overrule
			}
			if !c.to.IsZero() && c.to.Before(c.from) {
				continue
			}
			if n := len(out); n > 0 && out[n-1].price.Cmp(c.price) == 0 && out[n-1].care == c.care && out[n-1].to.AddDays(1) == c.from {
				out[n-1].to = c.to
				continue
			}
			out = append(out, c)
		}
	}
	return out
}

func (p *Pack) chargeItem(key claims.PriceKey, charges []charge) fhir.Node {
	system := p.Systems[string(key.Kind)]
	a := p.newest(key.Kind, key.Code)
	id := p.id("cid", key.List, string(key.Kind[:1]), key.Code)
	var groups, extensions []fhir.Node
	for _, c := range charges {
		groups = append(groups, p.propertyGroup(c))
	}
	for i := range p.Facilities {
		f := &p.Facilities[i]
		if key.Kind == claims.Item && f.ItemList == key.List || key.Kind == claims.Service && f.ServiceList == key.List {
			extensions = append(extensions, extension("facility", reference("valueReference", "Organization/"+p.facilityID(f.Code), "")))
		}
	}
	instance := fhir.Node{}
	if key.Kind == claims.Item {
		instance = list("instance", reference("", "Medication/"+p.articleID(key.Kind, key.Code), ""))
	}
	members := append([]fhir.Node{
		list("extension", extensions...), str("url", fhir.Base+"/ChargeItemDefinition/"+id),
		list("identifier", obj("", str("system", p.Systems["price-list"]), str("value", key.List+"/"+key.Code))),
	}, p.text("title", a.Names)...)
	members = append(members,
		str("status", "active"), fhir.Bool(false).As("experimental"), str("date", p.Published.String()), str("publisher", p.Insurer.Name.In(p.Languages[0])),
		list("useContext", obj("", coding(hl7CodeSystem+"usage-context-type", "program", "").As("code"),
			concept("valueCodeableConcept", p.Systems["price-list"], key.List, ""))),
		span("effectivePeriod", charges[0].from, charges[len(charges)-1].to),
		p.named("code", system, key.Code, a.Names), instance, list("propertyGroup", groups...))
	return p.resource("ChargeItemDefinition", id, members...)
}

// propertyGroup is one price: when it holds, for which care, and the amount.
func (p *Pack) propertyGroup(c charge) fhir.Node {
	var when []string
	if !c.from.IsZero() {
		when = append(when, "%context.occurrence >= @"+c.from.String())
	}
	if !c.to.IsZero() {
		when = append(when, "%context.occurrence <= @"+c.to.String())
	}
	conditions := []fhir.Node{}
	if len(when) > 0 {
		conditions = append(conditions, obj("", str("description", "Services given "+days(c.from, c.to)),
			str("language", "text/fhirpath"), str("expression", strings.Join(when, " and "))))
	}
	class := map[claims.CareType]string{claims.OutPatient: "AMB", claims.InPatient: "IMP"}[c.care]
	if class != "" {
		conditions = append(conditions, obj("", str("description", displays["care-type"][string(c.care)]+" care only"),
			str("language", "text/fhirpath"), str("expression", "%context.context.resolve().class.code = '"+class+"'")))
	}
	validity := []fhir.Node{}
	if !c.from.IsZero() || !c.to.IsZero() {
		validity = append(validity, extension("validity", span("valuePeriod", c.from, c.to)))
	}
	return obj("", list("extension", validity...), list("applicability", conditions...),
		list("priceComponent", obj("", str("type", "base"), p.money("amount", c.price))))
}

func days(from, to date.Date) string {
	switch {
	case from.IsZero():
		return "until " + to.String()
	case to.IsZero():
		return "from " + from.String()
	}
	return "from " + from.String() + " to " + to.String()
}

// newest is the newest version of an article.
func (p *Pack) newest(kind claims.Kind, code string) *Article {
	var out *Article
	for i := range p.Articles {
		if a := &p.Articles[i]; a.Kind == kind && a.Code == code {
			out = a
		}
	}
	return out
}
