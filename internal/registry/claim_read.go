package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// The bounds of a claim.
const (
	maxLines   = 1000
	maxDigits  = 19 // of an amount, all in all
	maxDecimal = 6
)

// reader takes the engine's facts from a Claim and gathers every fault it
// meets, so that a client is told of all at once.
type reader struct {
	pack   *pack
	issues []fhir.Issue
}

func (d *reader) fault(code fhir.IssueType, path, text string) {
	d.issues = append(d.issues, fhir.Issue{Severity: fhir.SeverityError, Code: code, Path: path, Text: text})
}

// readClaim reads a Claim that is valid R4. Patient, provider and insurer are
// located by the caller; what the rules decide on is left to them.
func readClaim(p *pack, n *fhir.Node, today date.Date) (claims.Claim, error) {
	d := &reader{pack: p}
	c := claims.Claim{Use: claims.Use(n.Get("use").String())}
	refuseModifiers(d, n)
	if n.Get("status").String() != "active" {
		d.fault(fhir.IssueBusinessRule, "Claim.status", "Only an active claim is decided. To withdraw one that was submitted call $cancel.")
	}
	c.From = d.day(n.Path("billablePeriod", "start"), "Claim.billablePeriod.start")
	c.To = d.day(n.Path("billablePeriod", "end"), "Claim.billablePeriod.end")
	c.Created = d.day(n.Get("created"), "Claim.created")
	if c.Created.After(today) {
		d.fault(fhir.IssueBusinessRule, "Claim.created", "A claim is not made on a day to come. Correct the date.")
	}
	if !c.From.IsZero() && c.To.Before(c.From) && !c.To.IsZero() {
		d.fault(fhir.IssueBusinessRule, "Claim.billablePeriod", "The period ends before it starts. Correct the dates.")
	}
	d.served(&c, n)
	c.Visit = d.visit(n)
	d.diagnoses(&c, n)
	d.supporting(&c, n)
	d.attachments(n)
	items := n.Get("item").Each()
	switch {
	case len(items) == 0:
		d.fault(fhir.IssueRequired, "Claim.item", "A claim has at least one line.")
	case len(items) > maxLines:
		d.fault(fhir.IssueTooLong, "Claim.item", fmt.Sprintf("A claim has at most %d lines. Split it.", maxLines))
		items = nil
	}
	seen := map[int]bool{}
	for i, item := range items {
		line := d.line(item, fmt.Sprintf("Claim.item[%d]", i), date.Max(c.From, c.To))
		if seen[line.Sequence] {
			d.fault(fhir.IssueDuplicate, fmt.Sprintf("Claim.item[%d].sequence", i), "Two lines have the same sequence. Number them 1, 2, 3.")
		}
		seen[line.Sequence] = true
		c.Lines = append(c.Lines, line)
	}
	return c, fhir.NewError(fhir.Unprocessable, d.issues)
}

// refuseModifiers refuses what could change the meaning of a request
// (FAIS profiles; wire.md 5).
func refuseModifiers(d *reader, n *fhir.Node) {
	typ := n.ResourceType()
	if n.Get("implicitRules") != nil {
		d.fault(fhir.IssueNotSupported, typ+".implicitRules", "implicitRules are not taken. Send the request without them.")
	}
	if path := modified(n, typ); path != "" {
		d.fault(fhir.IssueExtension, path, "Modifier extensions are not taken, as they could change what is meant. Send the request without them.")
	}
}

// modified returns the path of the first modifier extension below n, "" when
// there is none.
func modified(n *fhir.Node, path string) string {
	for i := range n.Nodes {
		m := &n.Nodes[i]
		where := fhir.JoinPath(path, m.Name)
		if n.Kind == fhir.KindArray {
			where = fmt.Sprintf("%s[%d]", path, i)
		}
		if m.Name == "modifierExtension" {
			return where
		}
		if found := modified(m, where); found != "" {
			return found
		}
	}
	return ""
}

func (d *reader) day(n *fhir.Node, path string) date.Date {
	if n == nil {
		return date.None
	}
	day, err := date.Parse(n.String())
	if err != nil {
		d.fault(fhir.IssueValue, path, "A day is needed here: YYYY-MM-DD.")
	}
	return day
}

