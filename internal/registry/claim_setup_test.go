package registry

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
	"github.com/jamii-health/jamii/internal/scheme"
	"github.com/jamii-health/jamii/internal/store"
	"github.com/jamii-health/jamii/internal/store/pgtest"
	"github.com/jamii-health/jamii/internal/store/postgres"
	"github.com/jamii-health/jamii/internal/store/sqlite"
	"github.com/jamii-health/jamii/profiles/schemes"
)

// clinic is a registry on a real store with the demonstration scheme and
// covered households.
type clinic struct {
	*testing.T
	r    *Registry
	pack *pack
	call Call
	now  time.Time
	seq  int
}

var noon = time.Date(2025, 9, 1, 12, 0, 0, 0, time.UTC)

// onBothStores runs a test on SQLite and on PostgreSQL.
func onBothStores(t *testing.T, test func(c *clinic)) {
	t.Run("sqlite", func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "jamii.db"), sqlite.Options{})
		test(newClinic(t, s, err))
	})
	t.Run("postgres", func(t *testing.T) {
		s, err := postgres.Open(t.Context(), pgtest.DSN(t), postgres.Options{})
		test(newClinic(t, s, err))
	})
}

func newClinic(t *testing.T, s store.Store, err error) *clinic {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	catalogue, err := search.NewCatalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &clinic{T: t, now: noon, call: Call{Principal: access.Internal("test"), Base: "http://jamii.test/fhir"}}
	if c.r, err = New(t.Context(), s, catalogue, Options{Now: func() time.Time { return c.now }}); err != nil {
		t.Fatal(err)
	}
	p, problems := scheme.Load(schemes.NepalHIB())
	if p == nil {
		t.Fatal(problems)
	}
	if _, err := c.r.Publish(t.Context(), []*scheme.Pack{p}); err != nil {
		t.Fatal(err)
	}
	c.pack = c.r.scheme.Load().packs[0]
	return c
}

// facility is the Organization of a facility code.
func (c *clinic) facility(code string) string {
	for ref, have := range c.pack.facilities {
		if have == code {
			return ref
		}
	}
	c.Fatalf("no facility %s", code)
	return ""
}

// person stores a patient and returns its id.
func (c *clinic) person(born, gender string) string {
	c.Helper()
	c.seq++
	n := c.parse(fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":%q,"value":"N%d"}],"name":[{"family":"Test"}],"gender":%q,"birthDate":%q}`,
		c.pack.System("national-id"), c.seq, gender, born))
	res, err := c.r.Create(c.Context(), c.call, "Patient", n, "")
	if err != nil {
		c.Fatal(err)
	}
	return res.Resource.ID
}

// covered books a paid policy for persons, the first being the head.
func (c *clinic) covered(plan, on string, ids ...string) *held {
	c.Helper()
	day := date.Must(on)
	terms, ok := c.pack.Enrolment(plan, day)
	if !ok {
		c.Fatalf("no plan %s", plan)
	}
	var members []enrolment.Member
	for i, id := range ids {
		members = append(members, enrolment.Member{ID: id, Born: date.Must("1985-01-01"), Relation: min(i, 1) * 4, Order: i})
	}
	policy, bill, err := enrolment.Open(terms, claims.New, day, date.None, members)
	if err != nil {
		c.Fatal(err)
	}
	if policy, _, err = policy.Pay(enrolment.Payment{Receipt: "R", Amount: bill.Value, Date: day}); err != nil {
		c.Fatal(err)
	}
	c.seq++
	h := &held{Number: fmt.Sprintf("P%d", c.seq), Holder: "Patient/" + ids[0], Scheme: c.pack.Name, Digest: c.pack.Digest, Seq: int64(c.seq), policyData: policyData{Policy: policy}}
	u := store.Unit{Guards: []store.Guard{{Key: policyGuard(h.Number), Bump: true}}}
	if u.Facts, err = h.changes(); err != nil {
		c.Fatal(err)
	}
	if _, err := c.r.store.Commit(c.Context(), u); err != nil {
		c.Fatal(err)
	}
	return h
}

func (c *clinic) parse(text string) *fhir.Node {
	c.Helper()
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		c.Fatalf("%v: %s", err, text)
	}
	return n
}

