package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/access"
)

// changed is a stored resource with one element set.
func (c *clinic) changed(ref, name string, value fhir.Node) *fhir.Node {
	c.Helper()
	n := c.tree(c.read(ref))
	n.Set(name, value)
	return n
}

func (c *clinic) owners(ref string) (out []string) {
	c.Helper()
	for _, t := range c.tree(c.read(ref)).Path("meta", "tag").Each() {
		if t.Get("system").String() == access.OwnerSystem {
			out = append(out, t.Get("code").String())
		}
	}
	return out
}

// Who knows somebody's number may read the record, and not rewrite it.
func TestAFacilityChangesOnlyItsOwnPersons(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		office := c.call
		mine, other := c.asFacility("HO01"), c.asFacility("HO02")
		c.call = mine
		f := c.family("head 1985-01-01", "4 2015-03-03")
		c.call = office
		person, group := "Patient/"+f.ids[0], "Group/"+f.group
		if _, err := c.r.Read(c.Context(), other, "Patient", f.ids[0]); err != nil {
			t.Errorf("reading by id: %s", explain(err))
		}
		born := fhir.Str("1986-06-06")
		write := func(call Call, id string) (Result, error) {
			return c.r.Update(c.Context(), call, "Patient", id, c.changed("Patient/"+id, "birthDate", born), 0)
		}
		_, err := write(other, f.ids[0])
		fails(t, err, fhir.Forbidden, "registered-by", "")
		_, err = c.r.Update(c.Context(), other, "Group", f.group, c.changed(group, "quantity", fhir.Num("9")), 0)
		fails(t, err, fhir.Forbidden, "registered-by", "")
		_, err = c.r.Patch(c.Context(), other, "Patient", f.ids[0], func(old *fhir.Node) (*fhir.Node, error) {
			n := old.Clone()
			n.Set("birthDate", born)
			return n, nil
		}, 0)
		fails(t, err, fhir.Forbidden, "registered-by", "")
		_, err = c.r.UpdateWhere(c.Context(), other, "Patient", "identifier="+c.pack.System("national-id")+"|N1", c.changed(person, "birthDate", born), 0)
		fails(t, err, fhir.Forbidden, "registered-by", "")
		_, err = c.r.Transaction(c.Context(), other, []Entry{{Method: http.MethodPut, Type: "Patient", ID: f.ids[0], Resource: c.changed(person, "birthDate", born), Path: "Bundle.entry[0]"}})
		fails(t, err, fhir.Forbidden, "registered-by", "Bundle.entry[0].resource")
		if v := c.read(person).Version + c.read(group).Version; v != 2 {
			t.Fatal("a stranger's facility changed the person or the household")
		}
		if _, err := write(mine, f.ids[0]); err != nil {
			t.Errorf("who registered: %s", explain(err))
		}
		c.call = mine
		if _, err := c.regroup(f, f.members("head", "4")...); err != nil {
			t.Errorf("who registered: %s", explain(err))
		}
		c.call = office
		if _, err := write(office, f.ids[0]); err != nil {
			t.Errorf("the office: %s", explain(err))
		}
		c.submit(c.claimFor("C1", f.ids[0], "HO02", "2025-09-01", line{"service", "S101", "1", "50"}))
		if _, err := write(other, f.ids[0]); err != nil {
			t.Errorf("who treated: %s", explain(err))
		}
		_, err = write(other, f.ids[1])
		fails(t, err, fhir.Forbidden, "registered-by", "")
	})
}

// The owner stays, whoever writes and whatever is sent.
func TestTheOwnerOfAPersonStays(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		mine := c.asFacility("HO01")
		res, err := c.r.Create(c.Context(), mine, "Patient", c.parse(`{"resourceType":"Patient","birthDate":"1985-01-01"}`), "")
		if err != nil {
			t.Fatal(explain(err))
		}
		person, want := res.Resource.Ref(), fmt.Sprint([]string{c.facility("HO01")})
		for name, call := range map[string]Call{"the facility": mine, "the office": c.call} {
			bare := c.parse(fmt.Sprintf(`{"resourceType":"Patient","id":%q,"birthDate":"1986-01-01"}`, res.Resource.ID))
			if _, err := c.r.Update(c.Context(), call, "Patient", res.Resource.ID, bare, 0); err != nil {
				t.Fatal(explain(err))
			}
			if got := fmt.Sprint(c.owners(person)); got != want {
				t.Errorf("%s left the tag out: %s", name, got)
			}
		}
		n := c.tree(c.read(person))
		access.SetOwner(n, c.facility("HO02"))
		_, err = c.r.Update(c.Context(), mine, "Patient", res.Resource.ID, n, 0)
		fails(t, err, fhir.Forbidden, "", "")
		if _, err := c.r.ChangeMeta(c.Context(), c.call, "Patient", res.Resource.ID, c.tree(c.read(person)).Get("meta"), true, 0); err != nil {
			t.Fatal(explain(err))
		}
		if got := c.owners(person); got != nil {
			t.Errorf("the office took the tag away: %v", got)
		}
		if _, err := c.r.Delete(c.Context(), c.call, "Patient", res.Resource.ID, 0); err != nil {
			t.Fatal(explain(err))
		}
		n = c.parse(fmt.Sprintf(`{"resourceType":"Patient","id":%q}`, res.Resource.ID))
		_, err = c.r.Update(c.Context(), c.asFacility("HO02"), "Patient", res.Resource.ID, n, 0)
		fails(t, err, fhir.Forbidden, "registered-by", "")
	})
}

