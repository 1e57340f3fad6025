package fhirpath

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
)

func TestNavigation(t *testing.T) {
	runExamples(t, nil, []example{
		{"nosuch | name.nosuch | resourceType", ""},
		{"Observation.value", ""},
		{"Patient.name.family", "Adhikari"},
		{"Resource.id | DomainResource.id", "p1"},
		{"name.where(Patient.exists())", ""}, // Patient is no name
		{"contained.name | contained[0].id", "Clinic, o1"},
		{"identifier.value", "A-1, B-2"},
		{"name.given.id", "g0"},
		{"name.given.extension.value", "masked"},
		{"birthDate.extension('https://example.org/time').value", "04:05:06"},
		{"deceased.extension.value", "true"},
		{"_birthDate", ""},
		{"name.select(given[0])", "Sita, <string>"},
		{"meta.profile[1]", "https://example.org/b"},
		{"%context.id & %resource.id & %rootResource.id", "p1p1p1"},
	})
}

func TestFHIRFunctions(t *testing.T) {
	runExamples(t, nil, []example{
		{"elementDefinition()", "fails: line 1, column 1: elementDefinition() needs profiles, and none were given to this evaluation"},
		{"slice('p', 's')", "fails: line 1, column 1: slice() needs profiles, and none were given to this evaluation"},
		{"conformsTo('https://example.org/other')", "fails: line 1, column 12: the profile given to conformsTo() is not known here"},
		{"name.conformsTo('x')", "fails: line 1, column 6: conformsTo() works on a single item, and there are several; use first(), where() or select()"},
		{"extension('x' | 'y')", "fails: line 1, column 15: this function works on a single item, and there are several; use first(), where() or select()"},
		{"conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')", "true"},
		{"conformsTo('http://hl7.org/fhir/StructureDefinition/Person')", "false"},
		{"birthDate.hasValue() and gender.hasValue()", "true"},
		{"deceased.hasValue() or name.hasValue() or name.given.hasValue()", "false"},
		{"birthDate.getValue() is Date and active.getValue() is Boolean and multipleBirth.getValue() is Integer and gender.getValue() is String", "true"},
		{"name.first().getValue()", ""},
		{"managingOrganization.resolve().name", "Clinic"},
		{"contained.partOf.resolve().id", "p1"},
		{"generalPractitioner.resolve()", ""},
		{"'#o1'.resolve().name", "Clinic"},
		{"'#nope'.resolve()", ""},
		{"gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", "true"},
		{"'other-gender'.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1')", "false"},
		{"gender.memberOf('https://example.org/vs')", ""},
		{"maritalStatus.memberOf('http://hl7.org/fhir/ValueSet/marital-status')", "true"},
		{"maritalStatus.subsumes(maritalStatus)", "true"},
		{"maritalStatus.coding.subsumedBy(%context.maritalStatus)", "true"},
		{"gender.subsumes('male')", ""},
		{"checkModifiers().id", "p1"},
	})
	opts := &Options{
		Resolve:    TypeOnly,
		MemberOf:   func(valueSet, _, code string) (bool, bool) { return code == "M", valueSet == "vs" },
		Subsumes:   func(_, a, b string) (bool, bool) { return a < b, true },
		ConformsTo: func(e Element, profile string) (bool, bool) { return e.Type() == "Patient", profile == "ours" },
		ElementDefinition: func(e Element) *fhir.Node {
			if e.Type() != "HumanName" {
				return nil
			}
			return ptr(fhir.Obj(fhir.Str("Patient.name").As("path")))
		},
		InSlice: func(e Element, profile, slice string) (bool, bool) {
			return e.Node().Get("use").String() == slice, profile == "ours"
		},
		Vars: map[string][]Element{"min": {Integer(2)}, "names": {String("Sita"), String("Gita")}, "flag": {Boolean(true)}},
	}
	runExamples(t, opts, []example{
		{"generalPractitioner.where(resolve() is Practitioner).reference", "Practitioner/d1"},
		{"generalPractitioner.resolve().select(type().name)", "Practitioner, Organization"},
		{"link.other.resolve() is Patient", "true"},
		{"name[0].elementDefinition().path", "Patient.name"},
		{"gender.elementDefinition()", ""},
		{"name.slice('ours', 'nickname').use", "nickname"},
		{"name.slice('ours', {})", ""},
		{"name.slice('theirs', 'x')", "fails: line 1, column 6: the profile or slice given to slice() is not known here"},
		{"maritalStatus.memberOf('vs')", "true"},
		{"gender.memberOf('vs')", "false"},
		{"gender.memberOf('vs2')", ""},
		{"'a'.subsumes('b') and 'b'.subsumedBy('a') and 'b'.subsumes('a').not()", "true"},
		{"conformsTo('ours') and name[0].conformsTo('ours').not()", "true"},
		{"telecom.where(rank >= %min).value", "+977 1"},
		{"name.given.where($this in %names)", "Sita"},
		{"%flag", "true"},
	})
}

