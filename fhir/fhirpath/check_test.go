package fhirpath

import "testing"

func TestCheck(t *testing.T) {
	for _, x := range []struct{ root, source, want string }{
		{"NoSuchType", "id", "line 1, column 1: the type NoSuchType is not known in FHIR R4"},
		{"Patient", "nam", "line 1, column 1: Patient has no element nam"},
		{"Patient", "name.where(usage = 'x')", "line 1, column 12: HumanName has no element usage"},
		{"Patient", "Claim.item", "line 1, column 1: the path begins with Claim, but the expression is for Patient"},
		{"Observation", "value.nosuch", "*"}, // which types are named depends on their order
		{"Observation", "valueQuantity", "line 1, column 1: Observation has no element valueQuantity"},
		{"Observation", "(value as Quantity).start", "line 1, column 21: Quantity or System.Quantity has no element start"},
		{"Observation", "value.ofType(NoSuchType)", "line 1, column 14: the type NoSuchType is not known in FHIR R4"},
		{"Patient", "name.as(HumanName)", "line 1, column 6: as() is for a single item, and there may be several; use ofType()"},
		{"Patient", "children()[0]", "line 1, column 11: the items before this have no order, so no position either"},
		{"Patient", "descendants().first()", "line 1, column 15: the items before this have no order, so no position either"},
		{"Patient", "name['x']", "line 1, column 6: an index must be an integer"},
		{"Patient", "name.upper()", "line 1, column 6: upper() does not work on HumanName"},
		{"Patient", "gender.ln()", "line 1, column 8: ln() does not work on code"},
		{"Patient", "-gender", "line 1, column 1: a sign can stand before a number only"},
		{"Patient", "iif(name, 1, 2)", "line 1, column 5: the criterion of iif() must be one boolean"},
		{"Patient", "name.count().x", "line 1, column 14: System.Integer has no element x"},
		{"Patient", "type().x", "line 1, column 8: System.TypeInfo has no element x"},
		{"Patient", "name.select(given | nosuch)", "line 1, column 21: HumanName has no element nosuch"},
		{"Patient", "name.union(nosuch)", "line 1, column 12: Patient has no element nosuch"},
		{"Patient", "name.given.where($this = 'x' and $index > 0).first() & 'x'", ""},
		{"Patient", "extension('x').value.ofType(Quantity).value + 1", ""},
		{"Patient", "contained.name | contained.anything", ""}, // may be any resource
		{"Patient", "%resource.whatever = %context.name.family", ""},
		{"Patient", "repeat(link).other.resolve().name", ""},
		{"", "anything.goes.here or Claim.item.exists()", ""},
		{"", "Claim.nosuch", "line 1, column 7: Claim has no element nosuch"},
		{"Claim.item", "quantity.value > 0 implies detail.exists()", ""},
	} {
		err := Must(x.source).Check(x.root)
		switch {
		case err == nil && x.want != "":
			t.Errorf("%s: nothing found, want %s", x.source, x.want)
		case err != nil && x.want != "*" && err.Error() != x.want:
			t.Errorf("%s\ngot  %s\nwant %s", x.source, err, x.want)
		}
	}
}
