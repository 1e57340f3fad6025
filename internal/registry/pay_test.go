package registry

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

func payExtension(url, code string) string {
	return fmt.Sprintf(`,"extension":[{"url":%q,"valueCode":%q}]`, url, code)
}

// enrolled is a household of two under MUNI: 600 to pay.
func (c *clinic) enrolled(created string) (f family, covers []string, invoice string) {
	c.Helper()
	f = c.family("head 1985-01-01", "4 2015-03-03")
	out := c.enrol(c.request("", f.ids[0], "MUNI", created), nil)
	for _, res := range of(out.More, "Coverage") {
		covers = append(covers, res.Ref())
	}
	return f, covers, of(out.More, "Invoice")[0].Ref()
}

func TestPayRefuses(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		_, covers, invoice := c.enrolled("2025-08-01")
		spoilt := func(change func(*fhir.Node)) *fhir.Node {
			n := c.notice(invoice, "R1", "600", "")
			change(n)
			return n
		}
		for _, tt := range []struct {
			name       string
			n          *fhir.Node
			rule, path string
		}{
			{"nothing", c.notice(invoice, "R1", "0", ""), "payment-amount", "PaymentNotice.amount.value"},
			{"less than nothing", c.notice(invoice, "R1", "-5", ""), "payment-amount", "PaymentNotice.amount.value"},
			{"30 digits", c.notice(invoice, "R1", "100000000000000000000000000000", ""), "", "PaymentNotice.amount.value"},
			{"half a paisa", c.notice(invoice, "R1", "1.005", ""), "", "PaymentNotice.amount.value"},
			{"another currency", spoilt(func(n *fhir.Node) { n.Get("amount").Set("currency", fhir.Str("USD")) }), "", "PaymentNotice.amount.currency"},
			{"no receipt", spoilt(func(n *fhir.Node) { n.Set("payment", fhir.Obj(fhir.Str("cash").As("display"))) }), "", "PaymentNotice.payment"},
			{"tomorrow", spoilt(func(n *fhir.Node) { n.Set("paymentDate", fhir.Str("2025-09-02")) }), "", "PaymentNotice.paymentDate"},
			{"to another", spoilt(func(n *fhir.Node) { n.Set("recipient", ref(c.facility("HO01"))) }), "payment-recipient", "PaymentNotice.recipient"},
			{"an odd type", c.notice(invoice, "R1", "600", payExtension(extensionPayType, "X")), "", "PaymentNotice.extension[0]"},
			{"another's receipts", spoilt(func(n *fhir.Node) { n.Get("payment").Get("identifier").Set("system", fhir.Str("urn:other")) }), "", "PaymentNotice.payment.identifier.system"},
			{"another's receipts, contained", spoilt(func(n *fhir.Node) {
				n.Set("contained", *c.parse(`[{"resourceType":"PaymentReconciliation","id":"p","status":"active","created":"2025-09-01","paymentDate":"2025-09-01",
					"paymentAmount":{"value":600},"paymentIdentifier":{"system":"urn:other","value":"R1"}}]`))
				n.Set("payment", ref("#p"))
			}), "", "PaymentNotice.contained[0].paymentIdentifier.system"},
			{"an odd action", c.notice(invoice, "R1", "600", payExtension(extensionPayAction, "explode")), "", "PaymentNotice.extension[0]"},
			{"a draft", spoilt(func(n *fhir.Node) { n.Set("status", fhir.Str("draft")) }), "", "PaymentNotice.status"},
			{"taken back and never paid", spoilt(func(n *fhir.Node) { n.Set("status", fhir.Str("entered-in-error")) }), "payment-receipt", "PaymentNotice.payment"},
		} {
			_, err := c.r.Pay(c.Context(), c.call, tt.n)
			if fails(t, err, fhir.Unprocessable, tt.rule, tt.path); t.Failed() {
				t.Fatal(tt.name)
			}
		}
		if got := c.shown(covers[0]); got != "draft idle 2025-08-01 2026-07-31" || c.count("PaymentNotice") != 0 {
			t.Errorf("%s, %d notices", got, c.count("PaymentNotice"))
		}
		other := c.notice("Claim/1", "R1", "600", "")
		if ok, err := c.r.Pays(c.Context(), c.call, "PaymentNotice", other); ok || err != nil {
			t.Errorf("Pays(plain data) = %v, %v", ok, err)
		}
	})
}

