package registry

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/store"
)

func TestEnrolRefuses(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f := c.family("head 1985-01-01", "8 1986-02-02", "4 2015-03-03")
		headless := c.family("8 1985-01-01", "4 2015-03-03")
		spoilt := func(change func(*fhir.Node)) *fhir.Node {
			n := c.request("", f.ids[0], "MUNI", "2025-08-01")
			change(n)
			return n
		}
		for _, tt := range []struct {
			name       string
			n          *fhir.Node
			kind       fhir.ErrorKind
			rule, path string
		}{
			{"not the head", c.request("", f.ids[1], "MUNI", "2025-08-01"), fhir.Unprocessable, "household-head", "EnrollmentRequest.candidate"},
			{"a household without a head", c.request("", headless.ids[0], "MUNI", "2025-08-01"), fhir.Unprocessable, "household-head", "Group.member"},
			{"an unknown plan", c.request("", f.ids[0], "NONE", "2025-08-01"), fhir.Unprocessable, "enrolment-plan", "EnrollmentRequest.coverage.class"},
			{"a plan no longer sold", c.request("", f.ids[0], "HIB-2016", "2025-08-01"), fhir.Unprocessable, "enrolment-plan", "EnrollmentRequest.coverage.class"},
			{"no plan where there are several", c.request("", f.ids[0], "", "2025-08-01"), fhir.Unprocessable, "enrolment-plan", "EnrollmentRequest.coverage.class"},
			{"a day to come", c.request("", f.ids[0], "MUNI", "2025-09-02"), fhir.Unprocessable, "", "EnrollmentRequest.created"},
			{"cancelled", spoilt(func(n *fhir.Node) { n.Set("status", fhir.Str("cancelled")) }), fhir.Unprocessable, "", "EnrollmentRequest.status"},
			{"no coverage", spoilt(func(n *fhir.Node) { n.Remove("coverage"); n.Remove("contained") }), fhir.Unprocessable, "", "EnrollmentRequest.coverage"},
			{"an insurer who insures nobody", spoilt(func(n *fhir.Node) { n.Set("insurer", ref(c.facility("HO01"))) }), fhir.Unprocessable, "enrolment-insurer", "EnrollmentRequest.insurer"},
			{"an unknown person", c.request("", "nobody", "MUNI", "2025-08-01"), fhir.Unprocessable, "", "EnrollmentRequest.candidate"},
			{"a coverage for another", spoilt(func(n *fhir.Node) {
				n.Get("contained").At(0).Set("beneficiary", ref("Patient/"+f.ids[1]))
			}), fhir.Unprocessable, "enrolment-coverage", "EnrollmentRequest.coverage.beneficiary"},
			{"a mistyped number", spoilt(func(n *fhir.Node) {
				n.Get("contained").At(0).Set("subscriberId", fhir.Str("7000000012"))
			}), fhir.Unprocessable, "member-number", "EnrollmentRequest.coverage.subscriberId"},
			{"implicit rules", spoilt(func(n *fhir.Node) { n.Set("implicitRules", fhir.Str("urn:x")) }), fhir.Unprocessable, "", "EnrollmentRequest.implicitRules"},
			{"another type", c.parse(`{"resourceType":"Patient"}`), fhir.Invalid, "", ""},
		} {
			_, err := c.r.Enrol(c.Context(), c.call, tt.n, nil)
			if fails(t, err, tt.kind, tt.rule, tt.path); t.Failed() {
				t.Fatal(tt.name)
			}
		}
		if n := c.count("EnrollmentRequest") + c.count("Coverage"); n != 0 {
			t.Errorf("%d resources stored by refused requests", n)
		}
		_, err := c.r.Enrol(c.Context(), c.call, c.request("", f.ids[0], "NONE", "2025-08-01"), nil)
		if !strings.Contains(explain(err), "HIB, HIB-UP, MUNI") {
			t.Errorf("the plans are not listed: %s", explain(err))
		}
	})
}

func TestEnrolRefusesAMemberNumberWithAWrongCheckDigit(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		n := c.tree(c.read("Patient/" + p))
		addIdentifier(n, c.pack.System(systemInsurance), "7000000012")
		if _, err := c.r.Update(c.Context(), c.call, "Patient", p, n, 0); err != nil {
			t.Fatal(explain(err))
		}
		_, err := c.r.Enrol(c.Context(), c.call, c.request("", p, "MUNI", "2025-08-01"), nil)
		fails(t, err, fhir.Unprocessable, "member-number", "EnrollmentRequest.candidate")
	})
}

