package claims

// Reach is what a deductible or general ceiling is counted over.
type Reach string

// The reaches.
const (
	PerTreatment Reach = "treatment" // this claim alone
	PerInsuree   Reach = "insuree"   // the person's claims on the policy
	PerPolicy    Reach = "policy"    // all members' claims on the policy
)

// Stay says which care an amount is for.
type Stay string

// The stays.
const (
	AnyCare    Stay = ""
	InHospital Stay = "in"
	OutOfBed   Stay = "out"
)

// limit is the deductible or ceiling that applies to a claim, nil amount when
// none does.
type limit struct {
	amount *Money
	reach  Reach
	stay   Stay
}

// pick takes the first of treatment, insuree and policy for all care, else for
// in-patient or out-patient care (openimis-domain 3.5 steps 3 and 4, settled
// 4).
func (l *Limits) pick(hospital bool) limit {
	reaches := [...]struct {
		by    *ByStay
		reach Reach
	}{{&l.Treatment, PerTreatment}, {&l.Insuree, PerInsuree}, {&l.Policy, PerPolicy}}
	for _, x := range reaches {
		if set(x.by.All) {
			return limit{x.by.All, x.reach, AnyCare}
		}
	}
	stay := stayOf(hospital)
	for _, x := range reaches {
		if m := x.by.of(stay); set(m) {
			return limit{m, x.reach, stay}
		}
	}
	return limit{}
}

func stayOf(hospital bool) Stay {
	if hospital {
		return InHospital
	}
	return OutOfBed
}

func (b *ByStay) of(stay Stay) *Money {
	switch stay {
	case InHospital:
		return b.In
	case OutOfBed:
		return b.Out
	}
	return b.All
}

// ceilingAmount is the ceiling, grown by the members above the threshold when
// it is the policy's (openimis-domain 3.5 step 4, R16, settled 5).
func (r *run) ceilingAmount(l limit, c *Cover) Money {
	amount := r.amount(*l.amount)
	p := c.Product
	if l.reach != PerPolicy || p.Threshold <= 0 {
		return amount
	}
	extra := c.members(r.view.Target) - p.Threshold
	if extra <= 0 {
		return amount
	}
	if each := p.ExtraMember.of(l.stay); set(each) {
		amount = r.add(amount, r.mul(*each, whole(extra)))
	}
	if most := p.MaxPolicy.of(l.stay); set(most) && amount.Cmp(*most) > 0 {
		amount = r.amount(*most)
	}
	return amount
}

// hospital reports whether in-patient limits apply: by stay, or by the level
// of the facility (R29).
func (r *run) hospital(p *Product) bool {
	if p.ByFacility {
		return r.facts.Facility.Level == "H"
	}
	return r.view.Stay
}

// spent sums what other claims took on the policy: deducted, and counted
// against ceilings, each for the reach and stay of its limit.
func (r *run) spent(policy string, deductible, ceiling limit) (deducted, counted Money) {
	f := r.facts
	if needsLedger(deductible) || needsLedger(ceiling) {
		for i := range f.Ledger {
			e := &f.Ledger[i]
			if e.Policy != policy || e.Claim == f.Claim.ID {
				continue
			}
			if deductible.counts(e, f.Person.ID) {
				deducted = r.add(deducted, e.Deducted)
			}
			if ceiling.counts(e, f.Person.ID) {
				counted = r.add(counted, e.Counted)
			}
		}
	}
	return deducted, counted
}

func needsLedger(l limit) bool { return l.amount != nil && l.reach != PerTreatment }

// counts reports whether a ledger row of the policy counts for the limit.
func (l limit) counts(e *Entry, person string) bool {
	if !needsLedger(l) || (l.reach == PerInsuree && e.Person != person) {
		return false
	}
	return l.stay == AnyCare || l.stay == stayOf(e.Hospital)
}
