package scheme

import (
	"regexp"
	"strings"

	"github.com/govalues/decimal"

	"github.com/jamii-health/jamii/internal/claims"
)

// patients of the column of that name, as the bits of openIMIS.
var patientBits = map[string]int{"male": 1, "female": 2, "adult": 4, "minor": 8}

var partPattern = regexp.MustCompile(`^(?:(item|service):)?([A-Za-z0-9][A-Za-z0-9.-]{0,15})(?:\*([0-9]+(?:\.[0-9]+)?))?$`)

func (l *loader) services(data []byte) {
	t := openTable(&l.ps, "services.csv", data, l.pack.Languages,
		column{name: "code", required: true}, column{name: "name"}, column{name: "category", required: true},
		column{name: "type", optional: true}, column{name: "level", optional: true}, column{name: "care_type"},
		column{name: "price", required: true}, column{name: "frequency_days", optional: true}, column{name: "patients", optional: true},
		column{name: "max_quantity", optional: true}, column{name: "package", optional: true}, column{name: "contains", optional: true},
		column{name: "group", optional: true}, column{name: "from", optional: true}, column{name: "to", optional: true})
	for t.next() {
		a := l.article(t, claims.Service)
		a.Category = claims.Category(t.choice("category", "O", "S", "D", "A", "H", "C", "V"))
		a.Type = t.choice("type", "C", "P")
		a.Level = t.choice("level", "S", "V", "D", "H")
		a.Package = t.choice("package", "S", "P", "F")
		a.Parts = parts(t)
		if (a.Package == "P") != (len(a.Parts) > 0) && !t.spoilt {
			t.fault("contains", "a package of kind P lists what it contains, such as S101 I203*2, and no other service does")
		}
		if !t.spoilt {
			l.pack.Articles = append(l.pack.Articles, a)
		}
	}
}

func (l *loader) items(data []byte) {
	t := openTable(&l.ps, "items.csv", data, l.pack.Languages,
		column{name: "code", required: true}, column{name: "name"}, column{name: "type", required: true}, column{name: "unit", optional: true},
		column{name: "care_type"}, column{name: "price", required: true}, column{name: "frequency_days", optional: true},
		column{name: "patients", optional: true}, column{name: "max_quantity", optional: true},
		column{name: "group", optional: true}, column{name: "from", optional: true}, column{name: "to", optional: true})
	for t.next() {
		a := l.article(t, claims.Item)
		a.Type = t.choice("type", "D", "M")
		a.Unit = t.text("unit")
		a.Package = "S"
		if !t.spoilt {
			l.pack.Articles = append(l.pack.Articles, a)
		}
	}
}

// article reads the columns that services and items share.
func (l *loader) article(t *table, kind claims.Kind) Article {
	a := Article{Names: t.names(l.pack.Languages), Group: t.text("group"), line: t.line()}
	a.Kind = kind
	a.Code = t.code("code")
	a.Name = a.Names.In(l.pack.Languages[0])
	a.CareType = t.careType()
	if p := t.money("price", l.pack.decimals()); p != nil {
		a.Price = *p
	}
	a.Frequency = t.whole("frequency_days")
	a.MaxQuantity = t.money("max_quantity", -1)
	a.From, a.To = t.span()
	for _, word := range strings.Fields(t.text("patients")) {
		bit, ok := patientBits[word]
		if !ok {
			t.fault("patients", "write one or more of male, female, adult, minor with spaces between, or nothing for everyone")
		}
		a.Patients |= bit
	}
	a.Patients = wholeMask(a.Patients)
	if a.Group != "" && !groupPattern.MatchString(a.Group) {
		t.fault("group", "a group has small letters, digits and hyphens")
	}
	return a
}

var groupPattern = regexp.MustCompile(`^[a-z0-9-]+$`)

// wholeMask adds what is left open: "female" alone means women of every age.
// The engine compares the person's sex and age bit with the mask.
func wholeMask(bits int) int {
	if bits == 0 {
		return 0
	}
	if bits&3 == 0 {
		bits |= 3
	}
	if bits&12 == 0 {
		bits |= 12
	}
	if bits == 15 {
		return 0
	}
	return bits
}

// parts reads what a package contains: "S101 item:I203*2".
func parts(t *table) []claims.Part {
	var out []claims.Part
	for _, word := range strings.Fields(t.text("contains")) {
		part, ok := parsePart(word)
		if !ok {
			t.fault("contains", "write codes with spaces between, such as S101 item:I203*2")
			continue
		}
		out = append(out, part)
	}
	return out
}

func parsePart(word string) (part claims.Part, ok bool) {
	m := partPattern.FindStringSubmatch(word)
	if m == nil {
		return part, false
	}
	part = claims.Part{Kind: claims.Service, Code: m[2], Quantity: decimal.One}
	if m[1] == "item" {
		part.Kind = claims.Item
	}
	if m[3] != "" {
		q, err := decimal.Parse(m[3])
		if err != nil || !q.IsPos() {
			return part, false
		}
		part.Quantity = q
	}
	return part, true
}

func (l *loader) prices(data []byte) {
	t := openTable(&l.ps, "prices.csv", data, nil,
		column{name: "list", required: true}, column{name: "kind", required: true}, column{name: "code", required: true},
		column{name: "price"}, column{name: "from", optional: true}, column{name: "to", optional: true})
	for t.next() {
		p := Price{List: t.code("list"), Kind: claims.Kind(t.choice("kind", "service", "item")), Code: t.code("code"), line: t.line()}
		p.Overrule = t.money("price", l.pack.decimals())
		p.From, p.To = t.span()
		if !t.spoilt {
			l.pack.Prices = append(l.pack.Prices, p)
		}
	}
}