func TestEnrolAHousehold(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f := c.family("head 1985-01-01", "8 1986-02-02", "4 2015-03-03")
		out := c.enrol(c.request("E1", f.ids[0], "MUNI", "2025-08-01"), nil)
		response := c.tree(out.Response)
		if response.Get("outcome").String() != "complete" || response.Path("request", "reference").String() == "" || response.Path("organization", "reference").String() != c.pack.insurer {
			t.Errorf("%s", response.JSON())
		}
		covers, invoices := of(out.More, "Coverage"), of(out.More, "Invoice")
		if len(covers) != 3 || len(invoices) != 1 || !out.Response.Managed || !covers[0].Managed || !invoices[0].Managed {
			t.Fatalf("%d covers, %d invoices", len(covers), len(invoices))
		}
		head := c.tree(covers[0])
		want := map[string]string{
			"status": "draft", "policyHolder": "Patient/" + f.ids[0], "beneficiary": "Patient/" + f.ids[0], "plan": "MUNI", "period": "2025-08-01 2026-07-31", "state": "idle",
		}
		got := map[string]string{
			"status": head.Get("status").String(), "policyHolder": head.Path("policyHolder", "reference").String(), "beneficiary": head.Path("beneficiary", "reference").String(),
			"plan": head.Get("class").At(1).Get("value").String(), "period": head.Path("period", "start").String() + " " + head.Path("period", "end").String(),
			"state": codeOf(extension(head, extensionPolicyStatus)),
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		if number := identifier(head, c.pack.System("policy")); number == "" || number != head.Get("class").At(0).Get("value").String() {
			t.Errorf("policy number %q", number)
		}
		for i, id := range f.ids {
			number := identifier(c.tree(c.read("Patient/"+id)), c.pack.System(systemInsurance))
			if err := c.pack.NumberRule().Check(number); err != nil || number != c.tree(covers[i]).Get("subscriberId").String() {
				t.Errorf("member %d: number %q, %v", i, number, err)
			}
		}
		bill := c.tree(invoices[0])
		if bill.Get("status").String() != "issued" || bill.Path("recipient", "reference").String() != "Patient/"+f.ids[0] ||
			bill.Path("totalNet", "value").Text != "600.00" || len(bill.Get("lineItem").Each()) != 2 {
			t.Errorf("%s", bill.JSON())
		}
	})
}

// The first answer again, also for many at once; other content is a conflict.
func TestEnrolAgain(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		t := c.T
		f := c.family("head 1985-01-01", "4 2015-03-03")
		first := c.enrol(c.request("E1", f.ids[0], "MUNI", "2025-08-01"), nil)
		again := c.enrol(c.request("E1", f.ids[0], "MUNI", "2025-08-01"), nil)
		if !again.Repeated || again.Response.Ref() != first.Response.Ref() || len(again.More) != len(first.More) {
			t.Errorf("repeated %v: %s, first %s", again.Repeated, again.Response.Ref(), first.Response.Ref())
		}
		_, err := c.r.Enrol(c.Context(), c.call, c.request("E1", f.ids[0], "HIB", "2025-08-01"), nil)
		fails(t, err, fhir.Conflict, "enrolment-identifier", "EnrollmentRequest.identifier")
		_, err = c.r.Enrol(c.Context(), c.call, c.request("E2", f.ids[0], "MUNI", "2025-08-20"), nil)
		fails(t, err, fhir.Conflict, "enrolment-duplicate", "EnrollmentRequest.candidate")
		c.enrol(c.request("E3", f.ids[0], "HIB", "2025-08-20"), nil) // another plan is no duplicate

		g := c.family("head 1985-01-01", "4 2015-03-03")
		var mu sync.Mutex
		var wg sync.WaitGroup
		seen := map[string]int{}
		for range 8 {
			wg.Go(func() {
				out, err := c.r.Enrol(c.Context(), c.call, c.request("E9", g.ids[0], "MUNI", "2025-08-01"), nil)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(explain(err))
				}
				seen[out.Response.Ref()]++
			})
		}
		wg.Wait()
		if len(seen) != 1 {
			t.Errorf("%d answers to one request: %v", len(seen), seen)
		}
	})
}

func TestEnrolForNothingIsActiveAtOnce(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		out := c.enrol(c.request("", p, "HIB-UP", "2025-06-20"), nil)
		if len(of(out.More, "Invoice")) != 0 {
			t.Error("an invoice over nothing")
		}
		if got := c.shown(of(out.More, "Coverage")[0].Ref()); !strings.HasPrefix(got, "active active 2025-07-1") {
			t.Error(got)
		}
	})
}

