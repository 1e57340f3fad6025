package search_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir/search"
)

const patient = `{"resourceType":"Patient","meta":{"tag":[{"system":"t","code":"x"}],"profile":["http://p/a/b|1"]},
	"identifier":[{"system":"s","value":"1","type":{"text":"Record number","coding":[{"system":"v2","code":"MR"}]}},{"value":"2"}],
	"name":[{"family":"Müller-Šan","given":["José  María"],"text":"Dr José"}],"gender":"male","birthDate":"1980-05",
	"address":[{"city":"काठमाडौं"}],"generalPractitioner":[{"reference":"Practitioner/p"},{"identifier":{"system":"s","value":"9"},"display":"Dr House"}],
	"managingOrganization":{"reference":"https://x.org/fhir/Organization/o"}}`

const observation = `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure"}],"text":"BP sitting"},
	"subject":{"reference":"Patient/p"},"effectivePeriod":{"start":"2024-03-01","end":"2024-03-10"},
	"valueQuantity":{"value":5.40,"unit":"milligram","system":"http://unitsofmeasure.org","code":"mg"},
	"component":[{"code":{"coding":[{"code":"sys"}]},"valueQuantity":{"value":120}},{"code":{"coding":[{"code":"dia"}]},"valueQuantity":{"value":80}}]}`

const condition = `{"resourceType":"Condition","subject":{"reference":"Patient/p"},"onsetRange":{"low":{"value":10,"code":"a"},"high":{"value":20,"code":"a"}},"abatementAge":{"value":60,"comparator":">"}}`

