package registry

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

// number is a valid insurance number of the scheme that no sequence of a test
// reaches.
func (c *clinic) number(seq int64) string {
	c.Helper()
	n, err := c.pack.NumberRule().Issue(1000 + seq)
	if err != nil {
		c.Fatal(err)
	}
	return n
}

// carrying is a new Patient with insurance numbers.
func (c *clinic) carrying(numbers ...string) *fhir.Node {
	c.Helper()
	n := c.parse(`{"resourceType":"Patient","identifier":[{"system":"urn:other","value":"1"}],"gender":"male","birthDate":"1985-01-01"}`)
	for _, number := range numbers {
		addIdentifier(n, c.pack.System(systemInsurance), number)
	}
	return n
}

func (c *clinic) register(n *fhir.Node) (string, error) {
	res, err := c.r.Create(c.Context(), c.call, "Patient", n, "")
	return res.Resource.ID, err
}

func (c *clinic) put(id string, n *fhir.Node) error {
	n.Set("id", fhir.Str(id))
	_, err := c.r.Update(c.Context(), c.call, "Patient", id, n, 0)
	return err
}

func TestAnInsuranceNumberHasOneHolder(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		first, err := c.register(c.carrying(c.number(1)))
		if err != nil {
			t.Fatal(explain(err))
		}
		_, err = c.register(c.carrying(c.number(1)))
		fails(t, err, fhir.Unprocessable, "member-number-taken", "Patient.identifier[1].value")
		second, err := c.register(c.carrying(c.number(2)))
		if err != nil {
			t.Fatal(explain(err))
		}
		fails(t, c.put(second, c.carrying(c.number(2), c.number(1))), fhir.Unprocessable, "member-number-taken", "Patient.identifier[2].value")
		_, err = c.r.Transaction(c.Context(), c.call, []Entry{
			{Method: http.MethodPost, Type: "Patient", Resource: c.carrying(c.number(3)), Path: "Bundle.entry[0]"},
			{Method: http.MethodPost, Type: "Patient", Resource: c.carrying(c.number(3)), Path: "Bundle.entry[1]"},
		})
		fails(t, err, fhir.Unprocessable, "member-number-taken", "Bundle.entry[1].resource.identifier[1].value")
		if err := c.put(first, c.carrying(c.number(1))); err != nil {
			t.Errorf("its own number again: %s", explain(err))
		}
		if err := c.put(first, c.carrying(c.number(4))); err != nil {
			t.Errorf("another number before enrolment: %s", explain(err))
		}
		if err := c.put(second, c.carrying(c.number(1))); err != nil {
			t.Errorf("a number that is free again: %s", explain(err))
		}
		if _, err := c.r.Delete(c.Context(), c.call, "Patient", second, 0); err != nil {
			t.Fatal(explain(err))
		}
		if _, err := c.register(c.carrying(c.number(1))); err != nil {
			t.Errorf("the number of who was deleted and never insured: %s", explain(err))
		}
		fails(t, c.put(second, c.carrying(c.number(1))), fhir.Unprocessable, "member-number-taken", "Patient.identifier[1].value")
	})
}

// What was registered before numbers had keys counts as well.
func TestAnOldHolderOfANumber(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		set := c.r.scheme.Swap(nil) // nobody claims keys without a scheme
		old, err := c.register(c.carrying(c.number(1)))
		if err != nil {
			t.Fatal(err)
		}
		twin, err := c.register(c.carrying(c.number(1)))
		if err != nil {
			t.Fatal(err)
		}
		c.r.scheme.Store(set)
		_, err = c.register(c.carrying(c.number(1)))
		fails(t, err, fhir.Unprocessable, "member-number-taken", "Patient.identifier[1].value")
		_, err = c.r.Enrol(c.Context(), c.call, c.request("", old, "MUNI", "2025-08-01"), nil)
		fails(t, err, fhir.Unprocessable, "member-number-taken", "EnrollmentRequest.candidate")
		if err := c.put(twin, c.carrying()); err != nil {
			t.Fatal(explain(err))
		}
		c.enrol(c.request("", old, "MUNI", "2025-08-01"), nil)
	})
}

func TestOneOfManyAtOnceGetsTheNumber(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		t := c.T
		errs := make([]error, 12)
		var wg sync.WaitGroup
		for i := range errs {
			n := c.carrying(c.number(1))
			wg.Go(func() { _, errs[i] = c.register(n) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			}
		}
		held, err := c.r.store.Count(c.Context(), "Patient", search.Is{Param: "identifier", Kind: search.Token, System: c.pack.System(systemInsurance), Code: c.number(1)}, 0)
		if won != 1 || held != 1 || err != nil {
			t.Errorf("%d won, %d hold the number, %v", won, held, err)
		}
	})
}

