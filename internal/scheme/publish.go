package scheme

import (
	"regexp"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// Code systems and extensions of ours that the published resources use.
const (
	extensionBase  = fhir.Base + "/StructureDefinition/"
	codeSystemBase = fhir.Base + "/CodeSystem/"
	translationURL = "http://hl7.org/fhir/StructureDefinition/translation"
	hl7CodeSystem  = "http://terminology.hl7.org/CodeSystem/"
)

// Resources builds the FHIR R4 resources that publish the pack, each with a
// stable id made of the scheme's name and its own code, and what is referred to
// before what refers to it. The same pack gives the same bytes, so publishing
// it again changes nothing.
//
// https://hl7.org/fhir/R4/insuranceplan.html and wire.md 6
func (p *Pack) Resources() []*fhir.Node {
	var out []*fhir.Node
	add := func(list ...fhir.Node) {
		for i := range list {
			out = append(out, &list[i])
		}
	}
	add(p.namingSystems()...)
	add(p.codeSystems()...)
	for i := range p.Locations {
		add(p.area(&p.Locations[i]))
	}
	add(p.insurer())
	for i := range p.Facilities {
		add(p.facility(&p.Facilities[i]), p.site(&p.Facilities[i]))
	}
	for i := range p.Practitioners {
		add(p.practitioner(&p.Practitioners[i]), p.role(&p.Practitioners[i]))
	}
	for _, a := range p.lastVersions() {
		add(p.article(a))
	}
	add(p.charges()...)
	for i := range p.Plans {
		add(p.insurancePlan(&p.Plans[i]))
	}
	return out
}

// id is the client id of a published resource: at most 64 characters, since
// the name has at most 20 and codes 16.
func (p *Pack) id(parts ...string) string { return p.Name + "-" + strings.Join(parts, "-") }

func (p *Pack) resource(typ, id string, members ...fhir.Node) fhir.Node {
	return fhir.Obj(append([]fhir.Node{str("resourceType", typ), str("id", id)}, present(members)...)...)
}

// present leaves out members without content: FHIR knows no empty values.
func present(members []fhir.Node) []fhir.Node {
	out := members[:0:0]
	for _, m := range members {
		empty := m.Kind == fhir.KindNone || m.Kind == fhir.KindString && m.Text == "" ||
			(m.Kind == fhir.KindArray || m.Kind == fhir.KindObject) && len(m.Nodes) == 0
		if !empty {
			out = append(out, m)
		}
	}
	return out
}

func str(name, text string) fhir.Node { return fhir.Str(text).As(name) }

func obj(name string, members ...fhir.Node) fhir.Node { return fhir.Obj(present(members)...).As(name) }

func list(name string, elements ...fhir.Node) fhir.Node {
	return fhir.Arr(present(elements)...).As(name)
}

func reference(name, target, display string) fhir.Node {
	return obj(name, str("reference", target), str("display", display))
}

func coding(system, code, display string) fhir.Node {
	return obj("", str("system", system), str("code", code), str("display", display))
}

// concept is a CodeableConcept with one coding.
func concept(name, system, code, display string) fhir.Node {
	return obj(name, list("coding", coding(system, code, display)))
}

func identifier(system, value string) fhir.Node {
	return list("identifier", obj("", str("system", system), str("value", value)))
}

func extension(name string, value fhir.Node) fhir.Node {
	return obj("", str("url", extensionBase+name), value)
}

func (p *Pack) money(name string, m Money) fhir.Node {
	return obj(name, fhir.Num(m.Pad(p.decimals()).String()).As("value"), str("currency", p.Currency))
}

// quantity of money, for places where R4 wants a Quantity.
func (p *Pack) moneyQuantity(name string, m Money) fhir.Node {
	return quantity(name, m.Pad(p.decimals()).String(), p.Currency, "urn:iso:std:iso:4217", p.Currency)
}

func quantity(name, value, unit, system, code string) fhir.Node {
	return obj(name, fhir.Num(value).As("value"), str("unit", unit), str("system", system), str("code", code))
}

const ucum = "http://unitsofmeasure.org"

func span(name string, from, to date.Date) fhir.Node {
	return obj(name, str("start", from.String()), str("end", to.String()))
}

// text gives a string element in the main language, and its translations
// beside it.
//
// https://hl7.org/fhir/R4/extension-translation.html
func (p *Pack) text(name string, t Texts) []fhir.Node {
	main := p.Languages[0]
	var translations []fhir.Node
	for _, lang := range p.Languages[1:] {
		if t[lang] != "" && t[lang] != t[main] {
			translations = append(translations, obj("", str("url", translationURL), list("extension",
				obj("", str("url", "lang"), str("valueCode", lang)),
				obj("", str("url", "content"), str("valueString", t[lang])))))
		}
	}
	return []fhir.Node{str(name, t.In(main)), obj("_"+name, list("extension", translations...))}
}

// concept of the scheme's own systems with its names as text.
func (p *Pack) named(name, system, code string, t Texts) fhir.Node {
	return obj(name, append([]fhir.Node{list("coding", coding(system, code, t.In(p.Languages[0])))}, p.text("text", t)...)...)
}

var notIdentifier = regexp.MustCompile(`[^A-Za-z0-9]+`)

// computerName makes a name that programs can use, as canonical resources
// should have: "NepalHib_Service_S101".
func computerName(parts ...string) string {
	var out []string
	for _, part := range parts {
		var b strings.Builder
		for _, word := range notIdentifier.Split(part, -1) {
			if word != "" {
				b.WriteString(strings.ToUpper(word[:1]) + word[1:])
			}
		}
		out = append(out, b.String())
	}
	return strings.Join(out, "_")
}

// Displays of the codes that openIMIS uses and FHIR does not have.
var displays = map[string]map[string]string{
	"facility-level":     {"D": "Dispensary", "C": "Health centre", "H": "Hospital"},
	"facility-sub-level": {"N": "None", "I": "Integrated", "R": "Reference"},
	"care-type":          {"O": "Out-patient", "I": "In-patient", "B": "Both"},
	"legal-form":         {"C": "Charity", "D": "District organisation", "G": "Government", "P": "Private"},
	"claim-category": {
		"S": "Surgery", "D": "Delivery", "A": "Antenatal care", "H": "Hospitalisation", "C": "Consultation", "O": "Other", "V": "Visit",
	},
	"service-level": {"S": "Simple service", "V": "Visit", "D": "Day of stay", "H": "Hospital case"},
	"service-type":  {"P": "Preventive", "C": "Curative"},
	"item-type":     {"D": "Drug", "M": "Medical consumable"},
	"visit-type":    {"E": "Emergency", "R": "Referral", "O": "Other"},
	"age-group":     {"adult": "Adult", "minor": "Minor"},
}

// own is a CodeableConcept of one of our code systems.
func own(name, system, code string) fhir.Node {
	return concept(name, codeSystemBase+system, code, displays[system][code])
}

// lastVersions returns the newest version of each article, in order of kind and
// code.
func (p *Pack) lastVersions() []*Article {
	last := map[claims.ArticleKey]*Article{}
	for i := range p.Articles {
		a := &p.Articles[i]
		last[claims.ArticleKey{Kind: a.Kind, Code: a.Code}] = a // they stand in order of time
	}
	var out []*Article
	for _, kind := range []claims.Kind{claims.Service, claims.Item} {
		codes := map[string]*Article{}
		for key, a := range last {
			if key.Kind == kind {
				codes[key.Code] = a
			}
		}
		for _, code := range sortedKeys(codes) {
			out = append(out, codes[code])
		}
	}
	return out
}
