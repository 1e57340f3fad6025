package registry

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/store"
)

// The claim of the demonstration: one line paid, one cut by the ceiling, one
// refused.
func TestSubmitPartlyPaid(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		h := c.covered("MUNI", "2025-08-01", p)
		answer, out := c.submit(c.claimFor("C1", p, "HO01", "2025-08-20",
			line{"service", "S101", "1", "50"}, line{"service", "S301", "2", "250"}, line{"item", "I812", "1", "100"}))
		if out.Repeated || answer.Get("outcome").String() != "complete" || answer.Get("disposition").String() != dispositionPartly {
			t.Errorf("%s %s", answer.Get("outcome").String(), answer.Get("disposition").String())
		}
		if total(answer, "submitted") != "650.00" {
			t.Errorf("submitted %s", total(answer, "submitted"))
		}
		paid, err := amountOf(total(answer, "benefit"))
		if err != nil || paid.Cmp(c.booked(h.Number)) != 0 || paid.IsZero() {
			t.Errorf("paid %s, booked %s", paid, c.booked(h.Number))
		}
		reasons := answer.Get("item").At(2).Get("adjudication").Each()
		last := reasons[len(reasons)-1].Path("reason", "coding")
		if last.At(0).Get("system").String() != systemReason || last.At(1).Get("code").String() == "" {
			t.Errorf("the refused line has no reason: %s", answer.Get("item").At(2).JSON())
		}
		languages := map[string]int{}
		for _, n := range answer.Get("processNote").Each() {
			languages[n.Path("language", "coding").At(0).Get("code").String()]++
		}
		if languages["en"] == 0 || languages["en"] != languages["ne"] {
			t.Errorf("notes by language: %v", languages)
		}
	})
}

func TestSubmitStoresTheClaimAsSent(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		n := c.claimFor("C1", p, "HC01", "2025-08-20", line{"service", "S101", "1", "50"})
		n.Set("patient", *c.parse(fmt.Sprintf(`{"identifier":{"system":%q,"value":"N1"}}`, c.pack.System("national-id"))))
		answer, out := c.submit(n)
		claim, err := c.r.Asked(t.Context(), c.call, out)
		if err != nil {
			t.Fatal(err)
		}
		tree := c.valid(claim)
		if tree.Path("patient", "identifier", "value").String() != "N1" || tree.Path("patient", "reference").String() != "Patient/"+p {
			t.Errorf("patient %s", tree.Get("patient").JSON())
		}
		if !claim.Managed || !out.Response.Managed {
			t.Error("claim and answer belong to the engine")
		}
		if answer.Path("request", "reference").String() != claim.Ref() || answer.Get("disposition").String() != dispositionDenied {
			t.Errorf("nobody pays without cover: %s", answer.JSON())
		}
	})
}

func TestSubmitAgain(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		h := c.covered("MUNI", "2025-08-01", p)
		one := func() *fhir.Node {
			return c.claimFor("C1", p, "HC01", "2025-08-20", line{"service", "S101", "1", "50"})
		}
		_, first := c.submit(one())
		again := one()
		again.Set("created", fhir.Str("2025-08-31"))
		again.Set("text", *c.parse(`{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}`))
		if _, out := c.submit(again); !out.Repeated || out.Response.Ref() != first.Response.Ref() {
			t.Errorf("a repeat gives the first answer: %+v", out.Response.Ref())
		}
		other := c.claimFor("C1", p, "HC01", "2025-08-20", line{"service", "S101", "2", "50"})
		c.refused(other, fhir.Conflict, fhir.IssueDuplicate, "Claim.identifier")
		if _, out := c.submit(c.claimFor("C1", p, "HC02", "2025-08-21", line{"service", "S101", "1", "50"})); out.Repeated {
			t.Error("another facility has numbers of its own")
		}
		before := c.booked(h.Number)
		claim, err := c.r.Asked(t.Context(), c.call, first)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time changes nothing
			res, err := c.r.Cancel(t.Context(), c.call, claim.ID, c.parse(`{"resourceType":"Parameters","parameter":[{"name":"reason","valueCodeableConcept":{"text":"wrong visit"}}]}`))
			if err != nil {
				t.Fatal(explain(err))
			}
			if got := c.valid(res); got.Get("status").String() != "cancelled" || res.Version != 2 {
				t.Errorf("version %d %s", res.Version, got.Get("status").String())
			}
		}
		if after := c.booked(h.Number); after.Cmp(before) >= 0 {
			t.Errorf("booked %s before and %s after the cancellation", before, after)
		}
		if _, out := c.submit(other); out.Repeated {
			t.Error("the identifier is free after a cancellation")
		}
	})
}