func TestPayInTwoParts(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		_, covers, invoice := c.enrolled("2025-08-01")
		first := c.pay(c.notice(invoice, "R1", "250", payExtension(extensionPayType, "M")))
		if !first.Created || !first.Resource.Managed || !strings.Contains(fmt.Sprint(first.Warnings), "Still to be paid: 350.00 NPR") {
			t.Errorf("%+v", first.Warnings)
		}
		if got := c.shown(covers[0]); got != "draft idle 2025-08-01 2026-07-31" {
			t.Error(got)
		}
		n := c.notice(invoice, "R2", "350.00", `,"contained":[{"resourceType":"PaymentReconciliation","id":"p","status":"active","created":"2025-09-01",
			"paymentDate":"2025-09-01","paymentAmount":{"value":350},"paymentIdentifier":{"value":"R2"}}]`)
		n.Set("payment", ref("#p"))
		c.pay(n)
		for _, cover := range covers {
			if got := c.shown(cover); got != "active active 2025-09-01 2026-07-31" {
				t.Error(got)
			}
		}
		if bill := c.valid(c.read(invoice)); bill.Get("status").String() != "balanced" {
			t.Error(bill.Get("status").String())
		}
		again := c.pay(c.notice(invoice, "R1", "250.00", payExtension(extensionPayType, "M")))
		if again.Created || again.Resource.ID != first.Resource.ID {
			t.Error("the same receipt again is not the first answer")
		}
		_, err := c.r.Pay(c.Context(), c.call, c.notice(invoice, "R1", "251", payExtension(extensionPayType, "M")))
		fails(t, err, fhir.Conflict, "payment-receipt", "PaymentNotice.payment")
		plain := c.tree(first.Resource)
		plain.Set("amount", *c.parse(`{"value":1}`))
		if _, err = c.r.Update(c.Context(), c.call, "PaymentNotice", first.Resource.ID, plain, 0); err == nil {
			t.Error("a booked notice was changed like plain data")
		}
	})
}

func TestPaySixteenTimesAtOnce(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		t := c.T
		_, covers, invoice := c.enrolled("2025-08-01")
		var wg sync.WaitGroup
		var mu sync.Mutex
		ids, created := map[string]bool{}, 0
		for range 16 {
			wg.Go(func() {
				res, err := c.r.Pay(c.Context(), c.call, c.notice(invoice, "R1", "300", ""))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(explain(err))
				}
				ids[res.Resource.ID] = true
				if res.Created {
					created++
				}
			})
		}
		wg.Wait()
		if len(ids) != 1 || created != 1 || c.count("PaymentNotice") != 1 {
			t.Errorf("%d notices, %d created", len(ids), created)
		}
		if h := c.policy(c.read(covers[0])); h.Policy.Paid.String() != "300" {
			t.Errorf("paid %s", h.Policy.Paid)
		}
	})
}

// Different receipts at once are all counted.
func TestPayPartsAtOnce(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		t := c.T
		_, covers, invoice := c.enrolled("2025-08-01")
		var wg sync.WaitGroup
		errs := make([]error, 12)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = c.r.Pay(c.Context(), c.call, c.notice(invoice, fmt.Sprint("R", i), "50", ""))
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				t.Error(explain(err))
			}
		}
		if got := c.shown(covers[1]); got != "active active 2025-09-01 2026-07-31" {
			t.Error(got)
		}
	})
}

