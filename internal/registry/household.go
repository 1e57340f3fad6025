package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/store"
)

// follow lets policies follow what a plain write says of a household: members
// who come later, who leave, who die or become inactive. It adds to the Unit
// the new Coverages, a supplementary Invoice where more is due, and the facts;
// writes that concern no policy add nothing but a guard. The issues tell what
// could not be done, such as a household that is full.
//
// wire.md 3.1, openimis-domain 4.1 (3) and (5)
func (r *Registry) follow(ctx context.Context, c Call, intents []*intent, u *store.Unit) ([]fhir.Issue, error) {
	if err := r.admitMoney(ctx, c, intents, u); err != nil {
		return nil, err
	}
	f := &following{r: r, c: c, u: u, writes: map[string]*intent{}}
	for _, in := range intents {
		if in.write < 0 || in.node == nil || in.trusted || in.managed {
			continue
		}
		switch in.typ {
		case groupType:
			was, err := wasHousehold(in.old)
			if err != nil {
				return nil, err
			}
			if was || isHousehold(in.node) {
				f.groups = append(f.groups, in)
			}
		case patient:
			f.writes[patient+"/"+in.id] = in
			if err := f.turned(in); err != nil {
				return nil, err
			}
		}
	}
	if len(f.groups) == 0 && len(f.persons) == 0 {
		return nil, nil
	}
	if f.set = r.scheme.Load(); f.set == nil {
		return nil, nil
	}
	err := f.run(ctx)
	return f.issues, err
}

