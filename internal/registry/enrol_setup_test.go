package registry

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store/sqlite"
)

// onOneStore runs a test that does not depend on the store.
func onOneStore(t *testing.T, test func(c *clinic)) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "jamii.db"), sqlite.Options{})
	test(newClinic(t, s, err))
}

// family is a registered household.
type family struct {
	group string   // id
	ids   []string // the head first
}

// family registers a household in one transaction, as clients do. Each member
// is "role birthdate"; the first is usually the head.
func (c *clinic) family(members ...string) family {
	c.Helper()
	var entries []Entry
	var inGroup []string
	for i, m := range members {
		role, born, _ := strings.Cut(m, " ")
		c.seq++
		url := fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", c.seq)
		n := c.parse(fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":%q,"value":"N%d"}],"gender":"female","birthDate":%q}`, c.pack.System("national-id"), c.seq, born))
		entries = append(entries, Entry{Method: "POST", Type: "Patient", FullURL: url, Resource: n, Path: fmt.Sprintf("Bundle.entry[%d]", i)})
		inGroup = append(inGroup, groupMember(role, url))
	}
	entries = append(entries, Entry{Method: "POST", Type: "Group", Resource: c.parse(groupOf(inGroup...)), Path: fmt.Sprintf("Bundle.entry[%d]", len(members))})
	results, err := c.r.Transaction(c.Context(), c.call, entries)
	if err != nil {
		c.Fatal(explain(err))
	}
	var f family
	for _, r := range results {
		if r.Resource.Type == "Group" {
			f.group = r.Resource.ID
		} else {
			f.ids = append(f.ids, r.Resource.ID)
		}
	}
	return f
}

func groupMember(role, url string) string {
	return fmt.Sprintf(`{"extension":[{"url":%q,"valueCode":%q}],"entity":{"reference":%q}}`, extensionRole, role, url)
}

func groupOf(members ...string) string {
	return `{"resourceType":"Group","type":"person","actual":true,"code":{"coding":[{"code":"household"}]},"member":[` + strings.Join(members, ",") + `]}`
}

// regroup updates the Group of a family.
func (c *clinic) regroup(f family, members ...string) (Result, error) {
	n := c.parse(groupOf(members...))
	n.Set("id", fhir.Str(f.group))
	return c.r.Update(c.Context(), c.call, "Group", f.group, n, 0)
}

// request builds an EnrollmentRequest with a contained Coverage; plan "" names
// none, number "" gives no identifier.
func (c *clinic) request(number, head, plan, created string) *fhir.Node {
	id, class := "", ""
	if number != "" {
		id = fmt.Sprintf(`"identifier":[{"system":"urn:test","value":%q}],`, number)
	}
	if plan != "" {
		class = fmt.Sprintf(`,"class":[{"type":{"coding":[{"system":%q,"code":"plan"}]},"value":%q}]`, systemCoverClass, plan)
	}
	return c.parse(fmt.Sprintf(`{"resourceType":"EnrollmentRequest","contained":[{"resourceType":"Coverage","id":"cov","status":"draft","beneficiary":{"reference":"Patient/%s"},"payor":[{"reference":%q}]%s}],
		%s"status":"active","created":%q,"insurer":{"reference":%q},"candidate":{"reference":"Patient/%s"},"coverage":{"reference":"#cov"}}`,
		head, c.pack.insurer, class, id, created, c.pack.insurer, head))
}

// enrol enrols; everything that was made must be valid R4.
func (c *clinic) enrol(n, bundle *fhir.Node) Enrolled {
	c.Helper()
	out, err := c.r.Enrol(c.Context(), c.call, n, bundle)
	if err != nil {
		c.Fatal(explain(err))
	}
	c.valid(out.Response)
	for _, res := range out.More {
		c.valid(res)
	}
	c.valid(c.read(c.tree(out.Response).Path("request", "reference").String()))
	return out
}

func (c *clinic) tree(res fhir.Resource) *fhir.Node {
	c.Helper()
	n, err := res.Tree()
	if err != nil {
		c.Fatal(err)
	}
	return n
}

func (c *clinic) read(ref string) fhir.Resource {
	c.Helper()
	list, err := c.r.store.ReadMany(c.Context(), []string{ref})
	if err != nil || len(list) != 1 {
		c.Fatalf("%s: %v", ref, err)
	}
	return list[0]
}

// of returns the resources of a type.
func of(list []fhir.Resource, typ string) (out []fhir.Resource) {
	for _, r := range list {
		if r.Type == typ {
			out = append(out, r)
		}
	}
	return out
}

// policy reads the policy that a Coverage shows.
func (c *clinic) policy(coverage fhir.Resource) *held {
	c.Helper()
	list, _, err := c.r.byNumber(c.Context(), []string{identifier(c.tree(coverage), c.pack.System("policy"))})
	if err != nil || len(list) != 1 {
		c.Fatal("no policy", err)
	}
	return list[0]
}

// notice builds a PaymentNotice; more are further members.
func (c *clinic) notice(invoice, receipt, amount, more string) *fhir.Node {
	return c.parse(fmt.Sprintf(`{"resourceType":"PaymentNotice","status":"active","request":{"reference":%q},"created":"2025-09-01",
		"payment":{"identifier":{"system":%q,"value":%q}},"paymentDate":"2025-09-01","recipient":{"reference":%q},"amount":{"value":%s,"currency":"NPR"}%s}`,
		invoice, c.pack.System("receipt"), receipt, c.pack.insurer, amount, more))
}

func (c *clinic) pay(n *fhir.Node) Result {
	c.Helper()
	if ok, err := c.r.Pays(c.Context(), c.call, "PaymentNotice", n); err != nil || !ok {
		c.Errorf("Pays = %v, %v", ok, err)
	}
	res, err := c.r.Pay(c.Context(), c.call, n)
	if err != nil {
		c.Fatal(explain(err))
	}
	c.valid(res.Resource)
	return res
}

// fails wants an error of a kind, by rule, at a path.
func fails(t *testing.T, err error, kind fhir.ErrorKind, rule, path string) {
	t.Helper()
	var fe *fhir.Error
	if !errors.As(err, &fe) {
		t.Errorf("want an error of rule %q at %s, got %v", rule, path, err)
		return
	}
	for _, is := range fe.All() {
		if fe.Kind == kind && is.Rule == rule && is.Path == path {
			return
		}
	}
	t.Errorf("want kind %d rule %q at %s, got kind %d %s", kind, rule, path, fe.Kind, explain(err))
}

// shown is the status of a member's Coverage with the exact one.
func (c *clinic) shown(coverage string) string {
	c.Helper()
	n := c.valid(c.read(coverage))
	return n.Get("status").String() + " " + codeOf(extension(n, extensionPolicyStatus)) + " " + n.Path("period", "start").String() + " " + n.Path("period", "end").String()
}

// count is the number of stored resources of a type.
func (c *clinic) count(typ string) int64 {
	c.Helper()
	n, err := c.r.store.Count(c.Context(), typ, nil, 0)
	if err != nil {
		c.Fatal(err)
	}
	return n
}
