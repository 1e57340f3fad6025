package registry

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
	"github.com/jamii-health/jamii/internal/store"
)

// A household is a Group of persons with code "household"; each member says by
// extension household-role what it is to the head (wire.md 3.1).
const (
	groupType     = "Group"
	householdCode = "household"
	extensionRole = fhir.Base + "/StructureDefinition/household-role"
	roleHead      = "head"
)

// household is who enrols together: the members of a Group, or one person who
// is in none.
type household struct {
	ref    string // "Group/id", "" for a household of one
	head   *insuree
	people []*insuree // the head first, then in the Group's order
}

// insuree is a person of a household with the record it was read from.
type insuree struct {
	member enrolment.Member
	tree   *fhir.Node    // of the Patient
	old    fhir.Resource // Version 0 when a write of the same Unit makes it
	write  *intent       // that write
	number string        // insurance number, "" when none is issued yet
	path   string        // where it stands, for errors
}

func (p *insuree) ref() string { return patient + "/" + p.member.ID }

// where is the path of the member below an entry, or from the type.
func (p *insuree) where(entry string) string {
	if entry == "" {
		return p.path
	}
	return strings.TrimPrefix(p.path, groupType+".")
}

// householdGuard is raised by whatever depends on who is in a household.
func householdGuard(group string) string { return "household/" + group }

// isHousehold reports whether a Group is a household that is in use.
func isHousehold(n *fhir.Node) bool {
	if a := n.Get("active"); a.Is(fhir.KindBool) && !a.True() {
		return false
	}
	for _, c := range n.Path("code", "coding").Each() {
		if c.Get("code").String() == householdCode {
			return true
		}
	}
	return strings.EqualFold(n.Path("code", "text").String(), householdCode)
}

// groupOf finds the household that a person is a member of; Version 0 when
// there is none.
func (r *Registry) groupOf(ctx context.Context, person, path string) (fhir.Resource, *fhir.Node, error) {
	page, err := r.store.Search(ctx, store.Query{Type: groupType, Limit: 50, Expr: search.Is{Param: "member", Kind: search.Reference, Code: person}})
	if err != nil {
		return fhir.Resource{}, nil, fmt.Errorf("search households: %w", err)
	}
	var found fhir.Resource
	var tree *fhir.Node
	for _, res := range page.Resources {
		n, err := res.Tree()
		if err != nil {
			return found, nil, fmt.Errorf("stored %s: %w", res.Type, err)
		}
		if !isHousehold(n) || !standsIn(n, person) {
			continue
		}
		if tree != nil {
			return found, nil, &fhir.Error{
				Kind: fhir.Unprocessable, Issue: fhir.IssueMultiple, Path: path, Rule: "one-household",
				Text: "The person is a member of several households. End the membership in all but one, then enrol.",
			}
		}
		found, tree = res, n
	}
	return found, tree, nil
}

// standsIn reports whether a person is a present member of a Group.
func standsIn(group *fhir.Node, person string) bool {
	for _, m := range group.Get("member").Each() {
		if m.Path("entity", "reference").String() == person {
			return !m.Get("inactive").True()
		}
	}
	return false
}

// memberRefs names the persons of a Group, in its order. A member given by
// identifier alone is looked up.
func (r *Registry) memberRefs(ctx context.Context, group *fhir.Node) ([]string, error) {
	var refs []string
	seen := map[string]bool{}
	for i, m := range group.Get("member").Each() {
		path := fmt.Sprintf("Group.member[%d].entity", i)
		text := m.Path("entity", "reference").String()
		if parsed, ok := fhir.ParseReference(text); !ok || parsed.Base != "" || parsed.Type != patient || parsed.ID == "" {
			res, err := r.locate(ctx, Call{}, &bag{}, m.Get("entity"), path, patientTypes...)
			if err != nil {
				return nil, err
			}
			text = res.Ref()
		} else {
			text = parsed.Local()
		}
		if seen[text] {
			return nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueDuplicate, Path: path, Rule: "one-household", Text: "The person stands in the household twice. Name each member once."}
		}
		seen[text] = true
		refs = append(refs, text)
	}
	return refs, nil
}

// readHousehold reads the members of a Group on a day. refs are its members as
// memberRefs found them, writes what the same Unit makes of Patients.
func (r *Registry) readHousehold(ctx context.Context, ref string, group *fhir.Node, refs []string, writes map[string]*intent, day date.Date) (*household, error) {
	people, err := r.people(ctx, refs, writes)
	if err != nil {
		return nil, err
	}
	h := &household{ref: ref}
	for i, m := range group.Get("member").Each() {
		path := fmt.Sprintf("Group.member[%d]", i)
		p, ok := people[refs[i]]
		if !ok {
			return nil, &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueNotFound, Path: path + ".entity", Text: "The member is not known here. Register the person first."}
		}
		p.path = path
		relation, err := relationOf(m, path)
		if err != nil {
			return nil, err
		}
		if err := p.read(relation, i+1, day); err != nil {
			return nil, err
		}
		p.leaves(m, day)
		if relation != enrolment.Head {
			h.people = append(h.people, p)
			continue
		}
		if h.head != nil {
			return nil, errHead(path, "The household has two heads. Exactly one member has the household-role \"head\".")
		}
		h.head, p.member.Order = p, 0
	}
	if h.head == nil {
		return nil, errHead("Group.member", "The household has no head. Exactly one member has the household-role \"head\".")
	}
	h.people = append([]*insuree{h.head}, h.people...)
	return h, nil
}

