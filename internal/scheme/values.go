package scheme

import (
	"fmt"
	"maps"
	"slices"

	"github.com/govalues/decimal"
	"go.yaml.in/yaml/v3"

	"github.com/jamii-health/jamii/internal/date"
)

// The types here read one value of a YAML file that the schema has already
// found well formed; their errors name the line.

// day is a date.
type day struct{ date.Date }

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *day) UnmarshalYAML(n *yaml.Node) error {
	if n.Tag == "!!null" {
		return nil
	}
	v, err := date.Parse(n.Value)
	if err != nil || len(n.Value) != len("2006-01-02") {
		return lineError{n.Line, "there is no such day: write it as YYYY-MM-DD"}
	}
	d.Date = v
	return nil
}

// amount is a number that may be left out.
type amount struct{ *Money }

// UnmarshalYAML implements yaml.Unmarshaler.
func (a *amount) UnmarshalYAML(n *yaml.Node) error {
	a.Money = nil
	if n.Tag == "!!null" {
		return nil
	}
	v, err := decimal.Parse(n.Value)
	if err != nil {
		return lineError{n.Line, "the number has too many digits: write at most 19"}
	}
	a.Money = &v
	return nil
}

// or returns the number, 0 when it is left out.
func (a amount) or0() Money {
	if a.Money == nil {
		return Money{}
	}
	return *a.Money
}

// stay is an amount for all care or one for each kind.
type stay struct {
	All amount
	In  amount `yaml:"in_patient"`
	Out amount `yaml:"out_patient"`
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *stay) UnmarshalYAML(n *yaml.Node) error {
	*s = stay{}
	if n.Kind != yaml.MappingNode {
		return n.Decode(&s.All)
	}
	type fields stay
	return n.Decode((*fields)(s))
}

// byAge is a number for adults and one for children.
type byAge struct {
	Adult amount `yaml:"adult"`
	Child amount `yaml:"child"`
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (b *byAge) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		if err := n.Decode(&b.Adult); err != nil {
			return err
		}
		b.Child = b.Adult
		return nil
	}
	type fields byAge
	return n.Decode((*fields)(b))
}

// byVisit is a number by visit type; a visit that is not named is nil.
type byVisit struct {
	Other     *byAge `yaml:"other"`
	Emergency *byAge `yaml:"emergency"`
	Referral  *byAge `yaml:"referral"`
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (b *byVisit) UnmarshalYAML(n *yaml.Node) error {
	if child(n, "other") != nil || child(n, "emergency") != nil || child(n, "referral") != nil {
		if child(n, "adult") != nil || child(n, "child") != nil {
			return lineError{n.Line, "write adult and child under other, emergency and referral, not beside them"}
		}
		type fields byVisit
		return n.Decode((*fields)(b))
	}
	var one byAge
	if err := n.Decode(&one); err != nil {
		return err
	}
	b.Other, b.Emergency, b.Referral = &one, &one, &one
	return nil
}

// outside is the exclusion from ceilings for adults and for children.
type outside struct{ Adult, Child *string }

var exclusions = map[string]string{"hospital": "H", "non_hospital": "N", "both": "B", "none": ""}

// UnmarshalYAML implements yaml.Unmarshaler.
func (o *outside) UnmarshalYAML(n *yaml.Node) error {
	adult, kid := n, n
	if n.Kind == yaml.MappingNode {
		adult, kid = child(n, "adult"), child(n, "child")
	}
	for _, side := range []struct {
		from *yaml.Node
		to   **string
	}{{adult, &o.Adult}, {kid, &o.Child}} {
		if side.from != nil {
			v := exclusions[side.from.Value]
			*side.to = &v
		}
	}
	return nil
}

// selection names articles: all of a kind, or codes and groups.
type selection struct {
	All  bool
	List []string
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *selection) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		s.All = true
		return nil
	}
	return n.Decode(&s.List)
}

// lineError is an error about a value at a line.
type lineError struct {
	line int
	text string
}

func (e lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.text) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
