package registry

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

// numbered finds a person by the insurance number.
func (c *clinic) numbered(person string) search.Expr {
	system := c.pack.System(systemInsurance)
	return search.Is{Param: "identifier", Kind: search.Token, System: system, Code: identifier(c.tree(c.read("Patient/"+person)), system)}
}

// asking builds a CoverageEligibilityRequest; items are "kind code".
func (c *clinic) asking(person, day string, items ...string) *fhir.Node {
	var list []string
	for _, it := range items {
		kind, code, _ := strings.Cut(it, " ")
		list = append(list, fmt.Sprintf(`{"productOrService":{"coding":[{"system":%q,"code":%q}]}}`, c.pack.System(kind), code))
	}
	n := c.parse(fmt.Sprintf(`{"resourceType":"CoverageEligibilityRequest","status":"active","purpose":["validation","benefits"],"patient":{"reference":"Patient/%s"},
		"servicedDate":%q,"created":"2025-09-01","insurer":{"reference":%q}}`, person, day, c.pack.insurer))
	if len(list) > 0 {
		n.Set("item", *c.parse("[" + strings.Join(list, ",") + "]"))
	}
	return n
}

func (c *clinic) ask(n *fhir.Node) *fhir.Node {
	c.Helper()
	res, err := c.r.Eligibility(c.Context(), c.call, n, nil)
	if err != nil {
		c.Fatal(explain(err))
	}
	out := c.valid(res.Resource)
	request := c.read(out.Path("request", "reference").String())
	if c.valid(request); !request.Managed || !res.Resource.Managed || !res.Created {
		c.Error("the enquiry is not kept")
	}
	return out
}

// reason is the first refusal of an element as "rule number".
func reason(n *fhir.Node) string {
	codings := extension(n, extensionReason).Path("valueCodeableConcept", "coding")
	return codings.At(0).Get("code").String() + " " + codings.At(1).Get("code").String()
}

// benefit is the allowed and used of a benefit type.
func benefit(item *fhir.Node, typ string) string {
	for _, b := range item.Get("benefit").Each() {
		if b.Path("type", "coding").At(0).Get("code").String() != typ {
			continue
		}
		out := ""
		for _, name := range []string{"allowedUnsignedInt", "allowedString", "usedUnsignedInt"} {
			if v := b.Get(name); v != nil {
				out += v.Text + " "
			}
		}
		for _, name := range []string{"allowedMoney", "usedMoney"} {
			if v := b.Path(name, "value"); v != nil {
				out += v.Text + " "
			}
		}
		return strings.TrimSpace(out)
	}
	return "none"
}

func TestEligibilityRefuses(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		for _, tt := range []struct {
			name, path string
			change     func(n *fhir.Node)
		}{
			{"an unknown person", "CoverageEligibilityRequest.patient", func(n *fhir.Node) { n.Set("patient", ref("Patient/nobody")) }},
			{"an unknown insurer", "CoverageEligibilityRequest.insurer", func(n *fhir.Node) { n.Set("insurer", ref("Organization/nobody")) }},
			{"an unknown provider", "CoverageEligibilityRequest.provider", func(n *fhir.Node) { n.Set("provider", ref("Organization/nobody")) }},
			{"an unknown code system", "CoverageEligibilityRequest.item[0].productOrService", func(n *fhir.Node) {
				n.Set("item", *c.parse(`[{"productOrService":{"coding":[{"system":"urn:x","code":"1"}]}}]`))
			}},
			{"a draft", "CoverageEligibilityRequest.status", func(n *fhir.Node) { n.Set("status", fhir.Str("draft")) }},
		} {
			n := c.asking(p, "2025-09-01")
			tt.change(n)
			_, err := c.r.Eligibility(c.Context(), c.call, n, nil)
			if fails(t, err, fhir.Unprocessable, "", tt.path); t.Failed() {
				t.Fatal(tt.name)
			}
		}
		mine := c.asFacility("HO01")
		n := c.asking(p, "2025-09-01")
		n.Set("provider", ref(c.facility("HO02")))
		_, err := c.r.Eligibility(c.Context(), mine, n, nil)
		fails(t, err, fhir.Forbidden, "", "CoverageEligibilityRequest.provider")
		if c.count("CoverageEligibilityRequest") != 0 {
			t.Error("refused enquiries are stored")
		}
	})
}

