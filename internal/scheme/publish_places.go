package scheme

import (
	"strconv"

	"github.com/jamii-health/jamii/fhir"
)

// insurer is the organization that insures.
//
// https://hl7.org/fhir/R4/organization.html
func (p *Pack) insurer() fhir.Node {
	in := &p.Insurer
	system := p.Systems["insurer"]
	if system == "" {
		system = p.Systems["facility"]
	}
	return p.resource("Organization", p.insurerID(), append([]fhir.Node{
		identifier(system, in.Code), fhir.Bool(true).As("active"),
		list("type", concept("", hl7CodeSystem+"organization-type", "ins", "Insurance Company")),
		list("telecom", telecom("phone", in.Phone), telecom("email", in.Email)),
	}, p.text("name", in.Name)...)...)
}

func (p *Pack) insurerID() string { return p.id("insurer", p.Insurer.Code) }

func telecom(system, value string) fhir.Node {
	if value == "" {
		return fhir.Node{}
	}
	return obj("", str("system", system), str("value", value))
}

// facility is a health facility as an organization.
func (p *Pack) facility(f *Facility) fhir.Node {
	extensions := []fhir.Node{
		extension("facility-level", own("valueCodeableConcept", "facility-level", f.Level)),
		extension("facility-sub-level", own("valueCodeableConcept", "facility-sub-level", f.SubLevel)),
		extension("care-type", own("valueCodeableConcept", "care-type", string(f.CareType))),
		extension("legal-form", own("valueCodeableConcept", "legal-form", f.LegalForm)),
	}
	for name, value := range map[string]string{"item-price-list": f.ItemList, "service-price-list": f.ServiceList} {
		if value != "" {
			extensions = append(extensions, extension(name, concept("valueCodeableConcept", p.Systems["price-list"], value, "")))
		}
	}
	sortExtensions(extensions)
	return p.resource("Organization", p.facilityID(f.Code), append([]fhir.Node{
		list("extension", extensions...), identifier(p.Systems["facility"], f.Code), fhir.Bool(f.Active).As("active"),
		list("type", concept("", hl7CodeSystem+"organization-type", "prov", "Healthcare Provider")),
		list("telecom", telecom("phone", f.Phone)),
	}, p.text("name", f.Names)...)...)
}

func (p *Pack) facilityID(code string) string { return p.id("fac", code) }

// area is a node of the area tree.
//
// https://hl7.org/fhir/R4/location.html
func (p *Pack) area(l *Location) fhir.Node {
	members := []fhir.Node{
		identifier(p.Systems["location"], l.Code), str("status", "active"), str("mode", "instance"),
		obj("physicalType", list("coding",
			coding(hl7CodeSystem+"location-physical-type", "jdn", "Jurisdiction"), coding(codeSystemBase+"area-level", p.AreaLevels[l.Level], ""))),
	}
	if l.Population > 0 {
		members = append(members, list("extension", extension("population", fhir.Num(strconv.Itoa(l.Population)).As("valueUnsignedInt"))))
	}
	if l.Parent != "" {
		members = append(members, reference("partOf", "Location/"+p.id("loc", l.Parent), p.lookup.location[l.Parent].Names.In(p.Languages[0])))
	}
	return p.resource("Location", p.id("loc", l.Code), append(members, p.text("name", l.Names)...)...)
}

// site is where a facility stands.
func (p *Pack) site(f *Facility) fhir.Node {
	members := []fhir.Node{
		identifier(p.Systems["facility"], f.Code), str("status", map[bool]string{true: "active", false: "inactive"}[f.Active]), str("mode", "instance"),
		concept("physicalType", hl7CodeSystem+"location-physical-type", "si", "Site"),
		reference("managingOrganization", "Organization/"+p.facilityID(f.Code), f.Names.In(p.Languages[0])),
		reference("partOf", "Location/"+p.id("loc", f.Location), p.lookup.location[f.Location].Names.In(p.Languages[0])),
	}
	if f.Latitude != "" {
		members = append(members, obj("position", fhir.Num(f.Longitude).As("longitude"), fhir.Num(f.Latitude).As("latitude")))
	}
	return p.resource("Location", p.siteID(f.Code), append(members, p.text("name", f.Names)...)...)
}

func (p *Pack) siteID(code string) string { return p.id("site", code) }

// practitioner is a person who works at a facility.
//
// https://hl7.org/fhir/R4/practitioner.html
func (p *Pack) practitioner(r *Practitioner) fhir.Node {
	return p.resource("Practitioner", p.id("pra", r.Code),
		identifier(p.Systems["practitioner"], r.Code), fhir.Bool(true).As("active"),
		list("name", obj("", str("use", "official"), str("family", r.Family), list("given", fhir.Str(r.Given)))),
		list("telecom", telecom("phone", r.Phone)), str("gender", r.Sex))
}

// role ties a practitioner to the facility.
//
// https://hl7.org/fhir/R4/practitionerrole.html
func (p *Pack) role(r *Practitioner) fhir.Node {
	system := hl7CodeSystem + "practitioner-role"
	if r.Role == "claim-administrator" {
		system = codeSystemBase + "practitioner-role"
	}
	return p.resource("PractitionerRole", p.id("role", r.Code),
		fhir.Bool(true).As("active"),
		reference("practitioner", "Practitioner/"+p.id("pra", r.Code), r.Given+" "+r.Family),
		reference("organization", "Organization/"+p.facilityID(r.Facility), p.lookup.facility[r.Facility].Names.In(p.Languages[0])),
		list("code", concept("", system, r.Role, "")),
		list("location", reference("", "Location/"+p.siteID(r.Facility), "")))
}