// served takes the dates of the lines where the claim has no period.
func (d *reader) served(c *claims.Claim, n *fhir.Node) {
	if n.Get("billablePeriod") != nil {
		return
	}
	for i, item := range n.Get("item").Each() {
		path := fmt.Sprintf("Claim.item[%d].servicedDate", i)
		from, to := d.day(item.Get("servicedDate"), path), date.None
		if p := item.Get("servicedPeriod"); p != nil {
			from = d.day(p.Get("start"), fmt.Sprintf("Claim.item[%d].servicedPeriod.start", i))
			to = d.day(p.Get("end"), fmt.Sprintf("Claim.item[%d].servicedPeriod.end", i))
		}
		if !from.IsZero() && (c.From.IsZero() || from.Before(c.From)) {
			c.From = from
		}
		c.To = date.Max(c.To, date.Max(from, to))
	}
	if c.To == c.From {
		c.To = date.None
	}
}

// visit is the visit type: a coding of the claim's type (openimis-interop
// 2.6), E, R or O whatever its system, or FHIR's own emergency.
func (d *reader) visit(n *fhir.Node) claims.Visit {
	for _, c := range n.Path("type", "coding").Each() {
		switch code := claims.Visit(c.Get("code").String()); code {
		case claims.Emergency, claims.Referral, claims.Other:
			return code
		}
		if strings.Contains(c.Get("system").String(), "visit-type") {
			d.fault(fhir.IssueCodeInvalid, "Claim.type", "The visit type is E (emergency), R (referral) or O (other).")
		}
	}
	return ""
}

// diagnoses reads the codes of the scheme's list, the main one first.
func (d *reader) diagnoses(c *claims.Claim, n *fhir.Node) {
	type ranked struct {
		sequence int
		code     string
	}
	var list []ranked
	for i, dx := range n.Get("diagnosis").Each() {
		path := fmt.Sprintf("Claim.diagnosis[%d].diagnosisCodeableConcept", i)
		concept := dx.Get("diagnosisCodeableConcept")
		if concept == nil {
			continue // a reference to a Condition is kept, and not weighed
		}
		code, known := d.coded(concept, "diagnosis")
		switch {
		case !known:
			d.fault(fhir.IssueCodeInvalid, path, "The diagnosis is not coded in the scheme's system: "+d.pack.System("diagnosis")+".")
		case !d.pack.HasDiagnosis(code):
			d.fault(fhir.IssueCodeInvalid, path, "The diagnosis is not in the scheme's list. Look the code up in CodeSystem.")
		default:
			list = append(list, ranked{whole(dx.Get("sequence")), code})
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return a.sequence - b.sequence })
	for _, r := range list {
		c.Diagnoses = append(c.Diagnoses, r.code)
	}
}

// coded returns the code that a concept has in one of the scheme's systems. A
// concept of text alone counts as a code, as openIMIS clients send it.
func (d *reader) coded(concept *fhir.Node, systems ...string) (code string, ok bool) {
	codings := concept.Get("coding").Each()
	for _, c := range codings {
		for _, s := range systems {
			if sys := d.pack.System(s); sys != "" && c.Get("system").String() == sys {
				return c.Get("code").String(), c.Get("code").String() != ""
			}
		}
	}
	if len(codings) == 0 {
		text := concept.Get("text").String()
		return text, text != ""
	}
	return "", false
}

func (d *reader) supporting(c *claims.Claim, n *fhir.Node) {
	for _, info := range n.Get("supportingInfo").Each() {
		if info.Path("category", "coding").At(0).Get("code").String() == "guarantee" {
			c.Guarantee = info.Get("valueString").String()
		}
	}
	c.Referral = n.Get("referral") != nil
}