func TestModifiers(t *testing.T) {
	root := Resource(parsed(t, `{"resourceType":"Patient","modifierExtension":[{"url":"https://example.org/m","valueBoolean":true}]}`))
	if got := evaluate(nil, root, "checkModifiers('https://example.org/m').exists()"); got != "true" {
		t.Errorf("a known modifier: %s", got)
	}
	want := "fails: line 1, column 1: the element has a modifier extension that is not understood"
	if got := evaluate(nil, root, "checkModifiers('x')"); got != want {
		t.Errorf("an unknown modifier: %s", got)
	}
}

func TestBundle(t *testing.T) {
	n := parsed(t, `{"resourceType":"Bundle","entry":[
		{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"1","managingOrganization":{"reference":"https://example.org/Organization/2"}}},
		{"fullUrl":"https://example.org/Organization/2","resource":{"resourceType":"Organization","id":"2","name":"Two"}},
		{"resource":{"resourceType":"Coverage","beneficiary":{"reference":"urn:uuid:1"},"payor":[{"reference":"Organization/2"}]}}]}`)
	for _, x := range []example{
		{"entry.resource.ofType(Patient).managingOrganization.resolve().name", "Two"},
		{"entry.resource.ofType(Coverage).beneficiary.resolve().id", "1"},
		{"entry.resource.payor.resolve().name", "Two"},
		{"entry[0].resource is Patient", "true"},
		{"entry.resource.where($this is Organization).name", "Two"},
	} {
		if got := evaluate(nil, Resource(n), x.source); got != x.want {
			t.Errorf("%s: got %s, want %s", x.source, got, x.want)
		}
	}
}

func TestEquality(t *testing.T) {
	runExamples(t, nil, []example{
		{"name[0] = name[0] and name[0] ~ name[0]", "true"},
		{"name[0] = name[1]", "false"},
		{"name[0] = 'x'", "false"},
		{"identifier = 1", "false"},
		{"1 = 1.0 and 'a' = 'a' and true = true", "true"},
		{"1 = '1' or true = 'true'", "false"},
		{"(1 | 2) = (2 | 1)", "false"},
		{"(1 | 2) ~ (2 | 1)", "true"},
		{"'A  b' ~ 'a B'", "true"},
		{"1.23 ~ 1.2 and 1.25 !~ 1.2", "true"},
		{"{} ~ {} and {} !~ 1", "true"},
		{"name.type() = name.type()", "true"},
		{"1.type() = 'a'.type()", "false"},
	})
	a := parsed(t, `{"resourceType":"Patient","name":[{"given":["A","B"],"family":"C"},{"family":"C","given":["A","B"]},{"family":"c","given":["b","a"]},{"family":"C"}],
		"extension":[{"url":"x","valueDecimal":1.0},{"valueDecimal":1.00,"url":"x"}]}`)
	for _, x := range []example{
		{"name[0] = name[1]", "true"}, // the order of members means nothing
		{"name[0] = name[2]", "false"},
		{"name[0] ~ name[2]", "true"},
		{"name[0] ~ name[3]", "false"},
		{"name.distinct().count()", "3"},
		{"name.combine(name).combine(name).distinct().count()", "3"},
		{"extension[0] = extension[1] and extension[0] ~ extension[1]", "true"},
	} {
		if got := evaluate(nil, Resource(a), x.source); got != x.want {
			t.Errorf("%s: got %s, want %s", x.source, got, x.want)
		}
	}
}