func TestEligibilityWithoutCover(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		n := c.ask(c.asking(p, "2025-09-01", "service S101"))
		if reason(n) != "cover-on-day 21" || n.Get("insurance") != nil || n.Get("outcome").String() != "complete" || n.Get("preAuthRef") != nil {
			t.Errorf("%s", n.JSON())
		}
		f, covers, invoice := c.enrolled("2025-08-01") // and not paid
		n = c.ask(c.asking(f.ids[1], "2025-09-01", "service S101"))
		ins := n.Get("insurance").At(0)
		if ins.Get("inforce").True() || ins.Path("coverage", "reference").String() != covers[1] || reason(ins) != "cover-on-day 21" || !ins.Get("item").At(0).Get("excluded").True() {
			t.Errorf("%s", n.JSON())
		}
		if !strings.Contains(n.Get("disposition").String(), "not fully paid") || !strings.Contains(string(n.Get("_disposition").JSON()), `"ne"`) {
			t.Errorf("%s", n.JSON())
		}
		c.pay(c.notice(invoice, "R1", "600", ""))
		c.pay(c.notice(invoice, "R2", "0", payExtension(extensionPayAction, "suspend")))
		if n = c.ask(c.asking(f.ids[1], "2025-09-01")); n.Get("insurance").At(0).Get("inforce").True() || !strings.Contains(n.Get("disposition").String(), "suspended") {
			t.Errorf("%s", n.JSON())
		}
		if n = c.ask(c.asking(f.ids[1], "2026-08-01")); n.Get("insurance").At(0).Get("inforce").True() {
			t.Errorf("after the end: %s", n.JSON())
		}
	})
}

func TestEligibility(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		t := c.T
		f, covers, invoice := c.enrolled("2025-08-01")
		c.pay(c.notice(invoice, "R1", "600", ""))
		request := c.asking(f.ids[0], "2025-09-01", "service S101", "item I812", "service S109", "service NONE")
		request.Set("provider", ref(c.facility("HO01")))
		n := c.ask(request)
		ins := n.Get("insurance").At(0)
		want := []string{
			"Covered", "2025-09-01", c.facility("HO01"), c.pack.insurer, "validation", covers[0], "2025-09-01 2026-07-31",
		}
		got := []string{
			n.Get("disposition").String(), n.Get("servicedDate").String(), n.Path("requestor", "reference").String(), n.Path("insurer", "reference").String(),
			n.Get("purpose").At(0).String(), ins.Path("coverage", "reference").String(),
			ins.Path("benefitPeriod", "start").String() + " " + ins.Path("benefitPeriod", "end").String(),
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		if n.Get("preAuthRef").String() == "" || !ins.Get("inforce").True() || len(ins.Get("item").Each()) != 5 {
			t.Fatalf("%s", n.JSON())
		}
		general, consult, aid, limited, unknown := ins.Get("item").At(0), ins.Get("item").At(1), ins.Get("item").At(2), ins.Get("item").At(3), ins.Get("item").At(4)
		for _, b := range []struct{ item, typ, want, got string }{
			{"general", "surgeries_left", "1 0", benefit(general, "surgeries_left")},
			{"general", "admissions_left", "3 0", benefit(general, "admissions_left")},
			{"general", "consultations_left", "none", benefit(general, "consultations_left")},
			{"general", "surgery_amount", "5000.00", benefit(general, "surgery_amount")},
			{"general", "total_ceiling", "500.00 0.00", benefit(general, "total_ceiling")},
			{"S101", "min_date_service", "2025-09-01", benefit(consult, "min_date_service")},
			{"S101", "copay_percent", "0", benefit(consult, "copay_percent")},
			{"S109", "service_left", "10 0", benefit(limited, "service_left")},
		} {
			if b.want != b.got {
				t.Errorf("%s %s: want %q, got %q", b.item, b.typ, b.want, b.got)
			}
		}
		if consult.Get("excluded").True() || consult.Get("authorizationRequired").True() || !aid.Get("excluded").True() || reason(aid) == " " || !unknown.Get("excluded").True() {
			t.Errorf("%s", n.JSON())
		}
		if _, err := c.r.Read(c.Context(), c.asFacility("HO01"), "CoverageEligibilityResponse", n.Get("id").String()); err != nil {
			t.Error(explain(err))
		}
		c.submit(c.claimFor("C1", f.ids[0], "HO01", "2025-09-01", line{"service", "S109", "4", ""}))
		n = c.ask(c.asking(f.ids[0], "2025-09-01", "service S109"))
		if got := benefit(n.Get("insurance").At(0).Get("item").At(1), "service_left"); got != "6 4" {
			t.Errorf("after four of ten: %s", got)
		}
	})
}
