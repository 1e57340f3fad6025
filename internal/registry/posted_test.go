package registry

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
)

func (c *clinic) asMediator() Call {
	call := c.asFacility("HO01")
	call.Principal.Name, call.Principal.Facilities, call.Principal.AnyFacility = "mediator", nil, true
	return call
}

// A payment that nobody would book is not answered with success.
func TestAPaymentIsBookedOrRefused(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		_, covers, invoice := c.enrolled("2025-08-01")
		about := func(request string) *fhir.Node {
			n := c.notice(invoice, "R1", "600", "")
			n.Remove("request")
			if request != "" {
				n.Set("request", *c.parse(request))
			}
			return n
		}
		facility, mediator := c.asFacility("HO01"), c.asMediator()
		for _, tt := range []struct {
			name string
			call Call
			n    *fhir.Node
			ok   bool
		}{
			{"an unknown invoice", facility, about(`{"reference":"Invoice/none"}`), false},
			{"an unknown invoice of a mediator", mediator, about(`{"reference":"Invoice/none"}`), false},
			{"an unknown invoice elsewhere", mediator, about(`{"reference":"https://elsewhere.test/fhir/Invoice/1"}`), false},
			{"an unknown number", mediator, about(`{"identifier":{"system":"urn:x","value":"1"}}`), false},
			{"an unknown number of an invoice", mediator, about(`{"type":"Invoice","identifier":{"system":"urn:x","value":"1"}}`), false},
			{"a contained invoice", mediator, func() *fhir.Node {
				n := about(`{"reference":"#i"}`)
				n.Set("contained", *c.parse(`[{"resourceType":"Invoice","id":"i","status":"issued"}]`))
				return n
			}(), false},
			{"no invoice, from a facility", facility, about(""), false},
			{"a text, from a facility", facility, about(`{"display":"the bill"}`), false},
			{"an invoice of others", facility, about(`{"reference":"` + invoice + `"}`), false},
			{"a claim", mediator, about(`{"reference":"Claim/1"}`), true},
			{"the number of a claim", mediator, about(`{"type":"Claim","identifier":{"system":"urn:x","value":"1"}}`), true},
			{"nothing", mediator, about(""), true},
			{"history", c.call, about(`{"reference":"Invoice/none"}`), true},
		} {
			before := c.count(paymentNotice)
			res, err := c.r.Create(c.Context(), tt.call, paymentNotice, tt.n, "")
			if tt.ok {
				if err != nil || res.Resource.Managed || c.count(paymentNotice) != before+1 {
					t.Errorf("%s: %v", tt.name, err)
				}
				continue
			}
			var path string
			if is := issuesOf(err); len(is) == 1 {
				path = is[0].Path
			}
			if path != "PaymentNotice.request" || c.count(paymentNotice) != before {
				t.Errorf("%s: refused at %q: %v", tt.name, path, err)
			}
		}
		if !strings.HasPrefix(c.shown(covers[0]), "draft idle") {
			t.Error(c.shown(covers[0]))
		}
	})
}

func issuesOf(err error) []fhir.Issue {
	var fe *fhir.Error
	if errors.As(err, &fe) {
		return fe.All()
	}
	return nil
}