func TestElement(t *testing.T) {
	n := parsed(t, patient)
	for _, x := range []struct{ source, typ, path string }{
		{"birthDate", "date", "Patient.birthDate"},
		{"deceased", "boolean", "Patient.deceasedBoolean"},
		{"name.given[1]", "string", "Patient.name[0].given[1]"},
		{"name[1].given[0]", "string", "Patient.name[1].given[0]"},
		{"link", "Patient.link", "Patient.link[0]"},
		{"contained", "Organization", "Patient.contained[0]"},
		{"multipleBirth", "integer", "Patient.multipleBirthInteger"},
		{"1", "System.Integer", ""},
		{"$this", "Patient", "Patient"},
	} {
		items, err := Must(x.source).Eval(nil, Resource(n))
		if err != nil || len(items) != 1 {
			t.Errorf("%s: %v, %v", x.source, items, err)
			continue
		}
		if got := items[0]; got.Type() != x.typ || got.Path(n) != x.path {
			t.Errorf("%s: got %s at %q, want %s at %q", x.source, got.Type(), got.Path(n), x.typ, x.path)
		}
	}
	var none Element
	if none.Type() != "" || none.Value() != nil || none.Text() != "" || none.Path(n) != "" || none.Node() != nil || none.Shadow() != nil {
		t.Error("the zero Element is something")
	}
	d, _ := parseDecimal("1.50")
	for _, x := range []struct {
		e    Element
		want any
	}{
		{Boolean(true), true},
		{String("x"), "x"},
		{Integer(3), int64(3)},
		{Decimal(d), d},
		{Typed("code", ptr(fhir.Str("c")), nil), "c"},
		{Typed("boolean", ptr(fhir.Str("true")), nil), nil},
		{Typed("HumanName", ptr(fhir.Obj()), nil), nil},
		{Typed("Resource", n, nil), nil},
		{Typed("integer", ptr(fhir.Num("1.5")), nil), nil},
		{Typed("date", ptr(fhir.Str("soon")), nil), nil},
	} {
		if got := x.e.Value(); got != x.want {
			t.Errorf("%s: got %v, want %v", x.e.Type(), got, x.want)
		}
	}
	if got := Typed("Resource", n, nil).Type(); got != "Patient" {
		t.Errorf("a Resource is a %s", got)
	}
}

func ptr(n fhir.Node) *fhir.Node { return &n }

// What no definition describes is walked by its names in JSON.
func TestUntyped(t *testing.T) {
	n := parsed(t, `{"resourceType":"Nonsense","a":[{"b":1.5,"c":[true,null]},{"b":2}],"_d":{"extension":[]}}`)
	for _, x := range []example{
		{"a.b", "1.5, 2"}, {"a.c", "true"}, {"a.b.where($this > 1.7)", "2"}, {"children().count()", "3"}, {"descendants().count()", "6"}, {"$this is Patient", "false"},
	} {
		if got := evaluate(nil, Resource(n), x.source); got != x.want {
			t.Errorf("%s: got %s, want %s", x.source, got, x.want)
		}
	}
}