// line reads one line.
func (d *reader) line(n *fhir.Node, path string, target date.Date) claims.Line {
	l := claims.Line{Sequence: whole(n.Get("sequence"))}
	concept := n.Get("productOrService")
	l.Kind, l.Code = d.article(concept, n, path+".productOrService")
	one := decimal.One
	l.Quantity = one
	if q := n.Get("quantity"); q != nil {
		l.Quantity = d.amount(q.Get("value"), path+".quantity.value")
		if l.Quantity.Sign() <= 0 {
			d.fault(fhir.IssueBusinessRule, path+".quantity.value", "The quantity is more than 0.")
		}
	}
	if price := n.Get("unitPrice"); price != nil {
		d.money(price, path+".unitPrice")
		asked := d.amount(price.Get("value"), path+".unitPrice.value")
		if asked.IsNeg() {
			d.fault(fhir.IssueBusinessRule, path+".unitPrice.value", "A price is not negative.")
		}
		if f := n.Get("factor"); f != nil {
			if v, err := asked.Mul(d.amount(f, path+".factor")); err == nil {
				asked = v
			}
		}
		l.Asked = &asked
	}
	for i, part := range n.Get("detail").Each() {
		where := fmt.Sprintf("%s.detail[%d]", path, i)
		kind, code := d.article(part.Get("productOrService"), part, where+".productOrService")
		quantity := one
		if q := part.Get("quantity"); q != nil {
			quantity = d.amount(q.Get("value"), where+".quantity.value")
		}
		l.Parts = append(l.Parts, claims.Part{Kind: kind, Code: code, Quantity: quantity})
	}
	if a, ok := d.pack.Register(date.None).Article(l.Kind, l.Code, target); ok && a.MaxQuantity != nil && l.Quantity.Cmp(*a.MaxQuantity) > 0 {
		d.fault(fhir.IssueBusinessRule, path+".quantity.value", "The quantity is above the most that one line may have of this article.")
	}
	return l
}

// article tells what a code means: an item, a service, or neither ("", so
// reason 1). An unknown code system is a fault.
func (d *reader) article(concept, line *fhir.Node, path string) (claims.Kind, string) {
	if code, ok := d.coded(concept, "service"); ok && len(concept.Get("coding").Each()) > 0 {
		return d.known(claims.Service, code), code
	}
	code, ok := d.coded(concept, "item")
	if !ok {
		d.fault(fhir.IssueCodeInvalid, path, "The code is not of the scheme's services ("+d.pack.System("service")+") or items ("+d.pack.System("item")+").")
		return "", ""
	}
	if len(concept.Get("coding").Each()) > 0 {
		return d.known(claims.Item, code), code
	}
	switch line.Path("category", "text").String() + line.Path("category", "coding").At(0).Get("code").String() {
	case "item":
		return d.known(claims.Item, code), code
	case "service":
		return d.known(claims.Service, code), code
	}
	if k := d.known(claims.Service, code); k != "" {
		return k, code
	}
	return d.known(claims.Item, code), code
}

func (d *reader) known(k claims.Kind, code string) claims.Kind {
	if _, ok := d.pack.Register(date.None).Articles[claims.ArticleKey{Kind: k, Code: code}]; ok {
		return k
	}
	return ""
}

// money checks the currency of an amount; a missing one is the scheme's.
func (d *reader) money(n *fhir.Node, path string) {
	if c := n.Get("currency").String(); c != "" && c != d.pack.Currency {
		d.fault(fhir.IssueBusinessRule, path+".currency", "The scheme reckons in "+d.pack.Currency+". Send amounts in that currency.")
	}
}

// amount reads a decimal that fits: at most 19 digits, 6 of them behind the
// point.
func (d *reader) amount(n *fhir.Node, path string) claims.Money {
	if n == nil {
		d.fault(fhir.IssueRequired, path, "A number is needed here.")
		return claims.Money{}
	}
	v, err := decimal.Parse(n.Text)
	if err != nil || v.Prec() > maxDigits-4 || v.Scale() > maxDecimal {
		d.fault(fhir.IssueValue, path, fmt.Sprintf("The number has too many digits: at most %d, %d of them behind the point.", maxDigits-4, maxDecimal))
		return claims.Money{}
	}
	return v
}

// whole reads a positive integer; validation has seen to it that it is one.
func whole(n *fhir.Node) int {
	if n == nil {
		return 0
	}
	v := 0
	for _, c := range n.Text {
		if c < '0' || c > '9' || v > 1<<30 {
			return 0
		}
		v = v*10 + int(c-'0')
	}
	return v
}
