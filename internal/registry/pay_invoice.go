package registry

import (
	"strings"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/enrolment"
)

// billed is an Invoice of a policy: once UpTo is paid, all in all, it is
// balanced.
type billed struct {
	Ref  string       `json:"ref"` // "Invoice/id"
	UpTo claims.Money `json:"upTo"`
}

// systemInvoiceLine has the kinds of line of an invoice.
const systemInvoiceLine = fhir.Base + "/CodeSystem/contribution-line"

// lineLate is the line of a supplementary invoice: what a late member adds.
const lineLate enrolment.Kind = "late-member"

// lineTexts are the words for the lines.
var lineTexts = map[enrolment.Kind]string{
	enrolment.LineLumpSum: "Contribution of the household", enrolment.LineExtraAdult: "Contribution per further adult",
	enrolment.LineExtraChild: "Contribution per further child", enrolment.LineAdult: "Contribution per adult",
	enrolment.LineChild: "Contribution per child", enrolment.LineOtherAdult: "Contribution per other adult",
	enrolment.LineOtherChild: "Contribution per other child", enrolment.LineFormula: "Contribution",
	enrolment.LineAssembly: "Assembly fee", enrolment.LineRegistration: "Registration", enrolment.LineDiscount: "Discount",
	lineLate: "Contribution for late members",
}

// money is an amount in the scheme's currency.
func (p *pack) money(m claims.Money) fhir.Node {
	return fhir.Obj(fhir.Num(m.Rescale(p.Settings().Decimals).String()).As("value"), fhir.Str(p.Currency).As("currency"))
}

// invoice builds the bill for a policy, or for what a late member adds.
//
// https://hl7.org/fhir/R4/invoice.html
func (b *booking) invoice(id string, total claims.Money) *fhir.Node {
	h := b.h
	n := fhir.Obj(fhir.Str("Invoice").As("resourceType"), fhir.Str(id).As("id"), fhir.Arr(fhir.Obj(
		fhir.Str(extensionPolicy).As("url"), fhir.Str(h.Number).As("valueString"))).As("extension"))
	if system := b.pack.System(systemInvoice); system != "" {
		number := h.Number + "-" + itoa(len(h.Invoices)+1)
		n.Nodes = append(n.Nodes, fhir.Arr(fhir.Obj(fhir.Str(system).As("system"), fhir.Str(number).As("value"))).As("identifier"))
	}
	n.Nodes = append(n.Nodes, fhir.Str("issued").As("status"), ref(h.Holder).As("recipient"),
		fhir.Str(b.pack.today(b.r.now()).String()).As("date"), ref(b.pack.insurer).As("issuer"))
	lines := fhir.Arr()
	for i, l := range b.bill {
		typ := "base"
		if l.Kind == enrolment.LineDiscount {
			typ = "discount"
		}
		component := fhir.Obj(fhir.Str(typ).As("type"))
		if l.Quantity > 1 {
			component.Nodes = append(component.Nodes, fhir.Num(itoa(l.Quantity)).As("factor"))
		}
		component.Nodes = append(component.Nodes, b.pack.money(l.Amount).As("amount"))
		what := concept(systemInvoiceLine, string(l.Kind))
		what.Nodes = append(what.Nodes, fhir.Str(lineTexts[l.Kind]).As("text"))
		lines.Nodes = append(lines.Nodes, fhir.Obj(
			fhir.Num(itoa(i+1)).As("sequence"), what.As("chargeItemCodeableConcept"), fhir.Arr(component).As("priceComponent")))
	}
	n.Nodes = append(n.Nodes, lines.As("lineItem"), b.pack.money(total).As("totalNet"), b.pack.money(total).As("totalGross"))
	return &n
}

// showInvoice writes whether an invoice is paid.
func showInvoice(n *fhir.Node, h *held, upTo claims.Money) {
	status := "issued"
	if h.Policy.Paid.Cmp(upTo) >= 0 {
		status = "balanced"
	}
	n.Set("status", fhir.Str(status))
}

// policyOf is the number of the policy that an invoice of the engine bills.
func policyOf(invoice *fhir.Node) string {
	return strings.TrimSpace(extension(invoice, extensionPolicy).Get("valueString").String())
}