func TestEvalBool(t *testing.T) {
	root := Resource(parsed(t, patient))
	for _, x := range []struct {
		source      string
		bool, holds bool
	}{
		{"true", true, true}, {"false", false, false}, {"{}", false, true}, {"name.first()", true, true}, {"deceased", false, true}, {"active", true, true},
	} {
		e := Must(x.source)
		b, err1 := e.EvalBool(nil, root)
		holds, err2 := e.Holds(nil, root)
		if b != x.bool || holds != x.holds || err1 != nil || err2 != nil {
			t.Errorf("%s: EvalBool %v %v, Holds %v %v", x.source, b, err1, holds, err2)
		}
	}
	for _, source := range []string{"name", "1 = 1 and (1 | 2)"} {
		if b, err := Must(source).EvalBool(nil, root); b || err == nil {
			t.Errorf("%s: %v, %v", source, b, err)
		}
		if b, err := Must(source).Holds(nil, root); b || err == nil {
			t.Errorf("%s holds: %v, %v", source, b, err)
		}
	}
}

// No expression may take long, however it is written.
func TestBudget(t *testing.T) {
	root := Resource(parsed(t, patient))
	for _, source := range []string{
		"(1).repeat($this + 1)", "('a').repeat($this & $this)", "(1|2|3|4|5|6|7|8).aggregate(iif($total.empty(), $this, $total.combine($total).combine($total).combine($total).combine($total).combine($total).combine($total).combine($total).combine($total).combine($total)), {}).count()",
		"descendants().select(%resource.descendants()).select(%resource.descendants()).select(%resource.descendants()).count()",
		"(1|2|3|4|5|6|7|8|9|10).aggregate(iif($total.empty(), 'abcdefghij', $total & $total & $total & $total & $total & $total & $total & $total), {}).length()",
		"(1|2|3|4|5|6|7|8|9|10).aggregate(iif($total.empty(), 'aaaaaaaaaa', $total.replace('a', 'aaaaaaaaaa')), {}).length()",
		"(1).repeat($this + 1.0000000001 'mg' / 3 'g')",
		"descendants().select(%resource.descendants()).select($this.toString().matches('((a|b|c){1,100}){1,9}'))",
		"%many.select(%many).count()", "%many.isDistinct() and %many.select(%many.item).count() = 1", "%long.split('').count()", "%long.toChars().count()", "%long.replace('', 'xxxx')",
	} {
		many := make([]Element, 20_000)
		for i := range many {
			many[i] = Integer(int64(i))
		}
		long := make([]byte, 2<<20)
		opts := &Options{Vars: map[string][]Element{"many": many, "long": {String(string(long))}}}
		start := time.Now()
		if _, err := Must(source).Eval(opts, root); err == nil {
			t.Errorf("%s: no error", source)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%s takes %v", source, took)
		}
	}
	if _, err := Must("1 + 1").Eval(&Options{MaxSteps: 1}, root); err != nil {
		t.Errorf("a small budget: %v", err)
	}
}

func TestParallel(t *testing.T) {
	n := parsed(t, patient)
	e := Must("Patient.name.where(use = 'official').given | telecom.where($this.value.contains('@')).value | (birthDate + 1 day).toString()")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				items, err := e.Eval(nil, Resource(n))
				if err != nil || len(items) != 4 || items[3].Text() != "1990-03-01" {
					t.Errorf("got %v, %v", items, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A result stays as it is when other expressions are evaluated after it.
func TestResultIsCopied(t *testing.T) {
	root := Resource(parsed(t, patient))
	first, err := Must("name.given").Eval(nil, root)
	if err != nil {
		t.Fatal(err)
	}
	before := append([]Element(nil), first...)
	if _, err := Must("identifier.value | telecom.value | 1 | 2 | 3").Eval(nil, root); err != nil {
		t.Fatal(err)
	}
	for i := range before {
		if before[i] != first[i] {
			t.Errorf("item %d changed", i)
		}
	}
}

func TestTypeOnly(t *testing.T) {
	for _, x := range []struct{ reference, want string }{
		{"", ""},
		{"#x", ""},
		{"urn:uuid:1", ""},
		{"Nonsense/1", ""},
		{"Patient?identifier=1", ""},
		{"HumanName/1", ""},
		{"Patient/1", "Patient"},
		{"https://example.org/fhir/Claim/1/_history/2", "Claim"},
	} {
		if diff := cmp.Diff(x.want, TypeOnly(x.reference).ResourceType()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", x.reference, diff)
		}
	}
}