func TestPayBack(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		_, covers, invoice := c.enrolled("2025-08-01")
		before := c.shown(covers[0])
		first := c.pay(c.notice(invoice, "R1", "600", ""))
		n := c.notice(invoice, "R1", "600", "")
		n.Set("status", fhir.Str("entered-in-error"))
		back := c.pay(n)
		if back.Created || back.Resource.ID != first.Resource.ID || back.Resource.Version != 2 || c.tree(back.Resource).Get("status").String() != "entered-in-error" {
			t.Errorf("%+v", back)
		}
		if got := c.shown(covers[0]); got != before {
			t.Errorf("%s, before the payment %s", got, before)
		}
		if c.valid(c.read(invoice)).Get("status").String() != "issued" {
			t.Error("the invoice is still balanced")
		}
		if again := c.pay(n); again.Resource.Version != 2 {
			t.Error("taking back twice made a version")
		}
		_, err := c.r.Pay(c.Context(), c.call, c.notice(invoice, "R1", "600", ""))
		fails(t, err, fhir.Conflict, "payment-receipt", "PaymentNotice.payment")
		second := c.pay(c.notice(invoice, "R2", "600", ""))
		put := c.tree(second.Resource)
		_, err = c.r.PayBack(c.Context(), c.call, second.Resource.ID, put)
		fails(t, err, fhir.Conflict, "", "")
		put.Set("status", fhir.Str("entered-in-error"))
		if _, err := c.r.PayBack(c.Context(), c.call, second.Resource.ID, put); err != nil {
			t.Fatal(explain(err))
		}
		if got := c.shown(covers[0]); got != before {
			t.Error(got)
		}
	})
}

// A payment whose cover a claim has used stays; an officer is asked once.
func TestPayBackOfUsedCover(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		t := c.T
		f, covers, invoice := c.enrolled("2025-08-01")
		res := c.pay(c.notice(invoice, "R1", "600", ""))
		over := c.pay(c.notice(invoice, "R2", "100", ""))
		_, claim := c.submit(c.claimFor("C1", f.ids[0], "HO01", "2025-09-01", line{"service", "S101", "1", "50"}))
		error := func(res Result) error {
			n := c.tree(res.Resource)
			n.Set("status", fhir.Str("entered-in-error"))
			_, err := c.r.PayBack(c.Context(), c.call, res.Resource.ID, n)
			return err
		}
		if err := error(over); err != nil {
			t.Errorf("what was paid too much gives no cover: %s", explain(err))
		}
		for range 2 {
			fails(t, error(res), fhir.Conflict, "payment-used", "PaymentNotice.payment")
		}
		if c.count("Task") != 1 || !strings.HasPrefix(c.shown(covers[0]), "active active") {
			t.Errorf("%d tasks, %s", c.count("Task"), c.shown(covers[0]))
		}
		page, err := c.r.store.Search(c.Context(), store.Query{Type: "Task", Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		c.valid(page.Resources[0])
		asked, err := c.r.Asked(c.Context(), c.call, claim)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.r.Cancel(c.Context(), c.call, asked.ID, nil); err != nil {
			t.Fatal(explain(err))
		}
		if err := error(res); err != nil {
			t.Errorf("after the claim was cancelled: %s", explain(err))
		}
	})
}

func TestPaySuspendsAndEnforces(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		_, covers, invoice := c.enrolled("2025-08-01")
		c.pay(c.notice(invoice, "R1", "100", payExtension(extensionPayAction, "enforce")))
		if got := c.shown(covers[0]); got != "active active 2025-09-01 2026-07-31" {
			t.Error(got)
		}
		c.pay(c.notice(invoice, "R2", "0", payExtension(extensionPayAction, "suspend")))
		if got := c.shown(covers[0]); !strings.HasPrefix(got, "cancelled suspended") {
			t.Error(got)
		}
		c.pay(c.notice(invoice, "R3", "500", ""))
		if got := c.shown(covers[0]); !strings.HasPrefix(got, "active active") {
			t.Error(got)
		}
	})
}