// line is one line of a test claim.
type line struct{ kind, code, quantity, price string }

// claimFor builds a Claim.
func (c *clinic) claimFor(number, patient, facility, from string, lines ...line) *fhir.Node {
	c.Helper()
	var items []string
	for i, l := range lines {
		price := ""
		if l.price != "" {
			price = fmt.Sprintf(`,"unitPrice":{"value":%s,"currency":"NPR"}`, l.price)
		}
		items = append(items, fmt.Sprintf(`{"sequence":%d,"productOrService":{"coding":[{"system":%q,"code":%q}]},"quantity":{"value":%s}%s}`,
			i+1, c.pack.System(l.kind), l.code, l.quantity, price))
	}
	id := ""
	if number != "" {
		id = fmt.Sprintf(`"identifier":[{"system":%q,"value":%q}],`, c.pack.System("claim"), number)
	}
	return c.parse(fmt.Sprintf(`{"resourceType":"Claim",%s"status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}]},
		"use":"claim","patient":{"reference":"Patient/%s"},"created":"2025-09-01","insurer":{"reference":%q},"provider":{"reference":%q},
		"priority":{"coding":[{"code":"normal"}]},"billablePeriod":{"start":%q},
		"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11.9"}]}}],
		"insurance":[{"sequence":1,"focal":true,"coverage":{"identifier":{"system":%q,"value":"any"}}}],"item":[%s]}`,
		id, patient, c.pack.insurer, c.facility(facility), from, c.pack.System("policy"), strings.Join(items, ",")))
}

// submit submits and returns the answer's tree, which must be valid R4.
func (c *clinic) submit(n *fhir.Node) (*fhir.Node, Submitted) {
	c.Helper()
	out, err := c.r.Submit(c.Context(), c.call, n, nil)
	if err != nil {
		c.Fatal(explain(err))
	}
	return c.valid(out.Response), out
}

func (c *clinic) valid(res fhir.Resource) *fhir.Node {
	c.Helper()
	n, err := res.Tree()
	if err != nil {
		c.Fatal(err)
	}
	for _, is := range validate.Resource(n, validate.Options{ErrorsOnly: true}) {
		c.Errorf("%s is not valid: %s: %s", res.Type, is.Path, is.Text)
	}
	return n
}

func explain(err error) string {
	var fe *fhir.Error
	if errors.As(err, &fe) {
		return fmt.Sprint(fe.All())
	}
	return err.Error()
}

// refused wants an error of a kind at a path.
func (c *clinic) refused(n *fhir.Node, kind fhir.ErrorKind, code fhir.IssueType, path string) {
	c.Helper()
	_, err := c.r.Submit(c.Context(), c.call, n, nil)
	var fe *fhir.Error
	if !errors.As(err, &fe) {
		c.Errorf("want an error at %s, got %v", path, err)
		return
	}
	for _, is := range fe.All() {
		if fe.Kind == kind && is.Code == code && is.Path == path {
			return
		}
	}
	c.Errorf("want kind %d %s at %s, got %d %s", kind, code, path, fe.Kind, explain(err))
}

// total is an amount of ClaimResponse.total.
func total(n *fhir.Node, category string) string {
	for _, t := range n.Get("total").Each() {
		if t.Path("category", "coding").At(0).Get("code").String() == category {
			return t.Path("amount", "value").Text
		}
	}
	return ""
}

// steps lists the money steps of a line as "code amount".
func steps(n *fhir.Node, i int) (out []string) {
	for _, a := range n.Get("item").At(i).Get("adjudication").Each() {
		out = append(out, a.Path("category", "coding").At(0).Get("code").String()+" "+a.Path("amount", "value").Text)
	}
	return out
}

// booked is the net of the ledger of a policy, read from the store.
func (c *clinic) booked(policy string) claims.Money {
	c.Helper()
	_, rows, err := c.r.store.Facts(context.Background(), nil, store.Lookup{Table: store.Ledger, Column: "policy", Values: []string{policy}})
	if err != nil {
		c.Fatal(err)
	}
	sum := decimal.Zero
	for _, row := range rows[0] {
		e, err := entryFrom(row)
		if err != nil {
			c.Fatal(err)
		}
		sum = plus(sum, e.Paid)
	}
	return sum
}
