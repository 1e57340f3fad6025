package registry

import (
	"testing"

	"github.com/jamii-health/jamii/fhir"
)

// A corrected Claim is decided again under the same answer; what was taken
// from the ledger before is taken back, so the net is what is paid now.
func TestReprocess(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		h := c.covered("MUNI", "2025-08-01", p)
		_, out := c.submit(c.claimFor("C1", p, "HC01", "2025-08-20", line{"service", "S101", "2", "50"}, line{"item", "I812", "1", "10"}))
		claim, err := c.r.Asked(t.Context(), c.call, out)
		if err != nil {
			t.Fatal(err)
		}
		corrected := c.claimFor("C1", p, "HC01", "2025-08-20", line{"service", "S101", "1", "50"})
		if _, err := c.r.Reprocess(t.Context(), c.call, claim.ID, corrected, nil); !isKind(err, fhir.Invalid) {
			t.Errorf("without the id: %v", err)
		}
		corrected.Set("id", fhir.Str(claim.ID))
		other := c.claimFor("C1", c.person("1990-01-01", "female"), "HC01", "2025-08-20", line{"service", "S101", "1", "50"})
		other.Set("id", fhir.Str(claim.ID))
		if _, err := c.r.Reprocess(t.Context(), c.call, claim.ID, other, nil); !isKind(err, fhir.Unprocessable) {
			t.Errorf("another patient: %v", err)
		}
		res, err := c.r.Reprocess(t.Context(), c.call, claim.ID, corrected, nil)
		if err != nil {
			t.Fatal(explain(err))
		}
		answer := c.valid(res)
		if res.ID != out.Response.ID || res.Version != 2 || total(answer, "benefit") != "50.00" || total(answer, "submitted") != "50.00" {
			t.Errorf("version %d: %s", res.Version, answer.JSON())
		}
		if booked := c.booked(h.Number); booked.Cmp(must(amountOf("50"))) != 0 {
			t.Errorf("booked %s", booked)
		}
		if _, again := c.submit(c.claimFor("C1", p, "HC01", "2025-08-20", line{"service", "S101", "1", "50"})); !again.Repeated {
			t.Error("the corrected claim is the one that a repeat is compared with")
		}
		if res, err = c.r.Reprocess(t.Context(), c.call, claim.ID, nil, nil); err != nil || res.Version != 3 || c.booked(h.Number).Cmp(must(amountOf("50"))) != 0 {
			t.Errorf("as it stands: version %d, booked %s, %v", res.Version, c.booked(h.Number), err)
		}
		if _, err := c.r.Cancel(t.Context(), c.call, claim.ID, nil); err != nil || !c.booked(h.Number).IsZero() {
			t.Errorf("cancelled: booked %s, %v", c.booked(h.Number), err)
		}
		if _, err := c.r.Reprocess(t.Context(), c.call, claim.ID, nil, nil); !isKind(err, fhir.Conflict) {
			t.Errorf("a cancelled claim: %v", err)
		}
	})
}

// What an acceptance test found: each is refused, and says why.
func TestClaimsThatAreNone(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		c.covered("HIB", "2025-07-20", p)
		claim := func() *fhir.Node {
			return c.claimFor("X", p, "HO01", "2025-08-20", line{"service", "S101", "1", "50"})
		}
		cancelled, tomorrow := claim(), claim()
		cancelled.Set("status", fhir.Str("cancelled"))
		tomorrow.Set("created", fhir.Str("2025-09-03"))
		c.refused(cancelled, fhir.Unprocessable, fhir.IssueBusinessRule, "Claim.status")
		c.refused(tomorrow, fhir.Unprocessable, fhir.IssueBusinessRule, "Claim.created")
		c.refused(c.claimFor("X", p, "HO01", "2025-08-20", line{"service", "S911", "1", ""}), fhir.Unprocessable, fhir.IssueRequired, "Claim.item[0].unitPrice")
		modified := claim()
		modified.Get("item").At(0).Set("modifierExtension", *c.parse(`[{"url":"http://x.org/m","valueBoolean":true}]`))
		c.refused(modified, fhir.Unprocessable, fhir.IssueExtension, "Claim.item[0].modifierExtension")
		words := claim()
		words.Get("insurance").At(0).Set("coverage", *c.parse(`{"display":"family insurance"}`))
		if _, out := c.submit(words); out.Repeated {
			t.Error("a coverage in words is evidence enough")
		}
	})
}

// The facility of a practitioner is that of the role (wire.md 2).
func TestProviderByRole(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		n := c.claimFor("P1", p, "HC01", "2025-08-20", line{"service", "S101", "1", "50"})
		n.Set("provider", *c.parse(`{"identifier":{"system":"` + c.pack.System("practitioner") + `","value":"DR01"}}`))
		answer, _ := c.submit(n)
		if got := answer.Path("requestor", "reference").String(); got != c.facility("HO01") {
			t.Errorf("requestor %s, want the facility of the practitioner's role", got)
		}
		if got := answer.Path("requestor", "identifier", "value").String(); got != "HO01" {
			t.Errorf("requestor is named %q", got)
		}
	})
}
