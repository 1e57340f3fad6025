package registry

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/terminology"
	"github.com/jamii-health/jamii/fhir/validate"
	"github.com/jamii-health/jamii/internal/store"
)

const (
	structureDefinition = "StructureDefinition"
	valueSet            = "ValueSet"
)

// profileSet keeps profiles compiled. They are looked for among the stored
// StructureDefinitions, then among those built in. When one is written here
// they are dropped at once; what another process writes is seen after a while.
type profileSet struct {
	mu    sync.Mutex
	set   *validate.Profiles
	until time.Time
	last  string          // the newest version of any StructureDefinition when they were compiled
	none  map[string]bool // canonicals that were looked for in vain
}

// patience bounds a look-up that belongs to no request.
const patience = 10 * time.Second

// forget drops what was compiled.
func (p *profileSet) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until, p.last = time.Time{}, ""
}

// current returns the profiles, as fresh as they have to be.
func (p *profileSet) current(ctx context.Context, r *Registry) *validate.Profiles {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := r.now()
	if p.set != nil && now.Before(p.until) {
		return p.set
	}
	last := "?"
	page, err := r.store.History(ctx, store.History{Type: structureDefinition, Limit: 1})
	switch {
	case err != nil:
		r.log.Error("profiles not looked at", "error", err)
	case len(page.Resources) > 0:
		res := page.Resources[0]
		last = versionRef(res.Type, res.ID, res.Version)
	default:
		last = "none"
	}
	if p.set == nil || last != p.last {
		p.none = map[string]bool{}
		p.set = validate.NewProfiles(func(canonical string) (*fhir.Node, bool) { return p.find(r, canonical) })
	}
	p.last, p.until = last, now.Add(fresh)
	return p.set
}

// find looks a StructureDefinition up.
func (p *profileSet) find(r *Registry, canonical string) (*fhir.Node, bool) {
	p.mu.Lock()
	none := p.none
	missing := none[canonical]
	p.mu.Unlock()
	if missing {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	url, version, _ := strings.Cut(canonical, "|")
	res, err := (&vocabulary{ctx: ctx, r: r}).find(structureDefinition, url, version)
	var n *fhir.Node
	if err == nil && res != nil {
		n, err = res.Tree()
	}
	if err != nil {
		r.log.Error("profile not read", "error", err)
		return nil, false
	}
	if n == nil && r.options.Definition != nil {
		n = r.options.Definition(canonical)
	}
	if n == nil {
		p.mu.Lock()
		if len(none) < 10_000 { // a client can make up any number of names
			none[canonical] = true
		}
		p.mu.Unlock()
	}
	return n, n != nil
}

// terms answers the validator's questions about codes for the time of a
// request.
type terms struct {
	ctx context.Context
	r   *Registry
	mu  sync.Mutex
	set map[string]*fhir.Node
}

// Member implements validate.Terminology.
func (t *terms) Member(url, system, code string) (in, known bool) {
	n := t.valueSet(url)
	if n == nil {
		return false, false
	}
	if code == "" {
		return false, true
	}
	checked, err := t.r.Terminology(t.ctx).ValidateInSet(n, system, code, "")
	if err != nil {
		return false, false
	}
	return checked.OK, checked.OK || !checked.Unknown
}

func (t *terms) valueSet(url string) *fhir.Node {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, ok := t.set[url]
	if ok {
		return n
	}
	n, err := t.service().Resource(valueSet, url, "")
	if err != nil {
		t.r.log.Error("value set not read", "error", err)
	}
	if t.set == nil {
		t.set = map[string]*fhir.Node{}
	}
	t.set[url] = n
	return n
}

func (t *terms) service() terminology.Source { return t.r.Terminology(t.ctx).Source }

// Defined implements validate.Terminology.
func (t *terms) Defined(system, code string) (defined, known bool) {
	cs, err := t.service().CodeSystem(system, "")
	if err != nil || cs == nil || !cs.Complete {
		return false, false
	}
	_, defined = cs.Lookup(code)
	return defined, true
}