// Who is insured keeps the number; the rest of the record may be corrected.
func TestAnIssuedNumberStays(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f, _, _ := c.enrolled("2025-08-01")
		ref := "Patient/" + f.ids[0]
		system := c.pack.System(systemInsurance)
		issued := identifier(c.tree(c.read(ref)), system)
		for _, n := range []*fhir.Node{
			c.carrying(), c.carrying(c.number(1)), c.carrying(issued, c.number(1)), c.carrying(c.number(1), issued),
		} {
			fails(t, c.put(f.ids[0], n), fhir.Unprocessable, "member-number-issued", "Patient.identifier")
		}
		_, err := c.r.Patch(c.Context(), c.asMediator(), "Patient", f.ids[0], func(old *fhir.Node) (*fhir.Node, error) {
			n := old.Clone()
			n.Remove("identifier")
			return n, nil
		}, 0)
		fails(t, err, fhir.Unprocessable, "member-number-issued", "Patient.identifier")
		if err := c.put(f.ids[0], c.changed(ref, "birthDate", fhir.Str("1984-04-04"))); err != nil {
			t.Error(explain(err))
		}
		_, err = c.register(c.carrying(issued))
		fails(t, err, fhir.Unprocessable, "member-number-taken", "Patient.identifier[1].value")
		c.now = noon.AddDate(1, 0, 0)
		if _, err := c.r.Delete(c.Context(), c.call, "Patient", f.ids[1], 0); err != nil {
			t.Fatal(explain(err))
		}
		past, err := c.r.store.ReadVersion(c.Context(), "Patient", f.ids[1], c.last(f.ids[1])-1)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.register(c.carrying(identifier(c.tree(past), system)))
		fails(t, err, fhir.Unprocessable, "member-number-taken", "Patient.identifier[1].value")
	})
}

func (c *clinic) last(id string) int64 {
	c.Helper()
	res, err := c.r.store.Read(c.Context(), "Patient", id)
	if err != nil {
		c.Fatal(err)
	}
	return res.Version
}

// Enrolment takes nobody's number, by whichever way it comes.
func TestEnrolWithTheNumberOfAnother(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		if _, err := c.register(c.carrying(c.number(1))); err != nil {
			t.Fatal(explain(err))
		}
		p := c.person("1985-01-01", "male")
		wished := c.request("", p, "MUNI", "2025-08-01")
		wished.Get("contained").At(0).Set("subscriberId", fhir.Str(c.number(1)))
		_, err := c.r.Enrol(c.Context(), c.call, wished, nil)
		fails(t, err, fhir.Unprocessable, "member-number-taken", "EnrollmentRequest.coverage.subscriberId")

		const url = "urn:uuid:99999999-0000-4000-8000-000000000003"
		came := func(identifiers string) (*fhir.Node, *fhir.Node) {
			n := c.request("", p, "MUNI", "2025-08-01")
			n.Get("contained").At(0).Remove("beneficiary")
			n.Get("contained").At(0).Set("beneficiary", ref(url))
			n.Set("candidate", ref(url))
			bundle := c.parse(fmt.Sprintf(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":%s},{"fullUrl":%q,"resource":
				{"resourceType":"Patient","identifier":[%s],"gender":"male","birthDate":"1985-01-01"}}]}`, n.JSON(), url, identifiers))
			return bundle.Get("entry").At(0).Get("resource"), bundle
		}
		national := identifier(c.tree(c.read("Patient/"+p)), c.pack.System("national-id"))
		n, bundle := came(fmt.Sprintf(`{"system":%q,"value":%q},{"system":%q,"value":%q}`, c.pack.System("national-id"), national, c.pack.System(systemInsurance), c.number(1)))
		_, err = c.r.Enrol(c.Context(), c.call, n, bundle)
		fails(t, err, fhir.Unprocessable, "member-number-taken", "EnrollmentRequest.candidate")
		if c.count("Coverage") != 0 {
			t.Error("a refused request enrolled")
		}
		n, bundle = came(fmt.Sprintf(`{"system":%q,"value":%q}`, c.pack.System(systemInsurance), c.number(2)))
		out := c.enrol(n, bundle)
		if got := c.tree(of(out.More, "Coverage")[0]).Get("subscriberId").String(); got != c.number(2) {
			t.Errorf("enrolled as %s", got)
		}
		_, err = c.register(c.carrying(c.number(2)))
		fails(t, err, fhir.Unprocessable, "member-number-taken", "Patient.identifier[1].value")
	})
}