func TestMatch(t *testing.T) {
	c := catalogue(t)
	tests := []struct {
		name, resource, query string
		want                  bool
	}{
		{"system differs", patient, "identifier=x|1", false},
		{"code differs in case", patient, "gender=Male", false},
		{"code without a system that has one", patient, "identifier=|1", false},
		{"type of another identifier", patient, "identifier:of-type=v2|MR|2", false},
		{"another instance of the composite", observation, "component-code-value-quantity=sys$80", false},
		{"begins in the middle", patient, "given=Mar", false},
		{"exact with other accents", patient, "family:exact=Muller-Šan", false},
		{"no such text", observation, "code:text=pulse", false},
		{"another id", patient, "_id=b", false},
		{"chain that does not hold", observation, "patient.name=nobody", false},
		{"not, and the value is there", patient, "gender:not=male,female", false},
		{"missing, and it is there", patient, "gender:missing=true", false},
		{"profile in another version", patient, "_profile=http://p/a/b|2", false},
		{"below half a segment", patient, "_profile:below=http://p/a/", true},

		{"all", patient, "", true},
		{"token", patient, "identifier=s|1", true},
		{"token of any system", patient, "identifier=1", true},
		{"token without a system", patient, "identifier=|2", true},
		{"any token of a system", patient, "identifier=s|", true},
		{"a code by the system of its value set", patient, "gender=http://hl7.org/fhir/administrative-gender|male", true},
		{"a code without its system", patient, "gender=|male", true},
		{"of-type", patient, "identifier:of-type=v2|MR|1", true},
		{"text of the identifier's type", patient, "identifier:text=record", true},
		{"text of a display", observation, "code:text=pressure", true},
		{"text of the concept", observation, "code:text=SITTING", true},
		{"not, and no value at all", observation, "category:not=x", true},
		{"missing", observation, "category:missing=true", true},
		{"not missing", observation, "code:missing=false", true},
		{"tag", patient, "_tag=t|x", true},
		{"profile without version", patient, "_profile=http://p/a/b", true},
		{"profile above", patient, "_profile:above=http://p/a/b/c", true},

		{"folded", patient, "family=muller-san", true},
		{"spaces squeezed", patient, "given=jose maria", true},
		{"contains", patient, "family:contains=SAN", true},
		{"exact", patient, "family:exact=Müller-Šan", true},
		{"vowel signs count", patient, "address-city=कठमाडौं", false},
		{"Devanagari", patient, "address-city=काठ", true},

		{"reference", patient, "general-practitioner=Practitioner/p", true},
		{"reference by id", patient, "general-practitioner=p", true},
		{"reference of another type", patient, "general-practitioner:Organization=p", false},
		{"reference by identifier", patient, "general-practitioner:identifier=s|9", true},
		{"reference by identifier of any system", patient, "general-practitioner:identifier=9", true},
		{"reference by identifier without system", patient, "general-practitioner:identifier=|9", false},
		{"text of a reference", patient, "general-practitioner:text=house", true},
		{"reference elsewhere", patient, "organization=https://x.org/fhir/Organization/o", true},
		{"reference elsewhere is not ours", patient, "organization=Organization/o", false},
		{"chain", observation, "patient.name=found", true},
		{"chain over another type", observation, "subject:Group.code=found", false},
		{"has", patient, "_has:Observation:patient:status=final", true},
		{"id", patient, "_id=b,a", true},

		{"month in its year", patient, "birthdate=1980", true},
		{"month is not in a day", patient, "birthdate=1980-05-03", false},
		{"not equal to a day in it", patient, "birthdate=ne1980-05-03", true},
		{"about a day in it", patient, "birthdate=ap1980-05-03", true},
		{"after the start of it", patient, "birthdate=gt1980-05-03", true},
		{"starts after", patient, "birthdate=sa1980-04", true},
		{"starts after, but not after itself", patient, "birthdate=sa1980-05-01", false},
		{"ends before", patient, "birthdate=eb1980-06", true},
		{"ends before, but not within", patient, "birthdate=eb1980-05-31", false},
		{"period contains no smaller one", observation, "date=2024-03-05", false},
		{"period in its month", observation, "date=2024-03", true},
		{"period: ge a day before its end", observation, "date=ge2024-03-09", true},
		{"period: ge its end, which it reaches and does not pass", observation, "date=ge2024-03-10", false},
		{"period: gt its end", observation, "date=gt2024-03-10", false},
		{"period: lt its start", observation, "date=lt2024-03-01", false},
		{"period: le its start", observation, "date=le2024-03-01", false},
		{"period: le all of it", observation, "date=le2024-03", true},
		{"last updated", patient, "_lastUpdated=2025-01-02T03:04:05Z", true},
		{"last updated, later", patient, "_lastUpdated=gt2025-01-02T03:04:05Z", false},
		{"last updated, since", patient, "_lastUpdated=ge2025-01-02T03:04:05.000006Z", true},

		{"number by its precision", observation, "value-quantity=5.4", true},
		{"number at the closed end", observation, "value-quantity=5.45", false},
		{"half open: up", observation, "value-quantity=5.3", false},
		{"half open: the lower end counts", observation, "value-quantity=5", true},
		{"gt ignores precision", observation, "value-quantity=gt5.4", false},
		{"ge", observation, "value-quantity=ge5.40000", true},
		{"lt a hair more", observation, "value-quantity=lt5.40000000000000000000001", true},
		{"sa a hair less", observation, "value-quantity=sa5.39999999999999999999999", true},
		{"eb itself", observation, "value-quantity=eb5.4", false},
		{"ne", observation, "value-quantity=ne5.4", false},
		{"about", observation, "value-quantity=ap5", true},
		{"not about", observation, "value-quantity=ap4.9", false},
		{"unit", observation, "value-quantity=5.4|http://unitsofmeasure.org|mg", true},
		{"unit of another system", observation, "value-quantity=5.4|http://x|mg", false},
		{"unit as people write it", observation, "value-quantity=5.4||milligram", true},
		{"another unit", observation, "value-quantity=5.4||g", false},
		{"composite", observation, "component-code-value-quantity=sys$gt100", true},
		{"composite of the resource", observation, "code-value-quantity=http://loinc.org|85354-9$5.4", true},
		{"range", condition, "onset-age=lt11", true},
		{"range: all of it above", condition, "onset-age=sa9", true},
		{"range: all of it below", condition, "onset-age=eb20", false},
		{"range: about", condition, "onset-age=ap21", true},
		{"range: is no point", condition, "onset-age=15", false},
		{"open range", condition, "abatement-age=gt1000", true},
		{"open range: below", condition, "abatement-age=lt60", false},
	}
	r := search.Context{
		ID: "a", Updated: time.Date(2025, 1, 2, 3, 4, 5, 6000, time.UTC),
		Chain: func(refs []string, x search.Expr) bool {
			w, ok := x.(search.Word)
			return ok && slices.Contains(refs, "Patient/p") && w.Text == "found"
		},
		Has: func(h search.Has) bool { return h.Type == "Observation" && h.Param == "patient" },
	}
	for _, tt := range tests {
		t.Run(tt.name+": "+tt.query, func(t *testing.T) {
			n := node(t, tt.resource)
			q, err := parse(t, c, n.ResourceType(), tt.query, false)
			if err != nil {
				t.Fatal(err)
			}
			index, err := c.Index(n)
			if err != nil {
				t.Fatal(err)
			}
			if got := search.Match(q.Expr, index, r); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// Without hooks, what lies beyond the resource is not there.
func TestMatchWithoutHooks(t *testing.T) {
	c := catalogue(t)
	index, err := c.Index(node(t, observation))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []search.Expr{
		search.Chain{Param: "patient", Types: []string{"Patient"}},
		search.Has{Type: "Claim", Param: "patient"},
		search.Or{},
		search.IDs{},
		search.Word{Param: "code", Kind: search.Token, Mode: search.Suffix, Text: "nothing"},
		search.Text{Asked: search.Words{Phrase: " a "}},
		search.Other{Param: "none", X: search.IDs{}},
		search.Between{Param: "value-quantity", Kind: search.Quantity, Op: search.Eq, Decimal: "x"},
		search.Between{Param: "date", Kind: search.Date},
	} {
		if search.Match(x, index, search.Context{}) {
			t.Errorf("%#v holds", x)
		}
	}
	if !search.Match(search.And{}, index, search.Context{}) || !search.Match(nil, index, search.Context{}) {
		t.Error("nothing asked is true")
	}
}

func TestNorm(t *testing.T) {
	tests := map[string]string{
		"": "", "  \t": "", " A  b\n": "a b", "É": "e", "e\u0301": "e", "Straße": "straße", "का": "का", "ÅNGSTRÖM": "angstrom", "\u0301": "",
	}
	for in, want := range tests {
		if got := search.Norm(in); got != want {
			t.Errorf("Norm(%q) = %q, want %q", in, got, want)
		}
	}
}
