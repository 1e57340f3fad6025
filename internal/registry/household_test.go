package registry

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

// members are the entries of a Group for the persons of a family.
func (f family) members(roles ...string) (out []string) {
	for i, role := range roles {
		out = append(out, groupMember(role, "Patient/"+f.ids[i]))
	}
	return out
}

// coverOf is the Coverage of a person, "" when there is none.
func (c *clinic) coverOf(person string) string {
	c.Helper()
	_, rows, err := c.r.store.Facts(c.Context(), nil, store.Lookup{Table: store.Members, Column: "person", Values: []string{person}})
	if err != nil {
		c.Fatal(err)
	}
	if len(rows[0]) == 0 {
		return ""
	}
	return rows[0][0].Text("coverage")
}

func TestAHouseholdWithoutAPolicyIsPlainData(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f := c.family("head 1985-01-01", "4 2015-03-03")
		if _, err := c.regroup(f, f.members("head", "head")...); err != nil { // no policy: nobody minds
			t.Error(explain(err))
		}
		if n := c.count("Coverage"); n != 0 {
			t.Errorf("%d covers", n)
		}
	})
}

// A late member is covered from joining when it costs no more.
func TestALateMember(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f, covers, invoice := c.enrolled("2025-08-01")
		c.pay(c.notice(invoice, "R1", "600", ""))
		f.ids = append(f.ids, c.person("2020-02-02", "female"))
		if _, err := c.regroup(f, f.members("head", "4", "4")...); err != nil {
			t.Fatal(explain(err))
		}
		late := c.coverOf(f.ids[2])
		if late == "" || c.shown(late) != "active active 2025-09-01 2026-07-31" {
			t.Fatalf("late member: %q", late)
		}
		n := c.tree(c.read(late))
		if err := c.pack.NumberRule().Check(n.Get("subscriberId").String()); err != nil || n.Path("policyHolder", "reference").String() != "Patient/"+f.ids[0] {
			t.Errorf("%s", n.JSON())
		}
		if identifier(c.tree(c.read("Patient/"+f.ids[2])), c.pack.System(systemInsurance)) != n.Get("subscriberId").String() {
			t.Error("the number is not in the Patient")
		}
		if c.count("Invoice") != 1 {
			t.Error("an invoice over nothing")
		}
		if res := c.read(covers[0]); res.Version != 2 {
			t.Errorf("the head's cover has version %d, without a change", res.Version)
		}
		if _, err := c.regroup(f, f.members("head", "4", "4")...); err != nil { // nothing new
			t.Error(explain(err))
		}
		if h := c.policy(c.read(late)); len(h.Policy.Events) != 3 {
			t.Errorf("%d events", len(h.Policy.Events))
		}
	})
}

// Under HIB the sixth member costs 700 more, and is covered once that is paid.
func TestALateMemberWhoCostsMore(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		t := c.T
		f := c.family("head 1985-01-01", "8 1986-01-01", "4 2010-01-01", "4 2011-01-01", "4 2012-01-01")
		out := c.enrol(c.request("", f.ids[0], "HIB", "2025-07-01"), nil)
		first := of(out.More, "Invoice")[0].Ref()
		c.pay(c.notice(first, "R1", "3500", ""))
		f.ids = append(f.ids, c.person("2021-01-01", "male"))
		if _, err := c.regroup(f, f.members("head", "8", "4", "4", "4", "4")...); err != nil {
			t.Fatal(explain(err))
		}
		late := c.coverOf(f.ids[5])
		if got := c.shown(late); !strings.HasPrefix(got, "draft active") {
			t.Error(got)
		}
		h := c.policy(c.read(late))
		if len(h.Invoices) != 2 || h.Invoice != first {
			t.Fatalf("invoices %v", h.Invoices)
		}
		second := c.valid(c.read(h.Invoices[1].Ref))
		if second.Path("totalNet", "value").Text != "700.00" || second.Get("status").String() != "issued" || c.tree(c.read(first)).Get("status").String() != "balanced" {
			t.Errorf("%s", second.JSON())
		}
		c.pay(c.notice(h.Invoices[1].Ref, "R2", "700", ""))
		if got := c.shown(late); !strings.HasPrefix(got, "active active 2025-09-01") {
			t.Error(got)
		}
		if c.tree(c.read(h.Invoices[1].Ref)).Get("status").String() != "balanced" {
			t.Error("the second invoice is not balanced")
		}
	})
}

// A full household keeps its late member, who is told to be uninsured.
func TestALateMemberTooMany(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f := c.family("head 1985-01-01", "8 1986-01-01", "4 2010-01-01", "4 2011-01-01", "4 2012-01-01", "4 2013-01-01")
		c.enrol(c.request("", f.ids[0], "MUNI", "2025-08-01"), nil)
		f.ids = append(f.ids, c.person("2021-01-01", "male"))
		res, err := c.regroup(f, f.members("head", "8", "4", "4", "4", "4", "4")...)
		if err != nil {
			t.Fatal(explain(err))
		}
		if len(res.Warnings) != 1 || res.Warnings[0].Rule != "max-members" || res.Warnings[0].Path != "Group.member[6]" {
			t.Errorf("%+v", res.Warnings)
		}
		if c.coverOf(f.ids[6]) != "" {
			t.Error("the seventh member is insured")
		}
	})
}

