package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

const facilitySystem = "https://example.org/facility"

// clinic is the client of one facility with all scopes.
func clinic() Principal {
	return Principal{
		Name: "clinic", Kind: Client, Scopes: mustScopes("system/*.cruds"),
		Facilities: []Facility{{Ref: "Organization/a", Code: "HF-A", Identifiers: []Identifier{{facilitySystem, "HF-A"}}}},
	}
}

func mediator() Principal {
	return Principal{Name: "him", Kind: Client, Scopes: mustScopes("system/*.cruds"), AnyFacility: true}
}

func mustScopes(text string) Scopes {
	s, err := ParseScopes(text)
	if err != nil {
		panic(err)
	}
	return s
}

func isForbidden(err error) bool {
	var fe *fhir.Error
	return errors.As(err, &fe) && fe.Kind == fhir.Forbidden && fe.Issue == fhir.IssueForbidden && fe.Text != ""
}

// own is what {facility} and {owner} become for the clinic.
func own(params ...string) search.Or {
	var out search.Or
	for _, p := range params {
		if p == "_tag" {
			out = append(out, search.Is{Param: p, Kind: search.Token, System: OwnerSystem, Code: "Organization/a"})
			continue
		}
		out = append(out,
			search.Is{Param: p, Kind: search.Reference, Code: "Organization/a"},
			search.Is{Param: p, Kind: search.Reference, System: facilitySystem, Code: "HF-A", Ident: true})
	}
	return out
}

var (
	hasClaim = search.Has{Type: "Claim", Param: "patient", X: own("provider", "_tag")}
	byIdent  = search.Is{Param: "identifier", Kind: search.Token, System: "nid", Code: "123"}
	byName   = search.Word{Param: "name", Kind: search.String, Mode: search.Prefix, Text: "a"}
	ownTag   = search.Is{Param: "_tag", Kind: search.Token, System: OwnerSystem, Code: "Organization/a"}
	ownList  = append(own("facility"), search.Is{Param: "facility", Kind: search.Token, Code: "HF-A", AnySystem: true})
)

func TestReadable(t *testing.T) {
	many := make(search.IDs, maxExact+1)
	tests := []struct {
		name  string
		typ   string
		right Right
		asked search.Expr
		want  search.Expr
		deny  bool
	}{
		{"a type not listed", "Coverage", Read, search.IDs{"1"}, nil, true},
		{"clinical data", "Observation", Search, nil, nil, true},
		{"the audit", "AuditEvent", Search, nil, nil, true},
		{"no such type", "Nonsense", Read, nil, nil, true},
		{"households cannot be listed", "Group", Search, nil, nil, true},
		{"nor by name", "Group", Search, byName, nil, true},
		{"claims", "Claim", Search, nil, own("provider", "_tag"), false},
		{"one claim", "Claim", Read, search.IDs{"1"}, own("provider", "_tag"), false},
		{"answers", "ClaimResponse", Search, nil, own("requestor", "_tag"), false},
		{"tasks", "Task", Search, nil, own("requester", "owner", "_tag"), false},
		{"messages", "Communication", Search, nil, own("sender", "recipient", "_tag"), false},
		{"only by tag", "EnrollmentResponse", Read, search.IDs{"1"}, ownTag, false},
		{"attachments", "Binary", Read, search.IDs{"1"}, ownTag, false},
		{"shared", "Organization", Search, byName, nil, false},
		{"shared, read", "InsurancePlan", Read, search.IDs{"1"}, nil, false},
		{"prices: the own list", "ChargeItemDefinition", Search, nil, ownList, false},
		{"prices by code: the own list", "ChargeItemDefinition", Search, search.Is{Param: "code", Kind: search.Token, Code: "x"}, ownList, false},
		{"prices of a named facility", "ChargeItemDefinition", Search, search.And{byName, search.Is{Param: "facility", Kind: search.Token, Code: "HF-B"}}, nil, false},
		{"one price", "ChargeItemDefinition", Read, search.IDs{"1"}, nil, false},
		{"a person by id", "Patient", Read, search.IDs{"p"}, nil, false},
		{"persons by very many ids", "Patient", Search, many, hasClaim, false},
		{"by no ids", "Patient", Search, search.IDs{}, hasClaim, false},
		{"by full identifier", "Patient", Search, byIdent, nil, false},
		{"and something else", "Patient", Search, search.And{byName, byIdent}, nil, false},
		{"or something else", "Patient", Search, search.Or{byName, byIdent}, hasClaim, false},
		{"one of two identifiers", "Patient", Search, search.Or{byIdent, byIdent}, nil, false},
		{"an empty or", "Patient", Search, search.Or{}, hasClaim, false},
		{"not this identifier", "Patient", Search, search.Not{X: byIdent}, hasClaim, false},
		{"any value of a system", "Patient", Search, search.Is{Param: "identifier", Kind: search.Token, System: "nid", AnyCode: true}, hasClaim, false},
		{"an empty value", "Patient", Search, search.Is{Param: "identifier", Kind: search.Token, System: "nid"}, hasClaim, false},
		{"text of an identifier's type", "Patient", Search, search.Word{Param: "identifier", Kind: search.Token, Text: "a"}, hasClaim, false},
		{"by gender", "Patient", Search, search.Is{Param: "gender", Kind: search.Token, Code: "female"}, hasClaim, false},
		{"all persons", "Patient", Search, nil, hasClaim, false},
		{"a household of a known person", "Group", Search, search.Is{Param: "member", Kind: search.Reference, Code: "Patient/p"}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := clinic().Readable(tt.typ, tt.right, tt.asked)
			if isForbidden(err) != tt.deny || (err != nil) != tt.deny {
				t.Fatalf("error = %v, want forbidden %v", err, tt.deny)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if x, err := mediator().Readable(tt.typ, tt.right, tt.asked); x != nil || err != nil {
				t.Errorf("mediator: %v, %v", x, err)
			}
			if x, err := Internal("load").Readable(tt.typ, tt.right, tt.asked); x != nil || err != nil {
				t.Errorf("the program itself: %v, %v", x, err)
			}
			if _, err := (Principal{}).Readable(tt.typ, tt.right, tt.asked); !isForbidden(err) {
				t.Errorf("nobody: %v", err)
			}
		})
	}
}

