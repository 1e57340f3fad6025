package access

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

func parse(t *testing.T, text string) *fhir.Node {
	t.Helper()
	n, err := fhir.ParseObject([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

// world is what references resolve to.
func world(t *testing.T) Resolver {
	known := map[string]string{
		"Organization/a":       `{"resourceType":"Organization","id":"a","identifier":[{"system":"https://example.org/facility","value":"HF-A"},{"system":"other","value":"1"}]}`,
		"Organization/b":       `{"resourceType":"Organization","id":"b","identifier":[{"system":"https://example.org/facility","value":"HF-B"}]}`,
		"PractitionerRole/a":   `{"resourceType":"PractitionerRole","id":"a","organization":{"reference":"Organization/a"}}`,
		"PractitionerRole/b":   `{"resourceType":"PractitionerRole","id":"b","organization":{"reference":"Organization/b"}}`,
		"PractitionerRole/c":   `{"resourceType":"PractitionerRole","id":"c"}`,
		"PractitionerRole/log": `{"resourceType":"PractitionerRole","id":"log","organization":{"identifier":{"system":"https://example.org/facility","value":"HF-A"}}}`,
		"Practitioner/x":       `{"resourceType":"Practitioner","id":"x"}`,
		"Location/a":           `{"resourceType":"Location","id":"a","managingOrganization":{"reference":"Organization/a"}}`,
		"Location/b":           `{"resourceType":"Location","id":"b","managingOrganization":{"reference":"Organization/b"}}`,
		"Patient/p":            `{"resourceType":"Patient","id":"p"}`,
		"urn:uuid:own":         `{"resourceType":"Organization","identifier":[{"system":"https://example.org/facility","value":"HF-A"}]}`,
		"urn:uuid:foreign":     `{"resourceType":"Organization","identifier":[{"system":"https://example.org/facility","value":"HF-B"}]}`,
		"urn:uuid:two":         `{"resourceType":"Organization","identifier":[{"system":"https://example.org/facility","value":"HF-A"},{"system":"https://example.org/facility","value":"HF-B"}]}`,
		"urn:uuid:forged":      `{"resourceType":"Organization","id":"a","identifier":[{"system":"https://example.org/facility","value":"HF-B"}]}`,
		"urn:uuid:bare":        `{"resourceType":"Organization","name":"A"}`,
	}
	return func(reference string) *fhir.Node {
		if text, ok := known[reference]; ok {
			return parse(t, text)
		}
		return nil
	}
}

func TestClaimMustBeTheClients(t *testing.T) {
	tests := []struct {
		name string
		rest string // members of the Claim
		ok   bool
	}{
		{"another's", `"provider":{"reference":"Organization/b"}`, false},
		{"another's, with my identifier", `"provider":{"reference":"Organization/b","identifier":{"system":"https://example.org/facility","value":"HF-A"}}`, false},
		{"another's identifier", `"provider":{"identifier":{"system":"https://example.org/facility","value":"HF-B"}}`, false},
		{"my code in another system", `"provider":{"identifier":{"system":"x","value":"HF-A"}}`, false},
		{"an empty reference", `"provider":{}`, false},
		{"display only", `"provider":{"display":"HF-A"}`, false},
		{"unknown organization", `"provider":{"reference":"Organization/zz"}`, false},
		{"not a reference", `"provider":"Organization/a"`, false},
		{"a reference that is no text", `"provider":{"reference":7}`, false},
		{"a condition left unresolved", `"provider":{"reference":"Organization?identifier=HF-A"}`, false},
		{"unresolved urn", `"provider":{"reference":"urn:uuid:none"}`, false},
		{"urn of another", `"provider":{"reference":"urn:uuid:foreign"}`, false},
		{"urn of two at once", `"provider":{"reference":"urn:uuid:two"}`, false},
		{"my id, another's identifier", `"provider":{"reference":"urn:uuid:forged"}`, false},
		{"urn of nobody", `"provider":{"reference":"urn:uuid:bare"}`, false},
		{"another server's, no identifier", `"provider":{"reference":"https://elsewhere.org/fhir/Organization/a"}`, false},
		{"a role elsewhere", `"provider":{"reference":"PractitionerRole/b"}`, false},
		{"a role nowhere", `"provider":{"reference":"PractitionerRole/c"}`, false},
		{"a contained role elsewhere", `"contained":[{"resourceType":"PractitionerRole","id":"r","organization":{"reference":"Organization/b"}}],"provider":{"reference":"#r"}`, false},
		{"a contained nothing", `"provider":{"reference":"#r"}`, false},
		{"a practitioner at another's site", `"provider":{"reference":"Practitioner/x"},"facility":{"reference":"Location/b"}`, false},
		{"a practitioner at an unknown site", `"provider":{"reference":"Practitioner/x"},"facility":{"reference":"Location/q"}`, false},
		{"a practitioner at a site in words", `"provider":{"reference":"Practitioner/x"},"facility":{"display":"A"}`, false},
		{"a patient as provider", `"provider":{"reference":"Patient/p"}`, false},
		{"two providers, one mine", `"provider":[{"reference":"Organization/a"},{"reference":"Organization/b"}]`, false},
		{"another's owner tag", `"meta":{"tag":[{"system":"` + OwnerSystem + `","code":"Organization/b"}]},"provider":{"reference":"Organization/a"}`, false},
		{"my owner tag and another's", `"meta":{"tag":[{"system":"` + OwnerSystem + `","code":"Organization/a"},{"system":"` + OwnerSystem + `","code":"Organization/b"}]},"provider":{"reference":"Organization/a"}`, false},
		{"mine", `"provider":{"reference":"Organization/a"}`, true},
		{"mine, a version of it", `"provider":{"reference":"Organization/a/_history/2"}`, true},
		{"my identifier", `"provider":{"identifier":{"system":"https://example.org/facility","value":"HF-A"}}`, true},
		{"another server's, my identifier", `"provider":{"reference":"https://elsewhere.org/fhir/Organization/9","identifier":{"system":"https://example.org/facility","value":"HF-A"}}`, true},
		{"urn of mine", `"provider":{"reference":"urn:uuid:own"}`, true},
		{"a role here", `"provider":{"reference":"PractitionerRole/a"}`, true},
		{"a role here by identifier", `"provider":{"reference":"PractitionerRole/log"}`, true},
		{"a contained role here", `"contained":[{"resourceType":"Patient","id":"q"},{"resourceType":"PractitionerRole","id":"r","organization":{"reference":"Organization/a"}}],"provider":{"reference":"#r"}`, true},
		{"a practitioner", `"provider":{"reference":"Practitioner/x"}`, true},
		{"a practitioner at my site", `"provider":{"reference":"Practitioner/x"},"facility":{"reference":"Location/a"}`, true},
		{"no provider: validation's business", `"status":"active"`, true},
		{"some other tag", `"meta":{"tag":[{"system":"x","code":"Organization/b"}]},"provider":{"reference":"Organization/a"}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := parse(t, `{"resourceType":"Claim",`+tt.rest+`}`)
			for _, right := range []Right{Create, Update} {
				err := clinic().Writable("Claim", right, tree, world(t))
				if (err == nil) != tt.ok || err != nil && !isForbidden(err) {
					t.Errorf("%c: %v, want ok %v", right, err, tt.ok)
				}
			}
			if err := mediator().Writable("Claim", Create, tree, world(t)); err != nil {
				t.Errorf("mediator: %v", err)
			}
		})
	}
}

func TestWritableWithoutResolver(t *testing.T) {
	p := clinic()
	for text, ok := range map[string]bool{
		`{"resourceType":"Claim","provider":{"reference":"Organization/a"}}`:     true,
		`{"resourceType":"Claim","provider":{"reference":"Organization/b"}}`:     false,
		`{"resourceType":"Claim","provider":{"reference":"PractitionerRole/a"}}`: false,
	} {
		if err := p.Writable("Claim", Create, parse(t, text), nil); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
	// A facility whose identifiers are not known is told by its id.
	p.Facilities = []Facility{{Ref: "Organization/a"}}
	if err := p.Writable("Claim", Create, parse(t, `{"resourceType":"Claim","provider":{"reference":"Organization/a"}}`), world(t)); err != nil {
		t.Error(err)
	}
}

func TestWritableTypes(t *testing.T) {
	tests := []struct {
		typ  string
		want string // rights of cud
	}{
		// What looks like an answer, or is shared, or is not listed.
		{"ClaimResponse", ""},
		{"EnrollmentResponse", ""},
		{"CoverageEligibilityResponse", ""},
		{"Coverage", ""},
		{"Invoice", ""},
		{"PaymentReconciliation", ""},
		{"Task", ""},
		{"Organization", ""},
		{"PractitionerRole", ""},
		{"Location", ""},
		{"InsurancePlan", ""},
		{"ChargeItemDefinition", ""},
		{"AuditEvent", ""},
		{"Observation", ""},
		{"Subscription", ""},
		{"Nonsense", ""},
		{"Binary", "c"},
		{"Patient", "cu"},
		{"Group", "cu"},
		{"PaymentNotice", "cu"},
		{"Claim", "cud"},
		{"Communication", "cud"},
		{"CoverageEligibilityRequest", "cud"},
		{"EnrollmentRequest", "cud"},
	}
	lost := clinic()
	lost.Facilities = nil
	weak := clinic()
	weak.Scopes = mustScopes("system/*.rs")
	for _, tt := range tests {
		got := ""
		for _, right := range []Right{Create, Update, Delete} {
			tree := fhir.Obj(fhir.Str(tt.typ).As("resourceType"))
			if clinic().Writable(tt.typ, right, &tree, nil) == nil {
				got += string(right)
			}
			for name, p := range map[string]Principal{"without facility": lost, "without scope": weak, "nobody": {}} {
				if err := p.Writable(tt.typ, right, &tree, nil); !isForbidden(err) {
					t.Errorf("%s %c, %s: %v", tt.typ, right, name, err)
				}
			}
			if err := mediator().Writable(tt.typ, right, &tree, nil); err != nil {
				t.Errorf("%s %c, mediator: %v", tt.typ, right, err)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.typ, got, tt.want)
		}
	}
	if err := clinic().Writable("Claim", Delete, nil, nil); err != nil {
		t.Errorf("deleting without content: %v", err)
	}
}

func TestOtherRequests(t *testing.T) {
	for _, tt := range []struct {
		text string
		ok   bool
	}{
		{`{"resourceType":"Communication","sender":{"reference":"Organization/b"}}`, false},
		{`{"resourceType":"Communication","sender":{"reference":"Patient/p"}}`, false},
		{`{"resourceType":"Communication","sender":{"reference":"Organization/a"}}`, true},
		{`{"resourceType":"Communication"}`, true},
		{`{"resourceType":"PaymentNotice","provider":{"reference":"Organization/b"}}`, false},
		{`{"resourceType":"PaymentNotice","provider":{"reference":"Organization/a"}}`, true},
		{`{"resourceType":"EnrollmentRequest","provider":{"reference":"PractitionerRole/b"}}`, false},
		{`{"resourceType":"EnrollmentRequest","provider":{"reference":"PractitionerRole/a"}}`, true},
		{`{"resourceType":"CoverageEligibilityRequest","provider":{"reference":"Practitioner/x"},"facility":{"reference":"Location/b"}}`, false},
		{`{"resourceType":"CoverageEligibilityRequest","provider":{"reference":"Organization/a"}}`, true},
	} {
		tree := parse(t, tt.text)
		if err := clinic().Writable(tree.ResourceType(), Create, tree, world(t)); (err == nil) != tt.ok {
			t.Errorf("%s: %v, want ok %v", tt.text, err, tt.ok)
		}
	}
}

func TestStamp(t *testing.T) {
	const tagged = `"meta":{"tag":[{"system":"` + OwnerSystem + `","code":"Organization/a"}]}`
	tests := []struct {
		name string
		p    Principal
		in   string
		want string
	}{
		{"the provider says it", clinic(), `{"resourceType":"Claim","provider":{"reference":"Organization/a"}}`, `{"resourceType":"Claim","provider":{"reference":"Organization/a"}}`},
		{"a role does not", clinic(), `{"resourceType":"Claim","provider":{"reference":"PractitionerRole/a"}}`, `{"resourceType":"Claim","provider":{"reference":"PractitionerRole/a"},` + tagged + `}`},
		{"no search parameter", clinic(), `{"resourceType":"EnrollmentRequest","provider":{"reference":"Organization/a"}}`, `{"resourceType":"EnrollmentRequest","provider":{"reference":"Organization/a"},` + tagged + `}`},
		{"other tags stay", clinic(), `{"resourceType":"Binary","meta":{"tag":[{"code":"x"}]}}`, `{"resourceType":"Binary","meta":{"tag":[{"code":"x"},{"system":"` + OwnerSystem + `","code":"Organization/a"}]}}`},
		{"twice is once", clinic(), `{"resourceType":"Binary",` + tagged + `}`, `{"resourceType":"Binary",` + tagged + `}`},
		{"who registered a person", clinic(), `{"resourceType":"Patient"}`, `{"resourceType":"Patient",` + tagged + `}`},
		{"who registered a household", clinic(), `{"resourceType":"Group"}`, `{"resourceType":"Group",` + tagged + `}`},
		{"what is shared belongs to nobody", clinic(), `{"resourceType":"Organization"}`, `{"resourceType":"Organization"}`},
		{"a mediator owns nothing", mediator(), `{"resourceType":"Binary"}`, `{"resourceType":"Binary"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := parse(t, tt.in)
			tt.p.Stamp(tree.ResourceType(), tree)
			if diff := cmp.Diff(tt.want, string(tree.JSON())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	answer := fhir.Obj(fhir.Str("EnrollmentResponse").As("resourceType"))
	CopyOwner(&answer, parse(t, `{"resourceType":"EnrollmentRequest",`+tagged+`}`))
	if diff := cmp.Diff(`{"resourceType":"EnrollmentResponse",`+tagged+`}`, string(answer.JSON())); diff != "" {
		t.Errorf("CopyOwner (-want +got):\n%s", diff)
	}
	clinic().Stamp("Claim", nil) // a deletion has no content
}

func TestOwnersOfOldContentStay(t *testing.T) {
	owned := func(codes ...string) *fhir.Node {
		tags := `{"code":"x"}`
		for _, code := range codes {
			tags += `,{"system":"` + OwnerSystem + `","code":"` + code + `"}`
		}
		return parse(t, `{"resourceType":"Patient","meta":{"tag":[`+tags+`]}}`)
	}
	old := owned("Organization/b")
	for _, tt := range []struct {
		name string
		n    *fhir.Node
		ok   bool
	}{
		{"a new owner", owned("Organization/c"), false},
		{"the old one and a new one", owned("Organization/b", "Organization/c"), false},
		{"the old one", owned("Organization/b"), true},
		{"the old one and itself", owned("Organization/b", "Organization/a"), true},
		{"left out", owned(), true},
		{"no meta", parse(t, `{"resourceType":"Patient"}`), true},
	} {
		DropOwner(tt.n, old)
		if err := clinic().Writable("Patient", Update, tt.n, nil); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	n := owned("Organization/b")
	DropOwner(n, old)
	CopyOwner(n, old)
	SetOwner(n, "Organization/a")
	if diff := cmp.Diff(string(owned("Organization/b", "Organization/a").JSON()), string(n.JSON())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChangeable(t *testing.T) {
	if x := mediator().Changeable("Patient"); x != nil {
		t.Errorf("a mediator: %v", x)
	}
	if x := clinic().Changeable("Claim"); x != nil {
		t.Errorf("what is no person: %v", x)
	}
	tag := search.Is{Param: "_tag", Kind: search.Token, System: OwnerSystem, Code: "Organization/a"}
	if diff := cmp.Diff(search.Expr(tag), clinic().Changeable("Group")); diff != "" {
		t.Errorf("a household (-want +got):\n%s", diff)
	}
	either, ok := clinic().Changeable("Patient").(search.Or)
	if !ok || len(either) != 2 || either[0] != search.Expr(tag) {
		t.Errorf("a person: %v", either)
	}
	lost := clinic()
	lost.Facilities = nil
	if none, ok := lost.Changeable("Group").(search.Or); !ok || len(none) != 0 {
		t.Errorf("without facilities: %v", none)
	}
}