// Sixteen submissions of one claim make one decision and one ledger row; of
// sixteen claims none passes the ceiling.
func TestSubmitInParallel(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p, q := c.person("1985-01-01", "male"), c.person("1985-01-01", "female")
		h := c.covered("HIB", "2025-07-20", p, q)
		same := parallel(16, func(i int) (Submitted, error) {
			return c.r.Submit(t.Context(), c.call, c.claimFor("SAME", p, "HO01", "2025-08-20", line{"service", "S101", "1", "50"}), nil)
		})
		refs, firsts := map[string]int{}, 0
		for _, o := range same {
			if o.err != nil {
				t.Fatal(explain(o.err))
			}
			refs[o.out.Response.Ref()]++
			if !o.out.Repeated {
				firsts++
			}
		}
		if len(refs) != 1 || firsts != 1 {
			t.Errorf("%d answers, %d decisions", len(refs), firsts)
		}
		many := parallel(16, func(i int) (Submitted, error) {
			who := []string{p, q}[i%2]
			return c.r.Submit(t.Context(), c.call, c.claimFor(fmt.Sprint("M", i), who, "HO01", "2025-08-21", line{"service", "S601", "4", "3000"}), nil)
		})
		for _, o := range many {
			var fe *fhir.Error
			if o.err != nil && (!errors.As(o.err, &fe) || fe.Kind != fhir.Unavailable) {
				t.Error(explain(o.err))
			}
		}
		if got, limit := c.booked(h.Number), must(amountOf("100000")); got.Cmp(limit) > 0 || got.IsZero() {
			t.Errorf("booked %s with a ceiling of %s", got, limit)
		}
	})
}

type outcome struct {
	out Submitted
	err error
}

func parallel(n int, do func(int) (Submitted, error)) []outcome {
	out := make([]outcome, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { out[i].out, out[i].err = do(i) })
	}
	wg.Wait()
	return out
}

func TestQueuedAndReviewed(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		h := c.covered("HIB", "2025-07-20", p)
		answer, out := c.submit(c.claimFor("Q1", p, "HO01", "2025-08-20", line{"service", "S409", "1", "4000"}, line{"service", "S101", "2", "50"}))
		if answer.Get("outcome").String() != "queued" {
			t.Fatalf("not queued: %s", answer.JSON())
		}
		reserved := c.booked(h.Number)
		if reserved.IsZero() {
			t.Error("a queued claim reserves")
		}
		claim, err := c.r.Asked(t.Context(), c.call, out)
		if err != nil {
			t.Fatal(err)
		}
		params := c.parse(`{"resourceType":"Parameters","parameter":[{"name":"decision","valueCode":"deliver"},
			{"name":"line","part":[{"name":"sequence","valuePositiveInt":2},{"name":"quantity","valueDecimal":1},{"name":"justification","valueString":"one visit"}]},
			{"name":"line","part":[{"name":"sequence","valuePositiveInt":1},{"name":"reject","valueBoolean":true},{"name":"justification","valueString":"no sign of need"}]}]}`)
		if _, err := c.r.Review(t.Context(), c.call, claim.ID, params, 0); !isKind(err, fhir.PreconditionFailed) {
			t.Errorf("without If-Match: %v", err)
		}
		if _, err := c.r.Review(t.Context(), c.call, claim.ID, params, 7); !isKind(err, fhir.PreconditionFailed) {
			t.Errorf("with a wrong If-Match: %v", err)
		}
		raised := c.parse(`{"resourceType":"Parameters","parameter":[{"name":"decision","valueCode":"deliver"},{"name":"line","part":[{"name":"sequence","valuePositiveInt":2},{"name":"quantity","valueDecimal":9}]}]}`)
		if _, err := c.r.Review(t.Context(), c.call, claim.ID, raised, claim.Version); !isKind(err, fhir.Unprocessable) {
			t.Errorf("a raised quantity: %v", err)
		}
		res, err := c.r.Review(t.Context(), c.call, claim.ID, params, claim.Version)
		if err != nil {
			t.Fatal(explain(err))
		}
		decided := c.valid(res)
		if res.ID != out.Response.ID || res.Version != 2 || decided.Get("outcome").String() != "complete" {
			t.Errorf("the decision is version 2 of the same answer: %s v%d %s", res.Ref(), res.Version, decided.Get("outcome").String())
		}
		if diff := cmp.Diff([]string{"submitted 4000.00", "benefit 0.00"}, steps(decided, 0)); diff != "" {
			t.Errorf("refused line (-want +got):\n%s", diff)
		}
		paid := must(amountOf(total(decided, "benefit")))
		if booked := c.booked(h.Number); booked.Cmp(paid) != 0 || booked.Cmp(reserved) >= 0 {
			t.Errorf("reserved %s, booked %s, paid %s", reserved, booked, paid)
		}
		c.taskIs("completed", out)
		if !strings.Contains(string(res.Body), "no sign of need") {
			t.Error("the facility cannot read why")
		}
		if _, err := c.r.Review(t.Context(), c.call, claim.ID, params, claim.Version); !isKind(err, fhir.Conflict) {
			t.Errorf("decided twice: %v", err)
		}
	})
}