func TestReadableWithoutCompartment(t *testing.T) {
	p := Principal{Name: "lost", Kind: Client, Scopes: mustScopes("system/*.cruds")}
	for _, typ := range []string{"Patient", "Group", "Coverage"} {
		if _, err := p.Readable(typ, Read, search.IDs{"1"}); !isForbidden(err) {
			t.Errorf("%s: %v", typ, err)
		}
	}
	got, err := p.Readable("Claim", Search, nil)
	if diff := cmp.Diff(search.Expr(search.Or{}), got); diff != "" || err != nil {
		t.Errorf("claims must be none: %v %s", err, diff)
	}
	if x, err := p.Readable("Organization", Search, nil); x != nil || err != nil {
		t.Errorf("shared: %v, %v", x, err)
	}
}

func TestRestrict(t *testing.T) {
	toPatient := func(x search.Expr) search.Chain {
		return search.Chain{Param: "patient", Types: []string{"Patient"}, X: x}
	}
	claims := own("provider", "_tag")
	tests := []struct {
		name  string
		typ   string
		asked search.Expr
		want  search.Expr
		deny  bool
	}{
		{"chain to what is forbidden", "Claim", search.Chain{Param: "insurance", Types: []string{"Coverage"}, X: byName}, nil, true},
		{"_has of what is forbidden", "Organization", search.Has{Type: "Coverage", Param: "payor", X: byName}, nil, true},
		{"within not", "Claim", search.Not{X: search.Has{Type: "Observation", Param: "subject"}}, nil, true},
		{"within or", "Claim", search.Or{byName, search.Has{Type: "Observation", Param: "subject"}}, nil, true},
		{"within and", "Claim", search.And{byName, search.Has{Type: "Observation", Param: "subject"}}, nil, true},
		{"within composites", "Claim", search.Combo{Param: "x", Parts: []search.Expr{search.Has{Type: "Observation", Param: "subject"}}}, nil, true},
		{"a forbidden type itself", "Coverage", byIdent, nil, true},
		{"plain", "Claim", byIdent, search.And{byIdent, claims}, false},
		{"nothing asked", "Claim", nil, claims, false},
		{"shared", "Organization", byName, byName, false},
		{"a person's name by chain: only persons with a claim here", "Claim", toPatient(byName), search.And{toPatient(search.And{byName, hasClaim}), claims}, false},
		{"a person's identifier by chain", "Claim", toPatient(byIdent), search.And{toPatient(byIdent), claims}, false},
		{"others' claims by _has", "Organization", search.Has{Type: "Claim", Param: "provider", X: byName}, search.Has{Type: "Claim", Param: "provider", X: search.And{byName, claims}}, false},
		{"others' claims on a known person", "Patient", search.And{byIdent, search.Has{Type: "Claim", Param: "patient"}}, search.And{byIdent, search.Has{Type: "Claim", Param: "patient", X: claims}}, false},
		{"chain in chain", "ClaimResponse", search.Chain{Param: "request", Types: []string{"Claim"}, X: toPatient(byName)}, search.And{
			search.Chain{Param: "request", Types: []string{"Claim"}, X: search.And{toPatient(search.And{byName, hasClaim}), claims}},
			own("requestor", "_tag"),
		}, false},
		{"types that may be followed stay, others are left out", "Organization", search.Chain{Param: "x", Types: []string{"Location", "Device", "Practitioner"}, X: byName}, search.Chain{Param: "x", Types: []string{"Location", "Practitioner"}, X: byName}, false},
		{"types with a filter stand apart", "Organization", search.Chain{Param: "x", Types: []string{"Claim", "Location"}, X: byName}, search.Or{
			search.Chain{Param: "x", Types: []string{"Claim"}, X: search.And{byName, claims}},
			search.Chain{Param: "x", Types: []string{"Location"}, X: byName},
		}, false},
		{"a chain to no type finds nothing", "Organization", search.Chain{Param: "x", X: byName}, search.Or(nil), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := clinic().Restrict(tt.typ, Search, tt.asked)
			if isForbidden(err) != tt.deny {
				t.Fatalf("error = %v, want forbidden %v", err, tt.deny)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRestrictAsksScopesOfWhatIsFollowed(t *testing.T) {
	p := mediator()
	p.Scopes = mustScopes("system/Claim.rs")
	if _, err := p.Restrict("Claim", Search, search.Chain{Param: "patient", Types: []string{"Patient"}, X: byIdent}); !isForbidden(err) {
		t.Errorf("a chain to Patient needs its scope: %v", err)
	}
	if _, err := p.Restrict("Claim", Search, byIdent); err != nil {
		t.Error(err)
	}
}

// A facility's principal never gets all of a type outside the shared list,
// unless it named persons exactly.
func TestNeverAll(t *testing.T) {
	types := append(slices.Clone(rules.Shared), "Coverage", "Observation", "Encounter", "AuditEvent", "Contract", "Account", "Bundle")
	for typ := range rules.Own {
		types = append(types, typ)
	}
	for typ := range rules.Persons {
		types = append(types, typ)
	}
	slices.Sort(types)
	leaf := rapid.Custom(func(t *rapid.T) search.Expr {
		param := rapid.SampledFrom([]string{"identifier", "name", "gender", "member", "_id"}).Draw(t, "param")
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			return search.IDs(rapid.SliceOfN(rapid.StringMatching("[a-z]{1,3}"), 0, 3).Draw(t, "ids"))
		case 1:
			return search.Is{Param: param, Kind: search.Token, Code: rapid.SampledFrom([]string{"", "1"}).Draw(t, "code"), AnyCode: rapid.Bool().Draw(t, "any")}
		case 2:
			return search.Missing{Param: param}
		case 3:
			return nil
		}
		return search.Word{Param: param, Kind: search.String, Text: "x"}
	})
	rapid.Check(t, func(t *rapid.T) {
		var asked search.Expr
		list := rapid.SliceOfN(leaf, 0, 3).Draw(t, "leaves")
		switch rapid.IntRange(0, 2).Draw(t, "shape") {
		case 0:
			asked = search.And(list)
		case 1:
			asked = search.Or(list)
		case 2:
			asked = search.Not{X: search.And(list)}
		}
		typ := rapid.SampledFrom(types).Draw(t, "type")
		right := rapid.SampledFrom([]Right{Read, Search}).Draw(t, "right")
		x, err := clinic().Readable(typ, right, asked)
		if err != nil || x != nil || slices.Contains(rules.Shared, typ) {
			return
		}
		who, ok := rules.Persons[typ]
		if !ok {
			t.Fatalf("all of %s", typ)
		}
		// It must be false for a person of whom nothing asked is known.
		if holdsForStranger(asked, who.Exact) {
			t.Fatalf("all of %s for %#v", typ, asked)
		}
	})
}

// holdsForStranger reports whether an expression could be true of a person
// whose id and exact parameters the asker does not know.
func holdsForStranger(x search.Expr, params []string) bool {
	switch x := x.(type) {
	case search.IDs:
		return false
	case search.Is:
		return !slices.Contains(params, x.Param) || x.AnyCode || x.Code == ""
	case search.And:
		return !slices.ContainsFunc(x, func(y search.Expr) bool { return !holdsForStranger(y, params) })
	case search.Or:
		return slices.ContainsFunc(x, func(y search.Expr) bool { return holdsForStranger(y, params) })
	}
	return true
}

func TestOperation(t *testing.T) {
	few := clinic()
	few.Scopes = mustScopes("system/Claim.cr user/EnrollmentRequest.c")
	officer := mediator()
	officer.Scopes = mustScopes("user/Claim.rs user/ClaimResponse.rus")
	him := mediator()
	him.Scopes = mustScopes("system/Claim.cruds system/ClaimResponse.rs")
	lost := Principal{Kind: Client, Scopes: mustScopes("system/*.cruds")}
	tests := []struct {
		who  string
		p    Principal
		typ  string
		name string
		ok   bool
	}{
		{"clinic", clinic(), "Claim", "$submit", true},
		{"clinic", clinic(), "Claim", "$cancel", true},
		{"clinic", clinic(), "Claim", "$review", false},
		{"clinic", clinic(), "Claim", "$nonsense", false},
		{"clinic", clinic(), "", "$export", false},
		{"clinic", clinic(), "Patient", "$submit", false},
		{"clinic", clinic(), "Claim", "$validate", true},
		{"clinic", clinic(), "Claim", "$meta", false},
		{"clinic", clinic(), "", "$meta", false},
		{"clinic", clinic(), "Claim", "$meta-add", false},
		{"clinic", clinic(), "Claim", "$meta-delete", false},
		{"clinic", clinic(), "Patient", "$everything", false},
		{"clinic", clinic(), "Group", "$everything", false},
		{"clinic, few scopes", few, "EnrollmentRequest", "$validate", true},
		{"clinic, few scopes", few, "Patient", "$validate", false},
		{"clinic, few scopes", few, "Claim", "$submit", true},
		{"clinic, few scopes", few, "Claim", "$cancel", false},
		{"clinic, few scopes", few, "EnrollmentRequest", "$submit", true},
		{"clinic, few scopes", few, "CoverageEligibilityRequest", "$submit", false},
		{"officer", officer, "Claim", "$review", true},
		{"officer", officer, "Claim", "$submit", false},
		{"mediator", him, "Claim", "$submit", true},
		{"mediator", him, "Claim", "$review", false},
		{"mediator", him, "Claim", "$unknown", true},
		{"mediator", him, "", "$export", false},
		{"mediator", him, "Claim", "$meta", true},
		{"mediator", him, "", "$meta", false},
		{"mediator", him, "ClaimResponse", "$meta-add", false},
		{"mediator", him, "Patient", "$everything", false},
		{"administrator", mediator(), "", "$meta", true},
		{"administrator", mediator(), "Patient", "$everything", true},
		{"administrator", mediator(), "", "$export", true},
		{"no facility", lost, "Claim", "$submit", false},
		{"nobody", Principal{}, "Claim", "$submit", false},
		{"the program", Internal("load"), "Claim", "$review", true},
	}
	for _, tt := range tests {
		err := tt.p.Operation(tt.typ, tt.name)
		if (err == nil) != tt.ok || err != nil && !isForbidden(err) {
			t.Errorf("%s %s/%s: %v, want ok %v", tt.who, tt.typ, tt.name, err, tt.ok)
		}
	}
}

func TestBookRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"unknown key":          "shared: [A]\nopen: [B]",
		"unknown placeholder":  "own: {Claim: 'provider={me}'}",
		"not a condition":      "own: {Claim: provider}",
		"no type":              "own: {Claim: 'provider:x'}",
		"link without own":     "own: {Claim: 'request:Invoice'}",
		"circle":               "own: {Claim: 'a:Task', Task: 'b:Claim'}",
		"shared and written":   "shared: [Organization]\nwrite: {Organization: {rights: c}}",
		"write without rights": "write: {Claim: {rights: x}}",
		"narrowed, not shared": "narrowed: {Claim: {show: 'a={facility}'}}",
		"operation's right":    "operations: {Claim/$x: {type: Claim, right: cu}}",
		"person's link":        "persons: {Patient: {else: '_has:Claim:patient'}}",
		"condition no text":    "own: {Claim: [a]}",
	} {
		if _, err := readBook([]byte(text)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	defer func() {
		if fmt.Sprint(recover()) == "<nil>" {
			t.Error("a bad embedded book must stop the program")
		}
	}()
	mustBook([]byte("nonsense: 1"))
}

func TestLinks(t *testing.T) {
	b, err := readBook([]byte("own: {Claim: 'provider={facility}', Task: 'focus:Claim'}"))
	if err != nil {
		t.Fatal(err)
	}
	want := search.Chain{Param: "focus", Types: []string{"Claim"}, X: own("provider")}
	if diff := cmp.Diff(search.Expr(want), b.expr(b.Own["Task"], clinic().Facilities)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Blank facilities match nothing rather than everything.
	for _, c := range []string{"a={facility}", "a={owner}", "a={code}"} {
		parsed, err := parseCondition(c)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(search.Expr(search.Or{}), b.expr(parsed, []Facility{{Identifiers: []Identifier{{}}}})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c, diff)
		}
	}
}

func TestErrorsNameWhatToAsk(t *testing.T) {
	p := clinic()
	p.Scopes = nil
	_, err := p.Readable("Claim", Search, nil)
	if err == nil || !strings.Contains(err.Error(), "Claim.s") {
		t.Errorf("error = %v, want the missing scope named", err)
	}
}
