package registry

import (
	"fmt"
	"testing"

	"github.com/jamii-health/jamii/fhir"
)

// roleAt stores a PractitionerRole at a facility and returns "Type/id".
func (c *clinic) roleAt(facility string) string {
	c.Helper()
	res, err := c.r.Create(c.Context(), c.call, "PractitionerRole", c.parse(fmt.Sprintf(`{"resourceType":"PractitionerRole","organization":{"reference":%q}}`, c.facility(facility))), "")
	if err != nil {
		c.Fatal(explain(err))
	}
	return res.Resource.Ref()
}

// A mediator acts for many: what it asks for a facility is that facility's
// (wire.md 7).
func TestAMediatorEnrolsForAFacility(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		mediator, mine, other := c.asMediator(), c.asFacility("HO01"), c.asFacility("HO02")
		for _, provider := range []string{c.facility("HO01"), c.roleAt("HO01")} {
			f := c.family("head 1985-01-01", "8 1986-01-01", "4 2010-01-01", "4 2011-01-01", "4 2012-01-01")
			n := c.request("", f.ids[0], "HIB", "2025-07-01")
			n.Set("provider", ref(provider))
			out, err := c.r.Enrol(c.Context(), mediator, n, nil)
			if err != nil {
				t.Fatal(explain(err))
			}
			request := c.tree(out.Response).Path("request", "reference").String()
			invoice := of(out.More, "Invoice")[0].Ref()
			for _, made := range []string{request, out.Response.Ref(), invoice} {
				res := c.read(made)
				if _, err := c.r.Read(c.Context(), mine, res.Type, res.ID); err != nil {
					t.Errorf("the facility cannot read the %s: %s", res.Type, explain(err))
				}
				if _, err := c.r.Read(c.Context(), other, res.Type, res.ID); err == nil {
					t.Errorf("another facility reads the %s", res.Type)
				}
			}
			receipt := "R-" + out.Response.ID
			if _, err := c.r.Pay(c.Context(), mine, c.notice(invoice, receipt, "3500", "")); err != nil {
				t.Errorf("the facility cannot pay: %s", explain(err))
			}
			f.ids = append(f.ids, c.person("2021-01-01", "male"))
			if _, err := c.regroup(f, f.members("head", "8", "4", "4", "4", "4")...); err != nil {
				t.Fatal(explain(err))
			}
			later := c.policy(c.read(c.coverOf(f.ids[5]))).Invoices[1].Ref
			if _, err := c.r.Pay(c.Context(), mine, c.notice(later, receipt+"-2", "700", "")); err != nil {
				t.Errorf("the facility cannot pay for a late member: %s", explain(err))
			}
		}
		// an officer as provider stands for no facility, and is in order
		officer, err := c.r.Create(c.Context(), c.call, "Practitioner", c.parse(`{"resourceType":"Practitioner"}`), "")
		if err != nil {
			t.Fatal(err)
		}
		n := c.request("", c.person("1985-01-01", "male"), "MUNI", "2025-08-01")
		n.Set("provider", ref(officer.Resource.Ref()))
		out, err := c.r.Enrol(c.Context(), mediator, n, nil)
		if err != nil || c.owners(out.Response.Ref()) != nil {
			t.Errorf("%v", err)
		}
		n = c.request("", c.person("1985-01-01", "male"), "MUNI", "2025-08-01")
		n.Set("provider", ref(c.facility("HO02")))
		_, err = c.r.Enrol(c.Context(), mine, n, nil)
		fails(t, err, fhir.Forbidden, "", "EnrollmentRequest.provider")
	})
}

// The person that a mediator registers for a facility is the facility's.
func TestAMediatorRegistersForAFacility(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		const url = "urn:uuid:99999999-0000-4000-8000-000000000004"
		n := c.request("", "x", "MUNI", "2025-08-01")
		n.Get("contained").At(0).Set("beneficiary", ref(url))
		n.Set("candidate", ref(url))
		n.Set("provider", ref(c.facility("HO01")))
		bundle := c.parse(fmt.Sprintf(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":%s},{"fullUrl":%q,"resource":
			{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"new"}],"gender":"male","birthDate":"1985-01-01"}}]}`, n.JSON(), url))
		out, err := c.r.Enrol(c.Context(), c.asMediator(), bundle.Get("entry").At(0).Get("resource"), bundle)
		if err != nil {
			t.Fatal(explain(err))
		}
		person := c.tree(of(out.More, "Coverage")[0]).Path("beneficiary", "reference").String()
		_, err = c.r.Update(c.Context(), c.asFacility("HO02"), "Patient", refID(person), c.changed(person, "gender", fhir.Str("other")), 0)
		fails(t, err, fhir.Forbidden, "registered-by", "")
		if _, err = c.r.Update(c.Context(), c.asFacility("HO01"), "Patient", refID(person), c.changed(person, "gender", fhir.Str("other")), 0); err != nil {
			t.Error(explain(err))
		}
	})
}

func TestAMediatorAsksForAFacility(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		for _, provider := range []string{c.facility("HO01"), c.roleAt("HO01")} {
			n := c.asking(p, "2025-09-01")
			n.Set("provider", ref(provider))
			res, err := c.r.Eligibility(c.Context(), c.asMediator(), n, nil)
			if err != nil {
				t.Fatal(explain(err))
			}
			request := c.tree(res.Resource).Path("request", "reference").String()
			for _, made := range []string{request, res.Resource.Ref()} {
				stored := c.read(made)
				if _, err := c.r.Read(c.Context(), c.asFacility("HO01"), stored.Type, stored.ID); err != nil {
					t.Errorf("the facility cannot read the %s: %s", stored.Type, explain(err))
				}
				if _, err := c.r.Read(c.Context(), c.asFacility("HO02"), stored.Type, stored.ID); err == nil {
					t.Errorf("another facility reads the %s", stored.Type)
				}
			}
		}
	})
}