// taskIs checks the state of the Task about an answer.
func (c *clinic) taskIs(status string, out Submitted) {
	c.Helper()
	page, err := c.r.store.Search(c.Context(), store.Query{Type: "Task", Limit: 10})
	if err != nil || len(page.Resources) != 1 {
		c.Fatalf("%d tasks: %v", len(page.Resources), err)
	}
	task := c.valid(page.Resources[0])
	if task.Get("status").String() != status || task.Get("output").At(0).Path("valueReference", "reference").String() != out.Response.Ref() {
		c.Errorf("task %s", task.JSON())
	}
}

func isKind(err error, kind fhir.ErrorKind) bool {
	var fe *fhir.Error
	return errors.As(err, &fe) && fe.Kind == kind
}

func TestPredeterminationTakesNothing(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		h := c.covered("MUNI", "2025-08-01", p)
		n := c.claimFor("D1", p, "HC01", "2025-08-20", line{"service", "S101", "1", "50"})
		n.Set("use", fhir.Str("predetermination"))
		answer, _ := c.submit(n)
		if total(answer, "benefit") == "0.00" || !c.booked(h.Number).IsZero() {
			t.Errorf("benefit %s, booked %s", total(answer, "benefit"), c.booked(h.Number))
		}
		_, rows, err := c.r.store.Facts(t.Context(), nil, store.Lookup{Table: store.Lines, Column: "person", Values: []string{p}})
		if err != nil || len(rows[0]) != 0 {
			t.Errorf("%d lines count: %v", len(rows[0]), err)
		}
	})
}

// What the rules refuse is an answer, not an error (issue: bad input).
func TestRefusedByTheRules(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		c.covered("MUNI", "2025-08-01", p)
		tests := []struct {
			name   string
			claim  *fhir.Node
			reason claims.Reason
		}{
			{"no cover on that day", c.claimFor("R1", p, "HC01", "2024-01-01", line{"service", "S101", "1", "50"}), claims.ReasonNotValidPerson},
			{"code not in the register", c.claimFor("R2", p, "HC01", "2025-08-20", line{"service", "ZZZ", "1", "50"}), claims.ReasonNotInRegister},
			{"not in the facility's price list", c.claimFor("R3", p, "HP01", "2025-08-20", line{"service", "S409", "1", "50"}), claims.ReasonNotInPriceList},
			{"not covered", c.claimFor("R4", p, "HO01", "2025-08-20", line{"item", "I812", "1", "50"}), claims.ReasonNoProduct},
		}
		for _, tt := range tests {
			answer, _ := c.submit(tt.claim)
			adjudication := answer.Get("item").At(0).Get("adjudication").Each()
			got := adjudication[len(adjudication)-1].Path("reason", "coding").At(1).Get("code").String()
			if answer.Get("outcome").String() != "complete" || answer.Get("disposition").String() != dispositionDenied || got != fmt.Sprint(int(tt.reason)) {
				t.Errorf("%s: %s, reason %s want %d", tt.name, answer.Get("disposition").String(), got, tt.reason)
			}
		}
	})
}

