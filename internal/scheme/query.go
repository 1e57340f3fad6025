package scheme

import (
	"time"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
)

// Zone is the scheme's time zone, in which "today" is meant.
func (p *Pack) Zone() *time.Location { return p.zone }

// System returns the URI of one of the scheme's systems, "" when it has none.
func (p *Pack) System(name string) string { return p.Systems[name] }

// Register returns the articles and price lists for a claim under a policy
// that started on the day. With terms.prices at service_date, the default, it
// is the same for every policy.
func (p *Pack) Register(policyStart date.Date) *claims.Register {
	if p.Terms.Prices != PolicyStart || policyStart.IsZero() {
		return p.register
	}
	return p.frozen(policyStart)
}

// frozen is the register as it stood on the day, valid for ever.
func (p *Pack) frozen(on date.Date) *claims.Register {
	out := &claims.Register{
		Articles: make(map[claims.ArticleKey][]claims.Article, len(p.register.Articles)),
		Prices:   make(map[claims.PriceKey][]claims.Price, len(p.register.Prices)),
	}
	for key := range p.register.Articles {
		if a, ok := p.register.Article(key.Kind, key.Code, on); ok {
			open := *a
			open.From, open.To = date.None, date.None
			out.Articles[key] = []claims.Article{open}
		}
	}
	for key := range p.register.Prices {
		if r, ok := p.register.Price(key.List, key.Kind, key.Code, on); ok {
			open := *r
			open.From, open.To = date.None, date.None
			out.Prices[key] = []claims.Price{open}
		}
	}
	return out
}

// Product returns the version of a plan that decides a claim: the one in force
// on the start of the policy, or with terms.benefits at service_date on the day
// of the service. ok is false when there is none.
func (p *Pack) Product(plan string, policyStart, service date.Date) (product *claims.Product, ok bool) {
	day := policyStart
	if p.Terms.Benefits == ServiceDate {
		day = service
	}
	v := on(p.plans[plan], day)
	if v == nil {
		return nil, false
	}
	return v.product, true
}

// Enrolment returns the version of a plan under which a household enrols on
// the day. ok is false when the plan is unknown or not sold on the day.
func (p *Pack) Enrolment(plan string, enrolled date.Date) (*enrolment.Plan, bool) {
	v := on(p.plans[plan], enrolled)
	if v == nil {
		return nil, false
	}
	return v.plan, true
}

// PlansOn returns the codes of the plans that are sold on the day, in the order
// of scheme.yaml.
func (p *Pack) PlansOn(day date.Date) []string {
	var out []string
	for _, plan := range p.Plans {
		if on(p.plans[plan.Code], day) != nil {
			out = append(out, plan.Code)
		}
	}
	return out
}

// Facility returns a facility as the engine sees it.
func (p *Pack) Facility(code string) (claims.Facility, bool) {
	f, ok := p.lookup.facility[code]
	if !ok {
		return claims.Facility{}, false
	}
	return f.Facility, true
}

// HasDiagnosis reports whether the list of diagnoses has the code.
func (p *Pack) HasDiagnosis(code string) bool {
	_, ok := p.lookup.diagnosis[code]
	return ok
}