// A facility cannot bring its people into the policy of somebody it does not
// know.
func TestAFacilityFoundsNoHouseholdForAStranger(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		head := c.person("1985-01-01", "male")
		c.enrol(c.request("", head, "MUNI", "2025-08-01"), nil)
		mine := c.asFacility("HO01")
		child, err := c.r.Create(c.Context(), mine, "Patient", c.parse(`{"resourceType":"Patient","gender":"female","birthDate":"2020-01-01"}`), "")
		if err != nil {
			t.Fatal(explain(err))
		}
		group := groupOf(groupMember("head", "Patient/"+head), groupMember("4", child.Resource.Ref()))
		_, err = c.r.Create(c.Context(), mine, "Group", c.parse(group), "")
		fails(t, err, fhir.Forbidden, "registered-by", "Group.member")
		if c.count("Group") != 0 || c.coverOf(child.Resource.ID) != "" {
			t.Error("the child is in the stranger's policy")
		}
		if _, err = c.r.Create(c.Context(), c.call, "Group", c.parse(group), ""); err != nil || c.coverOf(child.Resource.ID) == "" {
			t.Errorf("the office: %v", err)
		}
	})
}

// An insured person or household is not deleted; the answer says what to do.
func TestTheInsuredAreNotDeleted(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		lone := c.person("1985-01-01", "male")
		f, _, invoice := c.enrolled("2025-08-01")
		c.pay(c.notice(invoice, "R1", "600", ""))
		remove := func(typ, id string) error {
			_, err := c.r.Delete(c.Context(), c.call, typ, id, 0)
			return err
		}
		if err := remove("Patient", lone); err != nil {
			t.Errorf("who is not insured: %s", explain(err))
		}
		fails(t, remove("Patient", f.ids[1]), fhir.Conflict, "insured-person", "")
		fails(t, remove("Group", f.group), fhir.Conflict, "insured-household", "")
		_, err := c.r.DeleteWhere(c.Context(), c.call, "Patient", "_id="+f.ids[1])
		fails(t, err, fhir.Conflict, "insured-person", "")
		_, err = c.r.Transaction(c.Context(), c.call, []Entry{{Method: http.MethodDelete, Type: "Group", ID: f.group, Path: "Bundle.entry[0]"}})
		fails(t, err, fhir.Conflict, "insured-household", "Bundle.entry[0]")
		if _, err := c.regroup(f, f.members("head")...); err != nil {
			t.Fatal(explain(err))
		}
		if err := remove("Patient", f.ids[1]); err != nil {
			t.Errorf("who left: %s", explain(err))
		}
		c.now = noon.AddDate(1, 0, 0)
		if err := remove("Group", f.group); err != nil {
			t.Errorf("after the end of the policy: %s", explain(err))
		}
		if err := remove("Patient", f.ids[0]); err != nil {
			t.Errorf("after the end of the policy: %s", explain(err))
		}
	})
}

// What a death does to the cover is shown the same way everywhere.
func TestTheDead(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		f := c.family("head 1985-01-01", "8 1986-01-01", "4 2010-01-01", "4 2011-01-01")
		out := c.enrol(c.request("", f.ids[0], "MUNI", "2025-08-01"), nil)
		c.pay(c.notice(of(out.More, "Invoice")[0].Ref(), "R1", "600", ""))
		for i, dead := range []struct {
			name  string
			value fhir.Node
			want  string
		}{
			1: {"deceasedDateTime", fhir.Str("2025-08-20"), "active active 2025-08-20 2025-08-20"}, // before the cover began
			2: {"deceasedDateTime", fhir.Str("2025-09-01"), "active active 2025-09-01 2025-09-01"},
			3: {"deceasedBoolean", fhir.Bool(true), "active active 2025-09-01 2025-09-01"},
		} {
			if i == 0 {
				continue
			}
			if _, err := c.r.Update(c.Context(), c.call, "Patient", f.ids[i], c.changed("Patient/"+f.ids[i], dead.name, dead.value), 0); err != nil {
				t.Fatal(explain(err))
			}
			if got := c.shown(c.coverOf(f.ids[i])); got != dead.want {
				t.Errorf("member %d: %s, want %s", i, got, dead.want)
			}
			answer := c.ask(c.asking(f.ids[i], "2025-09-02"))
			if answer.Get("insurance").At(0).Get("inforce").True() || strings.HasPrefix(answer.Get("disposition").String(), "Covered") {
				t.Errorf("member %d is eligible", i)
			}
		}
		if today := c.ask(c.asking(f.ids[3], "2025-09-01")); today.Get("insurance").At(0).Get("inforce").True() {
			t.Error("who is recorded as dead is eligible on that day")
		}
		c.now = noon.AddDate(1, 0, 0)
		if _, err := c.r.ExpireDue(c.Context(), c.now); err != nil {
			t.Fatal(err)
		}
		if got := c.shown(c.coverOf(f.ids[1])); got != "active expired 2025-08-20 2025-08-20" {
			t.Error(got)
		}
	})
}