func TestAHouseholdThatCannotBeInsured(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f, _, _ := c.enrolled("2025-08-01")
		_, err := c.regroup(f, f.members("head", "head")...)
		fails(t, err, fhir.Unprocessable, "household-head", "Group.member[1]")
		_, err = c.regroup(f, f.members("head", "9")...)
		fails(t, err, fhir.Unprocessable, "household-role", "Group.member[1].extension")
		_, err = c.regroup(f, append(f.members("head", "4"), groupMember("4", "Patient/nobody"))...)
		fails(t, err, fhir.Unprocessable, "", "Group.member[2].entity")
		n := c.parse(groupOf(f.members("head", "4")...))
		n.Set("id", fhir.Str(f.group))
		n.Set("active", fhir.Bool(false))
		_, err = c.r.Update(c.Context(), c.call, "Group", f.group, n, 0)
		fails(t, err, fhir.Unprocessable, "membership", "Group.code")
	})
}

// Who dies, becomes inactive or is taken out of the Group leaves; who comes
// back is covered again from that day.
func TestMembersLeaveAndComeBack(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f := c.family("head 1985-01-01", "8 1986-01-01", "4 2010-01-01", "4 2011-01-01")
		out := c.enrol(c.request("", f.ids[0], "MUNI", "2025-08-01"), nil)
		c.pay(c.notice(of(out.More, "Invoice")[0].Ref(), "R1", "600", ""))
		change := func(id string, name string, value fhir.Node) {
			n := c.tree(c.read("Patient/" + id))
			n.Set(name, value)
			if _, err := c.r.Update(c.Context(), c.call, "Patient", id, n, 0); err != nil {
				t.Fatal(explain(err))
			}
		}
		c.now = noon.AddDate(0, 0, 9)
		change(f.ids[1], "deceasedDateTime", fhir.Str("2025-09-05"))
		change(f.ids[2], "active", fhir.Bool(false))
		if _, err := c.regroup(f, f.members("head", "8", "4")...); err != nil {
			t.Fatal(explain(err))
		}
		for i, want := range []string{"2026-07-31", "2025-09-05", "2025-09-10", "2025-09-10"} {
			if got := c.shown(c.coverOf(f.ids[i])); got != "active active 2025-09-01 "+want {
				t.Errorf("member %d: %s", i, got)
			}
		}
		c.now = noon.AddDate(0, 0, 19)
		change(f.ids[2], "active", fhir.Bool(true))
		if got := c.shown(c.coverOf(f.ids[2])); got != "active active 2025-09-20 2026-07-31" {
			t.Errorf("back again: %s", got)
		}
		change(f.ids[0], "gender", fhir.Str("male")) // of no consequence
		if h := c.policy(c.read(c.coverOf(f.ids[0]))); h.Policy.InForce(f.ids[1], c.pack.today(c.now)) || !h.Policy.InForce(f.ids[0], c.pack.today(c.now)) {
			t.Error("membership")
		}
	})
}

// A person enrolled alone who founds a household later brings the members in,
// also when they are registered in the same transaction.
func TestAHouseholdOfOneGrows(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		head := c.person("1985-01-01", "male")
		c.enrol(c.request("", head, "MUNI", "2025-08-01"), nil)
		const url = "urn:uuid:99999999-0000-4000-8000-000000000001"
		results, err := c.r.Transaction(c.Context(), c.call, []Entry{
			{Method: "POST", Type: "Group", Resource: c.parse(groupOf(groupMember("head", "Patient/"+head), groupMember("4", url))), Path: "Bundle.entry[0]"},
			{Method: "POST", Type: "Patient", FullURL: url, Path: "Bundle.entry[1]", Resource: c.parse(`{"resourceType":"Patient","gender":"female","birthDate":"2020-01-01"}`)},
		})
		if err != nil {
			t.Fatal(explain(err))
		}
		child := results[1].Resource.ID
		if got := c.shown(c.coverOf(child)); !strings.HasPrefix(got, "draft idle") {
			t.Error(got)
		}
		if identifier(c.valid(c.read("Patient/"+child)), c.pack.System(systemInsurance)) == "" {
			t.Error("no insurance number")
		}
		if h := c.policy(c.read(c.coverOf(child))); h.Household != "Group/"+results[0].Resource.ID {
			t.Errorf("household %q", h.Household)
		}
		page, err := c.r.store.Search(c.Context(), store.Query{Type: "Patient", Limit: 5, Expr: c.numbered(child)})
		if err != nil || len(page.Resources) != 1 {
			t.Errorf("the number is not searchable: %d, %v", len(page.Resources), err)
		}
		_, err = c.r.Transaction(c.Context(), c.call, []Entry{{
			Method: "PUT", Type: "Group", ID: results[0].Resource.ID, Path: "Bundle.entry[0]",
			Resource: c.parse(strings.Replace(groupOf(groupMember("4", "Patient/"+head)), `"Group",`, fmt.Sprintf(`"Group","id":%q,`, results[0].Resource.ID), 1)),
		}})
		fails(t, err, fhir.Unprocessable, "household-head", "Bundle.entry[0].resource.member")
	})
}