func TestEnrolCutsAtTheLimit(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f := c.family("head 1985-01-01", "8 1986-01-01", "4 2010-01-01", "4 2011-01-01", "4 2012-01-01", "4 2013-01-01", "4 2014-01-01")
		out := c.enrol(c.request("", f.ids[0], "MUNI", "2025-08-01"), nil) // six at most
		if n := len(of(out.More, "Coverage")); n != 6 {
			t.Errorf("%d covers", n)
		}
		n := c.tree(out.Response)
		cut := extension(n, extensionExcluded)
		if got := extension(cut, "member").Path("valueReference", "reference").String(); got != "Patient/"+f.ids[6] || codeOf(extension(cut, "reason")) != "over-limit" {
			t.Errorf("cut: %s", n.JSON())
		}
		if !strings.Contains(n.Get("disposition").String(), "1 beyond the 6") {
			t.Error(n.Get("disposition").String())
		}
		if identifier(c.tree(c.read("Patient/"+f.ids[6])), c.pack.System(systemInsurance)) != "" {
			t.Error("who is not insured got a number")
		}
	})
}

// bundled is a request as a Bundle with a new Patient, as in IHE's example.
func (c *clinic) bundled(number, national string) (n, bundle *fhir.Node) {
	bundle = c.parse(fmt.Sprintf(`{"resourceType":"Bundle","type":"collection","entry":[
		{"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{"resourceType":"EnrollmentRequest","identifier":[{"value":%q}],"status":"active","created":"2025-08-01",
			"insurer":{"reference":%q},"candidate":{"reference":"urn:uuid:22222222-2222-4222-8222-222222222222"},"coverage":{"reference":"urn:uuid:33333333-3333-4333-8333-333333333333"}}},
		{"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{"resourceType":"Patient","identifier":[{"system":%q,"value":%q}],"name":[{"family":"New"}],"gender":"male","birthDate":"1990-05-05"}},
		{"fullUrl":"urn:uuid:33333333-3333-4333-8333-333333333333","resource":{"resourceType":"Coverage","status":"active","subscriberId":"HH-4711","beneficiary":{"reference":"urn:uuid:22222222-2222-4222-8222-222222222222"},
			"payor":[{"reference":%q}],"class":[{"type":{"coding":[{"code":"plan"}]},"value":"MUNI"}]}}]}`,
		number, c.pack.insurer, c.pack.System("national-id"), national, c.pack.insurer))
	return bundle.Get("entry").At(0).Get("resource"), bundle
}

func TestEnrolABundleWithANewPerson(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		n, bundle := c.bundled("B1", "NEW|1")
		out := c.enrol(n, bundle)
		request := c.tree(c.read(c.tree(out.Response).Path("request", "reference").String()))
		person := request.Path("candidate", "reference").String()
		if !strings.HasPrefix(person, "Patient/") || !strings.HasPrefix(request.Path("coverage", "reference").String(), "Coverage/") {
			t.Errorf("%s", request.JSON())
		}
		if res := c.read(person); res.Managed || c.valid(res).Path("name", "family").String() != "New" {
			t.Error("the person is not registered as plain data")
		}
		again := c.enrol(n, bundle)
		if !again.Repeated || c.count("Patient") != 1 {
			t.Errorf("repeated %v, %d persons", again.Repeated, c.count("Patient"))
		}
		bundle.Get("entry").Nodes = append(bundle.Get("entry").Nodes, *bundle.Get("entry").At(1).Clone())
		bundle.Get("entry").At(3).Set("fullUrl", fhir.Str("urn:uuid:44444444-4444-4444-8444-444444444444"))
		_, err := c.r.Enrol(c.Context(), c.call, n, bundle)
		fails(t, err, fhir.Unprocessable, "", "Bundle.entry[3].resource")
	})
}

// Two requests at once for the same new person register it once.
func TestEnrolANewPersonOnce(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		t := c.T
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				n, bundle := c.bundled(fmt.Sprint("B", i), "NEW2")
				_, errs[i] = c.r.Enrol(c.Context(), c.call, n, bundle)
			})
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
				continue
			}
			fails(t, err, fhir.Conflict, "enrolment-duplicate", "EnrollmentRequest.candidate")
		}
		if done != 1 || c.count("Patient") != 1 {
			t.Errorf("%d enrolled, %d persons", done, c.count("Patient"))
		}
	})
}