func errHead(path, text string) error {
	return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: path, Rule: "household-head", Text: text}
}

// people reads Patients by their references, those that the same Unit writes
// from there.
func (r *Registry) people(ctx context.Context, refs []string, writes map[string]*intent) (map[string]*insuree, error) {
	out := make(map[string]*insuree, len(refs))
	var ask []string
	for _, ref := range refs {
		if in, ok := writes[ref]; ok {
			out[ref] = &insuree{member: enrolment.Member{ID: refID(ref)}, tree: in.node, write: in}
			continue
		}
		ask = append(ask, ref)
	}
	if len(ask) == 0 {
		return out, nil
	}
	list, err := r.store.ReadMany(ctx, ask)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	for _, res := range list {
		tree, err := res.Tree()
		if err != nil {
			return nil, fmt.Errorf("stored %s: %w", res.Type, err)
		}
		out[res.Ref()] = &insuree{member: enrolment.Member{ID: res.ID}, tree: tree, old: res}
	}
	return out, nil
}

// read takes what enrolment must know from the Patient. The age decides the
// contribution, so the date of birth must be there.
func (p *insuree) read(relation, order int, day date.Date) error {
	born, ok := fhir.ParseDateTime(p.tree.Get("birthDate").String(), nil)
	if !ok {
		return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueRequired, Path: p.path, Rule: "member-birth-date", Text: "The member has no date of birth, on which the contribution depends. Add Patient.birthDate."}
	}
	p.member.Born, p.member.Relation, p.member.Order = date.Of(born.Low()), relation, order
	p.member.Sex = claims.Sex("M")
	switch p.tree.Get("gender").String() {
	case "female":
		p.member.Sex = "F"
	case "other":
		p.member.Sex = "O"
	}
	p.member.Left = endOf(p.tree, day)
	return nil
}

// endOf is the day on which a person died or became inactive, as of a day;
// none for the living.
func endOf(tree *fhir.Node, day date.Date) date.Date {
	if died, ok := fhir.ParseDateTime(tree.Get("deceasedDateTime").String(), nil); ok {
		return date.Of(died.Low())
	}
	if a := tree.Get("active"); tree.Get("deceasedBoolean").True() || a.Is(fhir.KindBool) && !a.True() {
		return day
	}
	return date.None
}

// leaves takes the end of the membership from the Group's member.
func (p *insuree) leaves(m *fhir.Node, day date.Date) {
	end := date.None
	if m.Get("inactive").True() {
		end = day
	}
	if d, ok := fhir.ParseDateTime(m.Path("period", "end").String(), nil); ok && (!end.IsZero() || !date.Of(d.Low()).After(day)) {
		end = date.Of(d.Low())
	}
	p.member.Left = date.Min(p.member.Left, end)
}

// relationOf reads what a member is to the head: 0 the head itself, else a
// relation code of openIMIS, 1 to 8.
func relationOf(m *fhir.Node, path string) (int, error) {
	code := codeOf(extension(m, extensionRole))
	if code == roleHead {
		return enrolment.Head, nil
	}
	if n, err := strconv.Atoi(code); err == nil && n >= 1 && n <= 8 {
		return n, nil
	}
	return 0, &fhir.Error{
		Kind: fhir.Unprocessable, Issue: fhir.IssueCodeInvalid, Path: path + ".extension", Rule: "household-role",
		Text: "Each member of a household has the extension household-role: head, or a relation code 1 to 8.",
	}
}

// extension returns the extension of a node by its address, or nil.
func extension(n *fhir.Node, url string) *fhir.Node {
	for _, e := range n.Get("extension").Each() {
		if e.Get("url").String() == url {
			return e
		}
	}
	return nil
}

// codeOf is the code in an extension, in whichever of the usual types it is
// sent.
func codeOf(e *fhir.Node) string {
	for _, name := range []string{"valueCode", "valueString"} {
		if s := e.Get(name).String(); s != "" {
			return s
		}
	}
	for _, name := range []string{"valueInteger", "valuePositiveInt", "valueUnsignedInt"} {
		if v := e.Get(name); v != nil {
			return v.Text
		}
	}
	if s := e.Path("valueCoding", "code").String(); s != "" {
		return s
	}
	return e.Path("valueCodeableConcept", "coding").At(0).Get("code").String()
}
