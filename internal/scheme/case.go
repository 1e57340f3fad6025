package scheme

import (
	"io/fs"
	"path"
	"strings"

	"github.com/jamii-health/jamii/internal/claims"
)

// Case is a worked case: a household, what happens to it in order, and what
// must come out.
type Case struct {
	File      string
	Line      int
	Name      string       `yaml:"name"`
	About     string       `yaml:"about"`
	Household string       `yaml:"household"`
	Members   []caseMember `yaml:"members"`
	Steps     []caseStep   `yaml:"steps"`
}

type caseMember struct {
	ID       string     `yaml:"id"`
	Born     day        `yaml:"born"`
	Sex      claims.Sex `yaml:"sex"`
	Relation int        `yaml:"relation"`
	Died     day        `yaml:"died"`
}

// caseStep is one thing that happens; one field is set.
type caseStep struct {
	Enrol   *enrolStep  `yaml:"enrol"`
	Pay     *payStep    `yaml:"pay"`
	Join    *joinStep   `yaml:"join"`
	Leave   *leaveStep  `yaml:"leave"`
	Suspend *changeStep `yaml:"suspend"`
	Resume  *changeStep `yaml:"resume"`
	Cover   *coverStep  `yaml:"cover"`
	Claim   *claimStep  `yaml:"claim"`
	Cancel  *cancelStep `yaml:"cancel"`
	Review  *reviewStep `yaml:"review"`

	line int
}

type enrolStep struct {
	Plan   string `yaml:"plan"`
	On     day    `yaml:"on"`
	Expect struct {
		Value       amount            `yaml:"value"`
		Start       day               `yaml:"start"`
		Expiry      day               `yaml:"expiry"`
		LastPayment day               `yaml:"last_payment"`
		Status      string            `yaml:"status"`
		Stage       string            `yaml:"stage"`
		Insured     *int              `yaml:"insured"`
		Excluded    []string          `yaml:"excluded"`
		Bill        map[string]amount `yaml:"bill"`
	} `yaml:"expect"`
}

type paidExpect struct {
	Status      string   `yaml:"status"`
	Effective   string   `yaml:"effective"`
	Outstanding amount   `yaml:"outstanding"`
	Value       amount   `yaml:"value"`
	Notes       []string `yaml:"notes"`
	Refused     bool     `yaml:"refused"`
}

type payStep struct {
	Policy  string     `yaml:"policy"`
	Amount  amount     `yaml:"amount"`
	On      day        `yaml:"on"`
	Type    string     `yaml:"type"`
	Action  string     `yaml:"action"`
	Matched bool       `yaml:"matched"`
	Expect  paidExpect `yaml:"expect"`
}

type joinStep struct {
	Policy string     `yaml:"policy"`
	Member caseMember `yaml:"member"`
	On     day        `yaml:"on"`
	Expect paidExpect `yaml:"expect"`
}

type leaveStep struct {
	Policy string `yaml:"policy"`
	Member string `yaml:"member"`
	On     day    `yaml:"on"`
}

type changeStep struct {
	Policy string     `yaml:"policy"`
	On     day        `yaml:"on"`
	Expect paidExpect `yaml:"expect"`
}

type coverStep struct {
	Person string `yaml:"person"`
	On     day    `yaml:"on"`
	Expect bool   `yaml:"expect"`
}

type claimStep struct {
	ID        string       `yaml:"id"`
	Person    string       `yaml:"person"`
	Facility  string       `yaml:"facility"`
	From      day          `yaml:"from"`
	To        day          `yaml:"to"`
	Created   day          `yaml:"created"`
	Visit     string       `yaml:"visit"`
	Use       claims.Use   `yaml:"use"`
	Diagnoses []string     `yaml:"diagnoses"`
	Lines     []caseLine   `yaml:"lines"`
	Expect    claimExpects `yaml:"expect"`
}

type caseLine struct {
	Service  string            `yaml:"service"`
	Item     string            `yaml:"item"`
	Quantity amount            `yaml:"quantity"`
	Price    amount            `yaml:"price"`
	Contains []string          `yaml:"contains"`
	Paid     amount            `yaml:"paid"`
	Reason   *int              `yaml:"reason"`
	Counted  amount            `yaml:"counted"`
	Unit     amount            `yaml:"unit"`
	Policy   string            `yaml:"policy"`
	Limit    string            `yaml:"limit"`
	Steps    map[string]amount `yaml:"steps"`
	Says     []string          `yaml:"says"`
}

type claimExpects struct {
	State    string   `yaml:"state"`
	Reason   *int     `yaml:"reason"`
	Category string   `yaml:"category"`
	Asked    amount   `yaml:"asked"`
	Paid     amount   `yaml:"paid"`
	Review   []string `yaml:"review"`
	Notes    []string `yaml:"notes"`
}

type cancelStep struct {
	Claim string `yaml:"claim"`
}

type reviewStep struct {
	Claim  string        `yaml:"claim"`
	Lines  []caseVerdict `yaml:"lines"`
	Expect claimExpects  `yaml:"expect"`
}

type caseVerdict struct {
	Line     int    `yaml:"line"`
	Reject   bool   `yaml:"reject"`
	Quantity amount `yaml:"quantity"`
	Price    amount `yaml:"price"`
	Paid     amount `yaml:"paid"`
	Reason   *int   `yaml:"reason"`
}

// cases reads tests/*.yaml.
func (l *loader) cases() {
	entries, err := fs.ReadDir(l.fsys, "tests")
	if err != nil {
		l.ps.note("tests", 0, "no worked cases: write tests/*.yaml to prove what the plans pay")
		return
	}
	for _, e := range entries {
		name := "tests/" + e.Name()
		if path.Ext(name) != ".yaml" {
			if strings.HasSuffix(name, ".yml") {
				l.ps.note(name, 0, "nothing reads this file: name it .yaml")
			}
			continue
		}
		if data, ok := l.file(name, false); ok {
			l.caseFile(name, data)
		}
	}
}

func (l *loader) caseFile(name string, data []byte) {
	root := parseYAML(&l.ps, name, data)
	if root == nil || !casesGrammar().check(&l.ps, name, root) {
		return
	}
	var file struct {
		Households map[string][]caseMember `yaml:"households"`
		Cases      []Case                  `yaml:"cases"`
	}
	if !decode(&l.ps, name, root, &file) {
		return
	}
	nodes := child(root, "cases").Content
	for i := range file.Cases {
		c := &file.Cases[i]
		c.File, c.Line = name, nodes[i].Line
		if len(c.Members) == 0 {
			c.Members = file.Households[c.Household]
		}
		if len(c.Members) == 0 {
			text := "say whose case it is: members, or household with a name from households"
			if near := Nearest(c.Household, sortedKeys(file.Households)); near != "" {
				text = "unknown household: write " + near
			}
			l.ps.add(name, c.Line, "%s", text)
		}
		steps := child(nodes[i], "steps")
		for j := range c.Steps {
			c.Steps[j].line = steps.Content[j].Line
		}
	}
	l.pack.Cases = append(l.pack.Cases, file.Cases...)
}
