package registry

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/store"
)

// check validates content against R4, the profiles that it claims, those that
// the configuration demands of its type, and the definitions of its extensions
// where there are any. It is the one door to the validator: every write and
// $validate come through here.
func (r *Registry) check(ctx context.Context, n *fhir.Node, o validate.Options) []fhir.Issue {
	o.Profiles = append(o.Profiles, r.options.Demand[n.ResourceType()]...)
	if o.Registry == nil && (len(o.Profiles) > 0 || r.asksProfiles(ctx, n)) {
		o.Registry = r.profiles.current(ctx, r)
	}
	if o.Registry != nil {
		o.Terminology = &terms{ctx: ctx, r: r}
		o.Now = r.now()
	}
	return validate.Resource(n, o)
}

// asksProfiles reports whether a resource, or one in it, claims a profile or
// has an extension whose definition is known. Most have neither, and pay
// nothing for those that do.
func (r *Registry) asksProfiles(ctx context.Context, n *fhir.Node) bool {
	asks, extensions := false, []string(nil)
	n.Walk(func(m *fhir.Node) bool {
		switch m.Name {
		case "extension", "modifierExtension":
			for _, e := range m.Each() {
				if url := e.Get("url").String(); strings.Contains(url, ":") && !contains(extensions, url) && len(extensions) < maxExtensions {
					extensions = append(extensions, url)
				}
			}
		case "meta":
			asks = asks || m.Get("profile") != nil
		}
		return !asks
	})
	if asks || len(extensions) == 0 {
		return asks
	}
	set := r.profiles.current(ctx, r)
	return slices.ContainsFunc(extensions, func(url string) bool {
		known, _ := set.Load(url) // one that cannot be used is known, and the validator says what is wrong with it
		return known
	})
}

// maxExtensions bounds the definitions that are looked up for one resource.
const maxExtensions = 100

// Validation is what $validate is asked.
type Validation struct {
	Resource *fhir.Node // nil for mode delete and profile
	Mode     validate.Mode
	Profiles []string
}

// Validate answers $validate on a type, or with an id on an instance: all that
// is wrong, and nothing is written. What the content would be refused for when
// it is written, access included, is said too.
//
// https://hl7.org/fhir/R4/resource-operation-validate.html
func (r *Registry) Validate(ctx context.Context, c Call, typ, id string, v Validation) ([]fhir.Issue, error) {
	issues, err := r.validate(ctx, c, typ, id, v)
	return issues, r.audited(ctx, c, store.Audit{Interaction: "$validate", Action: "E", Type: typ, Ref: refOf(typ, id)}, err)
}

func (r *Registry) validate(ctx context.Context, c Call, typ, id string, v Validation) ([]fhir.Issue, error) {
	if err := checkType(typ); err != nil {
		return nil, err
	}
	if err := v.fits(id); err != nil {
		return nil, err
	}
	switch {
	case v.Mode == validate.ModeDelete:
		return r.wouldDelete(ctx, c, typ, id)
	case v.Resource == nil:
		res, err := r.read(ctx, c, typ, id)
		if err != nil {
			return nil, err
		}
		if v.Resource, err = res.Tree(); err != nil {
			return nil, err
		}
	case v.Resource.ResourceType() != typ:
		return []fhir.Issue{{Severity: fhir.SeverityError, Code: fhir.IssueStructure, Path: "resourceType", Text: "The resourceType of the content is not the type in the address."}}, nil
	}
	issues := r.check(ctx, v.Resource, validate.Options{Registry: r.profiles.current(ctx, r), Profiles: v.Profiles, Mode: v.Mode, ID: id, Strict: len(v.Profiles) > 0})
	more, err := r.wouldWrite(ctx, c, typ, id, v)
	return append(issues, more...), err
}

// fits checks that the mode can be asked here.
func (v *Validation) fits(id string) error {
	bad := func(issue fhir.IssueType, path, text string) error {
		return &fhir.Error{Kind: fhir.Invalid, Issue: issue, Path: path, Text: text}
	}
	switch v.Mode {
	case "", validate.ModeCreate:
	case validate.ModeUpdate, validate.ModeDelete, validate.ModeProfile:
		if id == "" {
			return bad(fhir.IssueInvalid, "mode", "The modes update, delete and profile are for an instance: call $validate at Type/id.")
		}
	default:
		return bad(fhir.IssueValue, "mode", "mode is create, update, delete or profile.")
	}
	switch {
	case v.Mode == validate.ModeProfile && len(v.Profiles) == 0:
		return bad(fhir.IssueRequired, "profile", "The mode profile needs the canonical of a profile.")
	case v.Resource == nil && v.Mode != validate.ModeDelete && (id == "" || v.Mode == validate.ModeCreate || v.Mode == validate.ModeUpdate):
		return bad(fhir.IssueRequired, "resource", "Send the resource to validate: as the body, or as the parameter resource of Parameters.")
	}
	return nil
}

// wouldDelete says whether an instance may be deleted.
func (r *Registry) wouldDelete(ctx context.Context, c Call, typ, id string) ([]fhir.Issue, error) {
	res, err := r.read(ctx, c, typ, id)
	if err != nil {
		return nil, err
	}
	if res.Managed {
		return refusal(errManaged(typ))
	}
	return refusal(c.Principal.Writable(typ, access.Delete, nil, nil))
}

// wouldWrite says what beside the content forbids a create or an update.
func (r *Registry) wouldWrite(ctx context.Context, c Call, typ, id string, v Validation) ([]fhir.Issue, error) {
	in := &intent{method: http.MethodPost, typ: typ, id: id, node: v.Resource}
	switch v.Mode {
	case validate.ModeUpdate:
		in.method = http.MethodPut
		if err := r.resolveID(ctx, c, in); err != nil {
			return refusal(err)
		}
	case validate.ModeCreate:
		in.id = ""
	default:
		return nil, nil
	}
	in.node = v.Resource.Clone() // access tags what it allows
	return refusal(r.mayWrite(ctx, c, in))
}

// refusal turns what would refuse a write into issues.
func refusal(err error) ([]fhir.Issue, error) {
	var fe *fhir.Error
	if errors.As(err, &fe) && fe.Kind != fhir.Internal && fe.Kind != fhir.Unavailable {
		return fe.All(), nil
	}
	return nil, err
}
