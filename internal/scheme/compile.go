package scheme

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
)

// categories are the keys of max_claims and max_amounts.
var categories = map[string]claims.Category{
	"surgery": claims.Surgery, "delivery": claims.Delivery, "antenatal": claims.Antenatal,
	"hospitalisation": claims.Hospitalisation, "consultation": claims.Consultation, "visit": claims.VisitCategory,
}

var activations = map[string]enrolment.Activation{
	"": enrolment.OnContribution, "contribution": enrolment.OnContribution, "payment": enrolment.OnPayment, "ready": enrolment.OnApproval,
}

// compile turns every version of every plan into what the engines take.
func (l *loader) compile() {
	for _, plan := range l.pack.Plans {
		for _, v := range l.pack.plans[plan.Code] {
			v.product = l.product(plan.Code, v)
			v.plan = l.enrolment(plan.Code, v)
			if v.Period.Months == 0 {
				continue // checkVersion has told
			}
			if err := v.plan.Check(); err != nil {
				l.fault(v.node, nil, "plan %s: %s", plan.Code, strings.ReplaceAll(err.Error(), "\n", "; "))
			}
		}
	}
}

// seal writes the digest of the pack, which names its version, into what was
// compiled.
func (l *loader) seal() {
	for _, list := range l.pack.plans {
		for _, v := range list {
			v.product.Version = l.pack.Digest
		}
	}
}

func (l *loader) product(code string, v *version) *claims.Product {
	p := &claims.Product{
		Code:        code,
		MaxNo:       map[claims.Category]int{},
		MaxAmount:   map[claims.Category]Money{},
		Deductible:  v.Deductible.compile(),
		Ceiling:     v.Ceiling.limits.compile(),
		Threshold:   v.Members.Threshold,
		ExtraMember: v.Ceiling.ExtraMember.compile(),
		MaxPolicy:   v.Ceiling.MaxPolicy.compile(),
		ByFacility:  v.CeilingBy == "facility",
	}
	for name, n := range v.MaxClaims {
		if n != nil {
			p.MaxNo[categories[name]] = *n
		}
	}
	for name, a := range v.MaxAmounts {
		if a.Money != nil {
			p.MaxAmount[categories[name]] = *a.Money
		}
	}
	p.Lines = l.covers(v)
	return p
}

func (b limits) compile() claims.Limits {
	return claims.Limits{Treatment: b.Treatment.compile(), Insuree: b.Insuree.compile(), Policy: b.Policy.compile()}
}

func (s stay) compile() claims.ByStay {
	return claims.ByStay{All: s.All.Money, In: s.In.Money, Out: s.Out.Money}
}

func (l *loader) enrolment(code string, v *version) *enrolment.Plan {
	c := v.Contribution
	p := &enrolment.Plan{
		Code: code, Decimals: l.pack.decimals(), AgeOfMajority: l.pack.AgeOfMajority, Activation: activations[v.Activation],
		InsuranceMonths: v.Period.Months, AdministrationMonths: v.Period.Administration,
		GraceEnrolment: v.Period.Grace.Enrolment, GraceRenewal: v.Period.Grace.Renewal, GracePayment: v.Period.Grace.Payment,
		RenewalDays: v.Period.RenewalDays,
		MaxMembers:  v.Members.Max, Threshold: v.Members.Threshold,
		LumpSum: c.LumpSum.or0(), PremiumAdult: c.Adult.or0(), PremiumChild: c.Child.or0(),
		RegistrationLumpSum: c.Registration.LumpSum.or0(), RegistrationFee: c.Registration.Fee.or0(),
		AssemblyLumpSum: c.Assembly.LumpSum.or0(), AssemblyFee: c.Assembly.Fee.or0(),
		Recurrence:        c.Recurrence,
		EnrolmentDiscount: c.Discounts.Enrolment.Percent.or0(), EnrolmentDiscountMonths: c.Discounts.Enrolment.Months,
		RenewalDiscount: c.Discounts.Renewal.Percent.or0(), RenewalDiscountMonths: c.Discounts.Renewal.Months,
	}
	if c.Formula != "" {
		f, err := formula(c.Formula)
		if err != nil {
			l.fault(v.node, []string{"contribution", "formula"}, "contribution.%v: mend the expression, or write amounts instead", err)
		}
		p.Formula = f
	}
	if len(v.Period.Cycles) > 0 {
		p.Cycles = cycles(l.pack.Calendar, v.Period.Cycles)
	}
	return p
}

// A monthDay is a day of the year in some calendar.
type monthDay struct{ month, day int }

var dayMonth = regexp.MustCompile(`^([0-9]{2})-([0-9]{2})$`)

// cycleDay reads "DD-MM"; ok is false when some year of the calendar lacks the
// day.
func cycleDay(calendar, text string) (monthDay, bool) {
	m := dayMonth.FindStringSubmatch(text)
	if m == nil {
		return monthDay{}, false
	}
	d, _ := strconv.Atoi(m[1]) // two digits each
	month, _ := strconv.Atoi(m[2])
	if month < 1 || month > 12 || d < 1 {
		return monthDay{}, false
	}
	if calendar == "nepali" {
		return monthDay{month, d}, d <= 29
	}
	first := date.New(2023, 1, 1).AddMonths(month - 1) // no leap year
	return monthDay{month, d}, d <= first.AddMonths(1).Sub(first)
}

// cycles gives the starts of cover that fall in a Gregorian year. A Nepali
// year begins in April, so two of them meet in each Gregorian one.
func cycles(calendar string, texts []string) func(int) []date.Date {
	var days []monthDay
	for _, t := range texts {
		if d, ok := cycleDay(calendar, t); ok {
			days = append(days, d)
		}
	}
	return func(year int) []date.Date {
		var out []date.Date
		for _, d := range days {
			if calendar != "nepali" {
				out = append(out, date.New(year, 1, 1).AddMonths(d.month-1).AddDays(d.day-1))
				continue
			}
			for _, bs := range []int{year + 56, year + 57} {
				if g, ok := fromNepali(bs, d.month, d.day); ok && g.Time().Year() == year {
					out = append(out, g)
				}
			}
		}
		return out
	}
}

// NumberRule returns the rule of the scheme's insurance numbers.
func (p *Pack) NumberRule() enrolment.NumberRule {
	m := p.MemberNumber
	r := enrolment.NumberRule{Length: m.Length, Prefix: m.Prefix, Luhn: m.Check == "luhn"}
	if n, ok := strings.CutPrefix(m.Check, "mod "); ok {
		r.Mod, _ = strconv.Atoi(n) // the schema allows digits only
	}
	for _, g := range m.Ranges {
		r.Ranges = append(r.Ranges, enrolment.Range{From: g.From, To: g.To})
	}
	return r
}

// Settings returns the parameters of the claims engine that are not a plan's.
func (p *Pack) Settings() claims.Settings {
	return claims.Settings{
		Currency: p.Currency, Decimals: p.decimals(), AgeOfMajority: p.AgeOfMajority,
		PriceCap: p.PriceCap, LineCareType: p.LineCareType, PreauthHolds: p.PreauthHolds,
		Review: claims.ReviewPolicy{
			Above: p.Review.Above.or0(), Services: p.Review.Services, Percent: p.Review.Percent,
			Preauth: p.Review.Preauth, OverCeiling: p.Review.OverCeiling,
		},
	}
}

// hundred is the co-insurance of whatever a plan covers without saying more.
var hundred = decimal.Hundred

// wholeNumber is n as a decimal; every int of a schema's range fits.
func wholeNumber(n int) Money { return decimal.MustNew(int64(n), 0) }