func TestInputThatIsNoClaim(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p, other := c.person("1985-01-01", "male"), c.person("1990-01-01", "female")
		good := func() *fhir.Node {
			return c.claimFor("X", p, "HC01", "2025-08-20", line{"service", "S101", "1", "50"})
		}
		item := func(change func(*fhir.Node)) *fhir.Node {
			n := good()
			change(n.Get("item").At(0))
			return n
		}
		with := func(name, value string) *fhir.Node {
			n := good()
			n.Set(name, *c.parse(value))
			return n
		}
		tests := []struct {
			name  string
			claim *fhir.Node
			code  fhir.IssueType
			path  string
		}{
			{"unknown patient", with("patient", `{"reference":"Patient/nobody"}`), fhir.IssueNotFound, "Claim.patient"},
			{"unknown provider", with("provider", `{"identifier":{"system":"x","value":"y"}}`), fhir.IssueNotFound, "Claim.provider"},
			{"unknown insurer", with("insurer", `{"reference":"Organization/nobody"}`), fhir.IssueNotFound, "Claim.insurer"},
			{"dates the wrong way round", with("billablePeriod", `{"start":"2025-08-20","end":"2025-08-01"}`), fhir.IssueBusinessRule, "Claim.billablePeriod"},
			{"implicit rules", with("implicitRules", `"http://x.org/rules"`), fhir.IssueNotSupported, "Claim.implicitRules"},
			{"negative price", item(func(n *fhir.Node) { n.Get("unitPrice").Set("value", fhir.Num("-1")) }), fhir.IssueBusinessRule, "Claim.item[0].unitPrice.value"},
			{"thirty digits", item(func(n *fhir.Node) { n.Get("unitPrice").Set("value", fhir.Num("123456789012345678901234567890")) }), fhir.IssueValue, "Claim.item[0].unitPrice.value"},
			{"no quantity", item(func(n *fhir.Node) { n.Get("quantity").Set("value", fhir.Num("0")) }), fhir.IssueBusinessRule, "Claim.item[0].quantity.value"},
			{"another currency", item(func(n *fhir.Node) { n.Get("unitPrice").Set("currency", fhir.Str("EUR")) }), fhir.IssueBusinessRule, "Claim.item[0].unitPrice.currency"},
			{"unknown code system", item(func(n *fhir.Node) {
				n.Set("productOrService", *c.parse(`{"coding":[{"system":"http://x.org","code":"S101"}]}`))
			}), fhir.IssueCodeInvalid, "Claim.item[0].productOrService"},
			{"unknown diagnosis", with("diagnosis", `[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"Q99.99"}]}}]`), fhir.IssueCodeInvalid, "Claim.diagnosis[0].diagnosisCodeableConcept"},
			{"no lines", with("item", `[]`), fhir.IssueInvalid, "Claim.item"},
			{"an element that is none", with("colour", `"red"`), fhir.IssueStructure, "Claim.colour"},
		}
		for _, tt := range tests {
			_, err := c.r.Submit(t.Context(), c.call, tt.claim, nil)
			var fe *fhir.Error
			if !errors.As(err, &fe) || fe.Kind != fhir.Unprocessable && fe.Kind != fhir.Invalid {
				t.Errorf("%s: %v", tt.name, err)
				continue
			}
			found := false
			for _, is := range fe.All() {
				found = found || is.Path == tt.path
			}
			if !found {
				t.Errorf("%s: no issue at %s: %s", tt.name, tt.path, explain(err))
			}
		}
		page, err := c.r.store.Search(t.Context(), store.Query{Type: "Claim", Limit: 10})
		if err != nil || len(page.Resources) != 0 {
			t.Errorf("%d claims were stored: %v", len(page.Resources), err)
		}
		_ = other
	})
}
