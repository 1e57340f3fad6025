package profiles_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/registry"
	"github.com/jamii-health/jamii/internal/scheme"
	"github.com/jamii-health/jamii/internal/store/sqlite"
	"github.com/jamii-health/jamii/profiles"
	"github.com/jamii-health/jamii/profiles/schemes"
)

// gateway is a registry with the demonstration scheme and our profiles.
type gateway struct {
	*testing.T
	r    *registry.Registry
	call registry.Call
	pack *scheme.Pack
}

const (
	insurer   = "Organization/nepal-hib-insurer-HIB"
	hospital  = "Organization/nepal-hib-fac-HO01"
	headURL   = "urn:uuid:00000000-0000-4000-8000-000000000001"
	childURL  = "urn:uuid:00000000-0000-4000-8000-000000000002"
	coverURL  = "urn:uuid:00000000-0000-4000-8000-000000000003"
	rolePath  = fhir.Base + "/StructureDefinition/household-role"
	claimType = `"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}]}`
)

func newGateway(t *testing.T, demand map[string][]string) *gateway {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "jamii.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	catalogue, err := search.NewCatalogue(profiles.SearchParams())
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{T: t, call: registry.Call{Principal: access.Internal("test"), Base: "http://jamii.test/fhir"}}
	now := func() time.Time { return time.Date(2025, 9, 1, 12, 0, 0, 0, time.UTC) }
	if g.r, err = registry.New(t.Context(), db, catalogue, registry.Options{Now: now, Definition: profiles.Definition, Demand: demand}); err != nil {
		t.Fatal(err)
	}
	var problems []scheme.Problem
	if g.pack, problems = scheme.Load(schemes.NepalHIB()); g.pack == nil {
		t.Fatal(problems)
	}
	if _, err := g.r.Publish(t.Context(), []*scheme.Pack{g.pack}); err != nil {
		t.Fatal(err)
	}
	return g
}

func parse(t *testing.T, text string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return n
}

// done fails the test with all issues of an error.
func (g *gateway) done(err error) {
	g.Helper()
	var fe *fhir.Error
	if errors.As(err, &fe) {
		g.Fatal(fe.All())
	}
	if err != nil {
		g.Fatal(err)
	}
}

// tree is the content of a resource.
func (g *gateway) tree(res fhir.Resource) *fhir.Node {
	g.Helper()
	n, err := res.Tree()
	g.done(err)
	return n
}

// stored reads "Type/id".
func (g *gateway) stored(ref string) *fhir.Node {
	g.Helper()
	typ, id, _ := strings.Cut(ref, "/")
	res, err := g.r.Read(g.Context(), g.call, typ, id)
	g.done(err)
	return g.tree(res)
}

// household is the transaction that registers a head and a child.
func (g *gateway) household(claims bool) []registry.Entry {
	person := func(number, born string) *fhir.Node {
		return parse(g.T, fmt.Sprintf(`{"resourceType":"Patient",%s"identifier":[{"system":%q,"value":%q}],"name":[{"family":"Test","given":["A"]}],"gender":"female","birthDate":%q}`,
			claiming(claims, "patient"), g.pack.Systems["national-id"], number, born))
	}
	group := parse(g.T, `{"resourceType":"Group",`+claiming(claims, "household")+`"type":"person","actual":true,"code":{"coding":[{"code":"household"}]},"member":[`+
		member("head", headURL)+","+member("4", childURL)+`]}`)
	return []registry.Entry{
		{Method: "POST", Type: "Patient", FullURL: headURL, Resource: person("N1", "1985-01-01"), Path: "Bundle.entry[0]"},
		{Method: "POST", Type: "Patient", FullURL: childURL, Resource: person("N2", "2015-03-03"), Path: "Bundle.entry[1]"},
		{Method: "POST", Type: "Group", Resource: group, Path: "Bundle.entry[2]"},
	}
}

// claiming is the meta of a resource that claims a profile.
func claiming(claims bool, name string) string {
	if !claims {
		return ""
	}
	return `"meta":{"profile":["` + profileURL(name) + `"]},`
}

func member(role, url string) string {
	return fmt.Sprintf(`{"extension":[{"url":%q,"valueCode":%q}],"entity":{"reference":%q}}`, rolePath, role, url)
}

// collection puts resources into a Bundle.
func collection(t *testing.T, list ...*fhir.Node) *fhir.Node {
	entries := make([]string, len(list))
	for i, n := range list {
		url := fmt.Sprintf("http://jamii.test/fhir/%s/%s", n.ResourceType(), n.Get("id").String())
		if n.Get("id") == nil {
			url = fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", 100+i)
		}
		if n.ResourceType() == "Coverage" && n.Get("id") == nil {
			url = coverURL
		}
		entries[i] = fmt.Sprintf(`{"fullUrl":%q,"resource":%s}`, url, n.JSON())
	}
	return parse(t, `{"resourceType":"Bundle","type":"collection","entry":[`+strings.Join(entries, ",")+`]}`)
}

