package scheme

import (
	"errors"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/enrolment"
)

// version is one version of a plan as scheme.yaml writes it, laid over the
// versions before it, and what it compiles to.
type version struct {
	From         day               `yaml:"from"`
	To           day               `yaml:"to"`
	Period       period            `yaml:"period"`
	Members      members           `yaml:"members"`
	Contribution contribution      `yaml:"contribution"`
	Activation   string            `yaml:"activation"`
	Deductible   limits            `yaml:"deductible"`
	Ceiling      ceiling           `yaml:"ceiling"`
	CeilingBy    string            `yaml:"ceiling_by"`
	MaxClaims    map[string]*int   `yaml:"max_claims"`
	MaxAmounts   map[string]amount `yaml:"max_amounts"`
	Covers       []cover           `yaml:"covers"`

	node    *yaml.Node // where it stands
	product *claims.Product
	plan    *enrolment.Plan
}

type period struct {
	Months         int      `yaml:"months"`
	Administration int      `yaml:"administration_months"`
	Cycles         []string `yaml:"cycles"`
	Grace          struct {
		Enrolment int `yaml:"enrolment"`
		Payment   int `yaml:"payment"`
		Renewal   int `yaml:"renewal"`
	} `yaml:"grace_months"`
	RenewalDays int `yaml:"renewal_days"`
}

type members struct {
	Max       int `yaml:"max"`
	Threshold int `yaml:"threshold"`
}

type contribution struct {
	LumpSum      amount `yaml:"lump_sum"`
	Adult        amount `yaml:"adult"`
	Child        amount `yaml:"child"`
	Registration fee    `yaml:"registration"`
	Assembly     fee    `yaml:"assembly"`
	Recurrence   int    `yaml:"recurrence_months"`
	Discounts    struct {
		Enrolment discount `yaml:"enrolment"`
		Renewal   discount `yaml:"renewal"`
	} `yaml:"discounts"`
	Formula string `yaml:"formula"`
}

type fee struct {
	LumpSum amount `yaml:"lump_sum"`
	Fee     amount `yaml:"fee"`
}

type discount struct {
	Percent amount `yaml:"percent"`
	Months  int    `yaml:"months"`
}

type limits struct {
	Treatment stay `yaml:"treatment"`
	Insuree   stay `yaml:"insuree"`
	Policy    stay `yaml:"policy"`
}

type ceiling struct {
	limits      `yaml:",inline"`
	ExtraMember stay `yaml:"extra_member"`
	MaxPolicy   stay `yaml:"max_policy"`
}

// cover is a rule of a plan's list. What it leaves out it does not change.
type cover struct {
	Services *selection `yaml:"services"`
	Items    *selection `yaml:"items"`
	Covered  *bool      `yaml:"covered"`
	Price    string     `yaml:"price"`
	Percent  *byVisit   `yaml:"co_insurance"`
	Fixed    *byVisit   `yaml:"fixed_limit"`
	Waiting  *byAge     `yaml:"waiting_months"`
	MaxQty   *byAge     `yaml:"max_quantity"`
	Outside  *outside   `yaml:"outside_ceiling"`
}

// decodeVersions reads the versions of one plan, each laid over the one
// before it.
func decodeVersions(ps *problems, file string, plan *yaml.Node) []*version {
	list := child(plan, "versions")
	if list == nil {
		return nil
	}
	var out []*version
	var merged *yaml.Node
	for _, n := range list.Content {
		if n.Kind != yaml.MappingNode {
			continue // the schema has told
		}
		own := n
		if merged != nil && child(n, "to") == nil {
			// the end of one version is not inherited by the next
			merged = without(merged, "to")
		}
		merged = merge(merged, own)
		v := &version{node: merged}
		if !decode(ps, file, merged, v) {
			continue
		}
		out = append(out, v)
	}
	closeVersions(ps, file, out)
	return out
}

// closeVersions ends each version on the day before the next where no end is
// written, and reports versions that overlap or run backwards.
func closeVersions(ps *problems, file string, list []*version) {
	for i, v := range list {
		line := at(v.node, "from").Line
		if !v.To.IsZero() && v.To.Before(v.From.Date) {
			ps.add(file, at(v.node, "to").Line, "the version ends before it starts: write a later day after to:")
		}
		if i+1 == len(list) {
			continue
		}
		next := list[i+1].From.Date
		switch {
		case !next.After(v.From.Date):
			ps.add(file, at(list[i+1].node, "from").Line, "the versions must stand in order of their first day, oldest first: this one starts no later than the one above it (line %d)", line)
		case v.To.IsZero():
			v.To.Date = next.AddDays(-1)
		case !v.To.Before(next):
			ps.add(file, at(v.node, "to").Line, "the version overlaps the next one: end it on %s or before, or leave to: out", next.AddDays(-1))
		}
	}
}

func without(n *yaml.Node, key string) *yaml.Node {
	out := *n
	out.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			out.Content = append(out.Content, n.Content[i], n.Content[i+1])
		}
	}
	return &out
}

// decode reads a tree into a value and reports what does not fit.
func decode(ps *problems, file string, n *yaml.Node, into any) bool {
	err := n.Decode(into)
	if err == nil {
		return true
	}
	var le lineError
	var te *yaml.TypeError
	switch {
	case errors.As(err, &le):
		ps.add(file, le.line, "%s", le.text)
	case errors.As(err, &te):
		for _, text := range te.Errors {
			ps.add(file, n.Line, "%s", text)
		}
	default:
		ps.add(file, n.Line, "%s", err.Error())
	}
	return false
}

// on returns the version in force on the day.
func on(list []*version, d date.Date) *version {
	i := slices.IndexFunc(list, func(v *version) bool { return d.Within(v.From.Date, v.To.Date) })
	if i < 0 {
		return nil
	}
	return list[i]
}
