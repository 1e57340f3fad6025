package console

import (
	"github.com/jamii-health/jamii/fhir"
)

// claim is a decided claim as the page shows it.
type claim struct {
	Disposition string
	Asked, Paid string
	Currency    string
	Lines       []line
	Notes       []note // about the claim as a whole
}

// line is a line of it.
type line struct {
	Number      string
	What        string
	Asked, Paid string
	Verdict     string // "paid", "paid in part", "not paid"
	Notes       []note
}

// note is a sentence in one language.
type note struct{ Lang, Text string }

// explain lays a Claim and its ClaimResponse side by side.
func explain(asked, response *fhir.Node) *claim {
	c := &claim{Disposition: response.Get("disposition").String()}
	c.Asked, c.Currency = total(response, "submitted")
	c.Paid, _ = total(response, "benefit")
	names := map[string]string{}
	for _, item := range asked.Get("item").Each() {
		names[number(item.Get("sequence"))] = nameOf(item.Get("productOrService"))
	}
	notes, used := map[string]note{}, map[string]bool{}
	for _, n := range response.Get("processNote").Each() {
		notes[number(n.Get("number"))] = note{n.Path("language", "coding").At(0).Get("code").String(), n.Get("text").String()}
	}
	for _, item := range response.Get("item").Each() {
		l := line{Number: number(item.Get("itemSequence"))}
		l.What = names[l.Number]
		l.Asked, l.Paid = amount(item, "submitted"), amount(item, "benefit")
		l.Verdict = verdict(l.Asked, l.Paid)
		for _, n := range item.Get("noteNumber").Each() {
			l.Notes = append(l.Notes, notes[number(n)])
			used[number(n)] = true
		}
		c.Lines = append(c.Lines, l)
	}
	for _, n := range response.Get("processNote").Each() {
		if k := number(n.Get("number")); !used[k] {
			c.Notes = append(c.Notes, notes[k])
		}
	}
	return c
}

func nameOf(concept *fhir.Node) string {
	if text := concept.Get("text").String(); text != "" {
		return text
	}
	coding := concept.Get("coding").At(0)
	if display := coding.Get("display").String(); display != "" {
		return display
	}
	return coding.Get("code").String()
}

func total(response *fhir.Node, step string) (value, currency string) {
	for _, t := range response.Get("total").Each() {
		if t.Path("category", "coding").At(0).Get("code").String() == step {
			return number(t.Path("amount", "value")), t.Path("amount", "currency").String()
		}
	}
	return "", ""
}

func amount(item *fhir.Node, step string) string {
	for _, a := range item.Get("adjudication").Each() {
		if a.Path("category", "coding").At(0).Get("code").String() == step {
			return number(a.Path("amount", "value"))
		}
	}
	return ""
}

// verdict puts into a word what came out. Amounts of one claim have the same
// number of decimals, so texts can be compared.
func verdict(asked, paid string) string {
	switch {
	case paid == asked:
		return "paid"
	case zero(paid):
		return "not paid"
	}
	return "paid in part"
}

func zero(amount string) bool {
	for _, r := range amount {
		if r >= '1' && r <= '9' {
			return false
		}
	}
	return true
}

// number is the text of a number, "" when there is none.
func number(n *fhir.Node) string {
	if !n.Is(fhir.KindNumber) {
		return ""
	}
	return n.Text
}