// produced runs what wire.md describes, from the household to the claims, and
// returns what was sent and answered, by the name of the profile.
func (g *gateway) produced() map[string][]*fhir.Node {
	g.Helper()
	ctx, out := g.Context(), map[string][]*fhir.Node{}
	keep := func(name string, list ...*fhir.Node) { out[name] = append(out[name], list...) }
	made, err := g.r.Transaction(ctx, g.call, g.household(true))
	g.done(err)
	keep("patient", g.tree(made[0].Resource), g.tree(made[1].Resource))
	keep("household", g.tree(made[2].Resource))
	head := made[0].Resource.Ref()

	cover := parse(g.T, fmt.Sprintf(`{"resourceType":"Coverage","status":"draft","beneficiary":{"reference":%q},"payor":[{"reference":%q}],
		"class":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/coverage-class","code":"plan"}]},"value":"MUNI"}]}`, head, insurer))
	request := parse(g.T, fmt.Sprintf(`{"resourceType":"EnrollmentRequest","status":"active","created":"2025-08-01","insurer":{"reference":%q},"candidate":{"reference":%q},"coverage":{"reference":%q}}`,
		insurer, head, coverURL))
	bundle := collection(g.T, request, cover)
	keep("coverage-request", cover)
	keep("enrollment-request-bundle", bundle.Clone())
	enrolled, err := g.r.Enrol(ctx, g.call, bundle.Get("entry").At(0).Get("resource"), bundle)
	g.done(err)
	answer := g.tree(enrolled.Response)
	keep("enrollment-response", answer)
	keep("enrollment-request", g.stored(answer.Path("request", "reference").String()))
	all := []*fhir.Node{answer}
	for _, res := range enrolled.More {
		n := g.tree(res)
		keep(strings.ToLower(res.Type), n)
		all = append(all, n)
	}
	keep("enrollment-response-bundle", collection(g.T, all...))

	invoice := out["invoice"][0]
	paid, err := g.r.Pay(ctx, g.call, parse(g.T, fmt.Sprintf(`{"resourceType":"PaymentNotice","status":"active","request":{"reference":"Invoice/%s"},"created":"2025-09-01",
		"payment":{"identifier":{"system":%q,"value":"R1"}},"recipient":{"reference":%q},"amount":{"value":%s,"currency":"NPR"}}`,
		invoice.Get("id").String(), g.pack.Systems["receipt"], insurer, invoice.Path("totalGross", "value").Text)))
	g.done(err)
	keep("payment-notice", g.tree(paid.Resource))
	keep("invoice", g.stored("Invoice/"+invoice.Get("id").String()))
	keep("coverage", g.stored("Coverage/"+out["coverage"][0].Get("id").String()))
	g.asked(head, keep)
	g.claimed(head, keep)
	return out
}

// asked enquires for a covered person on a day in the cover and one before.
func (g *gateway) asked(person string, keep func(string, ...*fhir.Node)) {
	g.Helper()
	for _, day := range []string{"2025-09-01", "2024-01-01"} {
		n := parse(g.T, fmt.Sprintf(`{"resourceType":"CoverageEligibilityRequest","status":"active","purpose":["validation","benefits"],"patient":{"reference":%q},"servicedDate":%q,
			"created":"2025-09-01","insurer":{"reference":%q},"item":[{"productOrService":{"coding":[{"system":%q,"code":"S101"}]}}]}`, person, day, insurer, g.pack.Systems["service"]))
		keep("coverage-eligibility-request-bundle", collection(g.T, n))
		res, err := g.r.Eligibility(g.Context(), g.call, n, nil)
		g.done(err)
		answer := g.tree(res.Resource)
		keep("coverage-eligibility-response", answer)
		keep("coverage-eligibility-response-bundle", collection(g.T, answer))
		keep("coverage-eligibility-request", g.stored(answer.Path("request", "reference").String()))
	}
}

// claimed submits a claim that is decided, one that is denied and one that
// waits for an officer.
func (g *gateway) claimed(person string, keep func(string, ...*fhir.Node)) {
	g.Helper()
	var answers []*fhir.Node
	for i, line := range []struct{ from, code, quantity string }{{"2025-09-01", "S101", "1"}, {"2024-01-01", "S101", "1"}, {"2025-09-01", "S409", "1"}} {
		n := parse(g.T, fmt.Sprintf(`{"resourceType":"Claim","meta":{"profile":[%q]},"identifier":[{"system":%q,"value":"C%d"}],"status":"active",%s,"use":"claim","patient":{"reference":%q},
			"created":"2025-09-01","insurer":{"reference":%q},"provider":{"reference":%q},"priority":{"coding":[{"code":"normal"}]},"billablePeriod":{"start":%q},
			"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11.9"}]}}],
			"insurance":[{"sequence":1,"focal":true,"coverage":{"identifier":{"system":%q,"value":"any"}}}],
			"item":[{"sequence":1,"productOrService":{"coding":[{"system":%q,"code":%q}]},"quantity":{"value":%s}}]}`,
			profileURL("claim"), g.pack.Systems["claim"], i, claimType, person, insurer, hospital, line.from, g.pack.Systems["policy"], g.pack.Systems["service"], line.code, line.quantity))
		keep("claim-bundle", collection(g.T, n))
		out, err := g.r.Submit(g.Context(), g.call, n, nil)
		g.done(err)
		claim, err := g.r.Asked(g.Context(), g.call, out)
		g.done(err)
		keep("claim", g.tree(claim))
		keep("claim-response", g.tree(out.Response))
		answers = append(answers, g.tree(out.Response))
	}
	outcome := fhir.Outcome(fhir.Issue{Severity: fhir.SeverityError, Code: fhir.IssueInvalid, Text: "x"})
	keep("claim-response-bundle", collection(g.T, append(slices.Clone(answers), &outcome)...))
	tasks, err := g.r.Search(g.Context(), g.call, "Task", nil)
	g.done(err)
	for _, e := range tasks.Entries {
		keep("task-review", g.tree(e.Resource))
	}
}