// A facility's client enrols, sees its own answer, and no other's.
func TestEnrolAsAFacility(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		mine, other := c.asFacility("HO01"), c.asFacility("HO02")
		p := c.person("1985-01-01", "male")
		n := c.request("", p, "MUNI", "2025-08-01")
		n.Set("provider", ref(c.facility("HO02")))
		_, err := c.r.Enrol(c.Context(), mine, n, nil)
		fails(t, err, fhir.Forbidden, "", "EnrollmentRequest.provider")
		n.Set("provider", ref(c.facility("HO01")))
		out, err := c.r.Enrol(c.Context(), mine, n, nil)
		if err != nil {
			t.Fatal(explain(err))
		}
		for _, res := range append(of(out.More, "Invoice"), out.Response) {
			if _, err := c.r.Read(c.Context(), mine, res.Type, res.ID); err != nil {
				t.Errorf("own %s: %v", res.Type, err)
			}
			if _, err := c.r.Read(c.Context(), other, res.Type, res.ID); err == nil {
				t.Errorf("another facility reads the %s", res.Type)
			}
		}
		invoice := of(out.More, "Invoice")[0].Ref()
		_, err = c.r.Pay(c.Context(), other, c.notice(invoice, "R1", "600", ""))
		fails(t, err, fhir.Unprocessable, "", "PaymentNotice.request")
		_, err = c.r.Pay(c.Context(), mine, c.notice(invoice, "R1", "1", payExtension(extensionPayAction, "enforce")))
		fails(t, err, fhir.Forbidden, "payment-action", "PaymentNotice.extension[0]")
		if _, err := c.r.Pay(c.Context(), mine, c.notice(invoice, "R1", "600", "")); err != nil {
			t.Error(explain(err))
		}
	})
}

func (c *clinic) asFacility(code string) Call {
	scopes, err := access.ParseScopes("system/*.cruds")
	if err != nil {
		c.Fatal(err)
	}
	call := c.call
	call.Principal = access.Principal{Name: code, Kind: access.Client, Scopes: scopes, Facilities: []access.Facility{{
		Ref: c.facility(code), Code: code, Identifiers: []access.Identifier{{System: c.pack.System("facility"), Value: code}},
	}}}
	return call
}

// The policy is written under the guards of all whom it concerns, and audited.
func TestEnrolLeavesATrail(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f := c.family("head 1985-01-01", "4 2015-03-03")
		c.enrol(c.request("", f.ids[0], "MUNI", "2025-08-01"), nil)
		versions, _, err := c.r.store.Facts(c.Context(), []string{personGuard(f.ids[0]), personGuard(f.ids[1]), "household/Group/" + f.group})
		if err != nil || versions[0] == 0 || versions[1] == 0 || versions[2] == 0 {
			t.Errorf("guards %v, %v", versions, err)
		}
		rows, err := c.r.store.Audits(c.Context(), store.AuditFilter{Interaction: "$submit", Limit: 50})
		if err != nil || len(rows) < 5 {
			t.Errorf("%d audit rows, %v", len(rows), err)
		}
		for _, row := range rows {
			if row.Patient == "" {
				t.Errorf("%s without its patient", row.Ref)
			}
		}
	})
}

// A renewal follows the old policy, costs no registration, and is cheaper when
// it comes early.
func TestEnrolAgainToRenew(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		c.now = noon.AddDate(-1, 0, 0)
		f := c.family("head 1985-01-01", "4 2015-03-03")
		first := c.enrol(c.request("", f.ids[0], "MUNI", "2024-09-01"), nil)
		n := c.notice(of(first.More, "Invoice")[0].Ref(), "R1", "600", "")
		n.Set("paymentDate", fhir.Str("2024-09-01"))
		c.pay(n)
		c.now = noon.AddDate(0, -2, 0)
		_, err := c.r.Enrol(c.Context(), c.call, c.request("", f.ids[0], "MUNI", "2025-06-30"), nil)
		fails(t, err, fhir.Conflict, "enrolment-duplicate", "EnrollmentRequest.candidate")
		c.now = noon
		out := c.enrol(c.request("", f.ids[0], "MUNI", "2025-08-01"), nil)
		if got := c.shown(of(out.More, "Coverage")[0].Ref()); got != "draft idle 2025-09-01 2026-08-31" {
			t.Error(got)
		}
		bill := c.tree(of(out.More, "Invoice")[0])
		if len(bill.Get("lineItem").Each()) != 2 || bill.Path("totalGross", "value").Text != "450.00" ||
			bill.Get("lineItem").At(1).Path("priceComponent", "amount", "value").Text != "-50.00" {
			t.Errorf("%s", bill.JSON())
		}
	})
}