// Only POST books: any other way says so and stores nothing.
func TestAPaymentIsPosted(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		_, covers, invoice := c.enrolled("2025-08-01")
		plain, err := c.r.Create(c.Context(), c.call, paymentNotice, c.notice("Claim/1", "R0", "1", ""), "")
		if err != nil {
			t.Fatal(explain(err))
		}
		put := func(id string) *fhir.Node {
			n := c.notice(invoice, "R1", "600", "")
			n.Set("id", fhir.Str(id))
			return n
		}
		_, err = c.r.Update(c.Context(), c.call, paymentNotice, "new", put("new"), 0)
		fails(t, err, fhir.Unprocessable, "payment-posted", "PaymentNotice.request")
		_, err = c.r.Update(c.Context(), c.call, paymentNotice, plain.Resource.ID, put(plain.Resource.ID), 0)
		fails(t, err, fhir.Unprocessable, "payment-posted", "PaymentNotice.request")
		_, err = c.r.UpdateWhere(c.Context(), c.asMediator(), paymentNotice, "identifier=urn:x|1", c.notice(invoice, "R1", "600", ""), 0)
		fails(t, err, fhir.Unprocessable, "payment-posted", "PaymentNotice.request")
		_, err = c.r.Patch(c.Context(), c.asMediator(), paymentNotice, plain.Resource.ID, func(old *fhir.Node) (*fhir.Node, error) {
			n := old.Clone()
			n.Set("request", ref(invoice))
			return n, nil
		}, 0)
		fails(t, err, fhir.Unprocessable, "payment-posted", "PaymentNotice.request")
		for _, call := range []Call{c.call, c.asMediator()} {
			_, err = c.r.Transaction(c.Context(), call, []Entry{{Method: http.MethodPost, Type: paymentNotice, Resource: c.notice(invoice, "R1", "600", ""), Path: "Bundle.entry[0]"}})
			fails(t, err, fhir.Unprocessable, "payment-posted", "Bundle.entry[0].resource.request")
			if !strings.Contains(explain(err), "POST PaymentNotice") {
				t.Error(explain(err))
			}
		}
		_, err = c.r.Transaction(c.Context(), c.asFacility("HO01"), []Entry{{Method: http.MethodPost, Type: paymentNotice, Resource: c.notice(invoice, "R1", "600", ""), Path: "Bundle.entry[0]"}})
		fails(t, err, fhir.Unprocessable, "payment-request", "Bundle.entry[0].resource.request")
		// an invoice of the hospital's own shop may come with its payment
		const url = "urn:uuid:99999999-0000-4000-8000-000000000002"
		if _, err = c.r.Transaction(c.Context(), c.asMediator(), []Entry{
			{Method: http.MethodPost, Type: paymentNotice, Resource: c.notice(url, "R1", "600", ""), Path: "Bundle.entry[0]"},
			{Method: http.MethodPost, Type: "Invoice", FullURL: url, Resource: c.parse(`{"resourceType":"Invoice","status":"issued"}`), Path: "Bundle.entry[1]"},
		}); err != nil {
			t.Error(explain(err))
		}
		if c.count(paymentNotice) != 2 || !strings.HasPrefix(c.shown(covers[0]), "draft idle") {
			t.Errorf("%d notices, %s", c.count(paymentNotice), c.shown(covers[0]))
		}
		res, err := c.r.Create(c.Context(), c.asMediator(), paymentNotice, c.notice(invoice, "R1", "600", ""), "")
		if err != nil || !res.Resource.Managed || !strings.HasPrefix(c.shown(covers[0]), "active active") {
			t.Errorf("%v, %s", err, c.shown(covers[0]))
		}
	})
}

// Who pays too much is told, in the notice and beside it.
func TestPayTooMuch(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		_, _, invoice := c.enrolled("2025-08-01")
		exact := c.pay(c.notice(invoice, "R1", "600", ""))
		if extension(c.tree(exact.Resource), extensionPayNote) != nil {
			t.Error("the exact contribution has a note")
		}
		n := c.notice(invoice, "R2", "1", "")
		n.Get("payment").Get("identifier").Remove("system")
		over := c.pay(n)
		if note := extension(c.tree(over.Resource), extensionPayNote).Get("valueString").String(); !strings.HasPrefix(note, "More is paid") {
			t.Errorf("note %q", note)
		}
		warned := false
		for _, is := range over.Warnings {
			warned = warned || is.Severity == fhir.SeverityWarning && strings.HasPrefix(is.Text, "More is paid")
		}
		if !warned {
			t.Errorf("%+v", over.Warnings)
		}
	})
}