// admitMoney refuses plain writes that would change whose money is meant:
// payments that nobody would book, insurance numbers of others, and deleting
// who is insured.
func (r *Registry) admitMoney(ctx context.Context, c Call, intents []*intent, u *store.Unit) error {
	if err := r.mustBePosted(ctx, c, intents); err != nil {
		return err
	}
	if r.scheme.Load() == nil {
		return nil // nobody is insured here
	}
	for _, in := range intents {
		if in.write < 0 || in.trusted || in.managed || !isPerson(in.typ) {
			continue
		}
		if in.node == nil {
			if err := r.mayGo(ctx, in, u); err != nil {
				return err
			}
		}
		if in.typ == patient {
			if err := r.holdNumbers(ctx, in, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// tell hands what follow told to the results of the writes it is about.
func tell(intents []*intent, out []Result, told []fhir.Issue) []Result {
	for _, is := range told {
		for i, in := range intents {
			if in.path == "" || strings.HasPrefix(is.Path, in.path+".") {
				out[i].Warnings = append(out[i].Warnings, is)
				break
			}
		}
	}
	return out
}

// below puts an error about a Group under the entry that holds it.
func below(err error, in *intent) error {
	var fe *fhir.Error
	if in.path == "" || !errors.As(err, &fe) {
		return err
	}
	moved := *fe
	moved.Path = strings.TrimPrefix(fe.Path, in.typ+".")
	return at(&moved, in.path)
}

func wasHousehold(old fhir.Resource) (bool, error) {
	if old.Version == 0 || old.Deleted {
		return false, nil
	}
	tree, err := old.Tree()
	if err != nil {
		return false, fmt.Errorf("stored %s: %w", old.Type, err)
	}
	return isHousehold(tree), nil
}

// following is the changes to policies that one Unit makes.
type following struct {
	r       *Registry
	c       Call
	set     *ruleset
	u       *store.Unit
	groups  []*intent
	persons []*intent          // Patients who died, became inactive, or came back
	writes  map[string]*intent // all Patients that the Unit writes
	issues  []fhir.Issue
}

// turned notes a Patient whose end of life or activity changes.
func (f *following) turned(in *intent) error {
	if in.old.Version == 0 || in.old.Deleted {
		return nil
	}
	old, err := in.old.Tree()
	if err != nil {
		return fmt.Errorf("stored %s: %w", in.typ, err)
	}
	probe := date.New(9999, 12, 31) // stands for a day that is not written
	if endOf(old, probe) != endOf(in.node, probe) {
		f.persons = append(f.persons, in)
	}
	return nil
}

// run finds the policies that are concerned and changes each.
func (f *following) run(ctx context.Context) error {
	numbers, err := f.find(ctx)
	if err != nil || len(numbers) == 0 {
		return err
	}
	list, _, err := f.r.byNumber(ctx, numbers)
	if err != nil {
		return err
	}
	for _, h := range list {
		if err := f.policy(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// find reads which policies the writes concern, and holds the guards that an
// enrolment at the same moment would raise.
func (f *following) find(ctx context.Context) (numbers []string, err error) {
	var keys, groups, holders, persons []string
	for _, in := range f.groups {
		keys = append(keys, householdGuard(groupType+"/"+in.id))
		groups = append(groups, groupType+"/"+in.id)
		if head := headOf(in.node); head != "" {
			keys, holders = append(keys, personGuard(refID(head))), append(holders, head)
		}
	}
	for _, in := range f.persons {
		keys, persons = append(keys, personGuard(in.id)), append(persons, in.id)
	}
	lookups := []store.Lookup{
		{Table: store.Policies, Column: "household", Values: groups},
		{Table: store.Policies, Column: "holder", Values: holders},
		{Table: store.Members, Column: "person", Values: persons},
	}
	versions, rows, err := f.r.store.Facts(ctx, keys, lookups...)
	if err != nil {
		return nil, fmt.Errorf("household's facts: %w", err)
	}
	for i, key := range keys {
		hold(f.u, key, versions[i])
	}
	for i, column := range []string{"number", "number", "policy"} {
		for _, row := range rows[i] {
			if n := row.Text(column); !slices.Contains(numbers, n) {
				numbers = append(numbers, n)
			}
		}
	}
	return numbers, nil
}

// headOf names the head of a household, "" when it has none or several.
func headOf(group *fhir.Node) (head string) {
	for _, m := range group.Get("member").Each() {
		if codeOf(extension(m, extensionRole)) != roleHead {
			continue
		}
		if head != "" {
			return ""
		}
		head = m.Path("entity", "reference").String()
		if ref, ok := fhir.ParseReference(head); !ok || ref.Base != "" || ref.Type != patient {
			return ""
		}
	}
	return head
}

// policy applies what the writes say to one policy.
func (f *following) policy(ctx context.Context, h *held) error {
	p := f.set.byName(h.Scheme)
	if p == nil {
		return &fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueNotSupported, Rule: "membership", Text: "The person or household is insured by a scheme that is not loaded on this server. Start it with --scheme DIR."}
	}
	today := p.today(f.r.now())
	if today.After(h.Policy.Period.Expiry) {
		return nil
	}
	before := h.Policy
	b := &booking{r: f.r, c: f.c, pack: p, h: h, interaction: "update", people: map[string]*insuree{}}
	house, in, err := f.house(ctx, h, today)
	if err != nil {
		return err
	}
	if house == nil {
		err = f.few(ctx, b, today)
	} else {
		err = f.whole(b, house, in, today)
	}
	if err != nil {
		return err
	}
	if len(before.Events) == len(h.Policy.Events) && h.Household == houseRef(house, h) {
		return nil
	}
	h.Household = houseRef(house, h)
	return f.book(ctx, b, before)
}

func houseRef(house *household, h *held) string {
	if house == nil {
		return h.Household
	}
	return house.ref
}

// house reads the Group that the Unit writes and that the policy belongs to;
// nil when there is none.
func (f *following) house(ctx context.Context, h *held, today date.Date) (*household, *intent, error) {
	for _, in := range f.groups {
		ref := groupType + "/" + in.id
		if ref != h.Household && (h.Household != "" || headOf(in.node) != h.Holder) {
			continue
		}
		if !isHousehold(in.node) {
			return nil, nil, below(&fhir.Error{Kind: fhir.Unprocessable, Issue: fhir.IssueBusinessRule, Path: "Group.code", Rule: "membership", Text: "The Group is an insured household: it stays active, with the code household."}, in)
		}
		if ref != h.Household {
			if err := f.mayFound(ctx, h); err != nil {
				return nil, nil, at(err, in.below("member"))
			}
		}
		refs, err := f.r.memberRefs(ctx, in.node)
		if err != nil {
			return nil, nil, below(err, in)
		}
		house, err := f.r.readHousehold(ctx, ref, in.node, refs, f.writes, today)
		return house, in, below(err, in)
	}
	return nil, nil, nil
}

// mayFound refuses to bring members into the policy of a person who is insured
// alone and whom the caller may not change.
func (f *following) mayFound(ctx context.Context, h *held) error {
	if !f.c.Principal.Restricted() {
		return nil
	}
	list, err := f.r.store.ReadMany(ctx, []string{h.Holder})
	if err != nil || len(list) != 1 {
		return err
	}
	return f.r.mayChange(ctx, f.c, list[0])
}
