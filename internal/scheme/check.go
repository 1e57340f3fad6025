package scheme

import (
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
)

// index builds the look-up tables and the register; rows that stand twice are
// reported.
func (l *loader) index() {
	p := l.pack
	p.lookup = lookup{facility: map[string]*Facility{}, location: map[string]*Location{}, diagnosis: map[string]*Diagnosis{}}
	for i := range p.Locations {
		r := &p.Locations[i]
		once(l, "locations.csv", r.line, p.lookup.location, r.Code, r)
	}
	for i := range p.Facilities {
		r := &p.Facilities[i]
		once(l, "facilities.csv", r.line, p.lookup.facility, r.Code, r)
	}
	for i := range p.Diagnoses {
		r := &p.Diagnoses[i]
		once(l, "diagnoses.csv", r.line, p.lookup.diagnosis, r.Code, r)
	}
	practitioners := map[string]*Practitioner{}
	for i := range p.Practitioners {
		r := &p.Practitioners[i]
		once(l, "practitioners.csv", r.line, practitioners, r.Code, r)
	}
	l.register()
}

func once[T any](l *loader, file string, line int, rows map[string]*T, code string, row *T) {
	if _, twice := rows[code]; twice {
		l.ps.list = append(l.ps.list, Problem{File: file, Line: line, Column: "code", Text: code + " stands twice: keep one row"})
		return
	}
	rows[code] = row
}

// register sorts articles and prices by their first day and reports versions
// that overlap.
func (l *loader) register() {
	p := l.pack
	p.register = &claims.Register{Articles: map[claims.ArticleKey][]claims.Article{}, Prices: map[claims.PriceKey][]claims.Price{}}
	slices.SortStableFunc(p.Articles, func(a, b Article) int { return a.From.Compare(b.From) })
	last := map[claims.ArticleKey]int{}
	for i, a := range p.Articles {
		key := claims.ArticleKey{Kind: a.Kind, Code: a.Code}
		if j, ok := last[key]; ok {
			l.overlap(string(a.Kind)+"s.csv", a.line, p.Articles[j].line, p.Articles[j].To, a.From)
		}
		last[key] = i
		p.register.Articles[key] = append(p.register.Articles[key], a.Article)
	}
	slices.SortStableFunc(p.Prices, func(a, b Price) int { return a.From.Compare(b.From) })
	lastPrice := map[claims.PriceKey]int{}
	for i, r := range p.Prices {
		key := claims.PriceKey{List: r.List, Kind: r.Kind, Code: r.Code}
		if j, ok := lastPrice[key]; ok {
			l.overlap("prices.csv", r.line, p.Prices[j].line, p.Prices[j].To, r.From)
		}
		lastPrice[key] = i
		p.register.Prices[key] = append(p.register.Prices[key], r.Price)
	}
}

func (l *loader) overlap(file string, line, other int, to, from date.Date) {
	if from.IsZero() || to.IsZero() || !to.Before(from) {
		l.ps.list = append(l.ps.list, Problem{
			File: file, Line: line, Column: "from",
			Text: fmt.Sprintf("the row and that of line %d are valid on the same days: write a day after to: of the earlier row", other),
		})
	}
}

// check compares the files with each other, as far as they can be relied on.
func (l *loader) check() {
	l.checkPrices()
	l.checkParts()
	l.checkAreas()
	l.checkFacilities()
	if l.root == nil {
		return
	}
	l.checkManifest()
	for i := range l.pack.Plans {
		l.checkPlan(&l.pack.Plans[i], child(l.root, "plans").Content[i])
	}
}

func (l *loader) cell(file string, line int, column, format string, args ...any) {
	l.ps.list = append(l.ps.list, Problem{File: file, Line: line, Column: column, Text: fmt.Sprintf(format, args...)})
}

func (l *loader) checkPrices() {
	p := l.pack
	for _, r := range p.Prices {
		if l.unknown(r.Kind, r.Code) {
			l.cell("prices.csv", r.line, "code", "%s is not in %ss.csv: %s", r.Code, r.Kind, l.suggest(r.Kind, r.Code))
		}
	}
}

// unknown reports whether there is certainly no article of the kind and code.
func (l *loader) unknown(kind claims.Kind, code string) bool {
	_, known := l.pack.register.Articles[claims.ArticleKey{Kind: kind, Code: code}]
	return !known && l.reliable(string(kind)+"s.csv")
}

// suggest says what to do about an unknown article.
func (l *loader) suggest(kind claims.Kind, code string) string {
	other := claims.Item
	if kind == claims.Item {
		other = claims.Service
	}
	if _, ok := l.pack.register.Articles[claims.ArticleKey{Kind: other, Code: code}]; ok {
		return "it is a code of " + string(other) + "s.csv"
	}
	var codes []string
	for key := range l.pack.register.Articles {
		if key.Kind == kind {
			codes = append(codes, key.Code)
		}
	}
	slices.Sort(codes)
	if near := Nearest(code, codes); near != "" {
		return "write " + near + ", or add it there"
	}
	return "add it there, or remove the row"
}

func (l *loader) checkParts() {
	for _, a := range l.pack.Articles {
		for _, part := range a.Parts {
			if l.unknown(part.Kind, part.Code) {
				l.cell("services.csv", a.line, "contains", "%s is not in %ss.csv: %s", part.Code, part.Kind, l.suggest(part.Kind, part.Code))
			}
		}
	}
}

func (l *loader) checkAreas() {
	p := l.pack
	if !l.reliable("locations.csv") {
		return
	}
	for _, loc := range p.Locations {
		parent := p.lookup.location[loc.Parent]
		switch {
		case loc.Level == 0 && loc.Parent != "":
			l.cell("locations.csv", loc.line, "parent", "a %s has no parent: leave the cell empty", p.AreaLevels[0])
		case loc.Level > 0 && parent == nil:
			l.cell("locations.csv", loc.line, "parent", "write the code of the %s that this %s lies in", p.AreaLevels[loc.Level-1], p.AreaLevels[loc.Level])
		case loc.Level > 0 && parent.Level != loc.Level-1:
			l.cell("locations.csv", loc.line, "parent", "%s is a %s: a %s lies in a %s", parent.Code, p.AreaLevels[parent.Level], p.AreaLevels[loc.Level], p.AreaLevels[loc.Level-1])
		}
	}
}

func (l *loader) checkFacilities() {
	p := l.pack
	lists := map[string]bool{}
	for _, r := range p.Prices {
		lists[string(r.Kind)+" "+r.List] = true
	}
	for _, f := range p.Facilities {
		if p.lookup.location[f.Location] == nil && l.reliable("locations.csv") {
			l.cell("facilities.csv", f.line, "location", "%s is not in locations.csv: add it there, or write another code", f.Location)
		}
		for _, list := range []struct {
			column, name string
			kind         claims.Kind
		}{{"item_list", f.ItemList, claims.Item}, {"service_list", f.ServiceList, claims.Service}} {
			if list.name != "" && !lists[string(list.kind)+" "+list.name] && l.reliable("prices.csv") {
				l.cell("facilities.csv", f.line, list.column, "prices.csv has no %s in a list %s: write the name of a list there", list.kind, list.name)
			}
		}
	}
	for _, r := range p.Practitioners {
		if p.lookup.facility[r.Facility] == nil && l.reliable("facilities.csv") {
			l.cell("practitioners.csv", r.line, "facility", "%s is not in facilities.csv: write the code of a facility there", r.Facility)
		}
	}
}

// fault reports a problem with scheme.yaml at a path below a node.
func (l *loader) fault(n *yaml.Node, path []string, format string, args ...any) {
	l.ps.add("scheme.yaml", at(n, path...).Line, format, args...)
}

func (l *loader) checkManifest() {
	p := l.pack
	if err := p.NumberRule().Validate(); err != nil {
		l.fault(l.root, []string{"member_number"}, "member_number: %v", err)
	}
	for i, code := range p.Review.Services {
		if l.unknown(claims.Service, code) {
			l.fault(l.root, []string{"review", "services", strconv.Itoa(i)}, "review.services: %s is not in services.csv: %s", code, l.suggest(claims.Service, code))
		}
	}
	seen := map[string]string{}
	for _, name := range sortedKeys(p.Systems) {
		uri := p.Systems[name]
		if other, twice := seen[uri]; twice {
			l.fault(l.root, []string{"systems", name}, "systems.%s: the same URI as %s: give each system its own", name, other)
		}
		seen[uri] = name
	}
	for where, texts := range map[string]Texts{"title": p.Title, "insurer": p.Insurer.Name} {
		l.checkTexts(at(l.root, where), texts)
	}
}

// checkTexts reports languages that the scheme does not have, and the lack of
// the main one.
func (l *loader) checkTexts(n *yaml.Node, texts Texts) {
	for _, lang := range sortedKeys(texts) {
		if !slices.Contains(l.pack.Languages, lang) {
			l.ps.add("scheme.yaml", n.Line, "a text in %s, which is not among languages: %s", lang, oneOf(l.pack.Languages))
		}
	}
	if texts[l.pack.Languages[0]] == "" {
		l.ps.add("scheme.yaml", n.Line, "add the text in %s, the main language", l.pack.Languages[0])
	}
}

func (l *loader) checkPlan(plan *Plan, n *yaml.Node) {
	p := l.pack
	l.checkTexts(at(n, "name"), plan.Name)
	if plan.Area != "" && p.lookup.location[plan.Area] == nil && l.reliable("locations.csv") {
		l.fault(n, []string{"area"}, "area: %s is not in locations.csv", plan.Area)
	}
	if plan.Successor != "" {
		if _, ok := p.plans[plan.Successor]; !ok || plan.Successor == plan.Code {
			l.fault(n, []string{"successor"}, "successor: write the code of another plan of this scheme: %s", oneOf(sortedKeys(p.plans)))
		}
	}
	for _, v := range p.plans[plan.Code] {
		l.checkVersion(v)
	}
}

// checkVersion holds a version against the rules that a schema cannot say
// (openimis-domain 2.2, deductible and ceiling block).
func (l *loader) checkVersion(v *version) {
	if v.Period.Months == 0 {
		l.fault(v.node, nil, "period.months: say how many months a policy lasts")
	}
	for i, c := range v.Period.Cycles {
		if _, ok := cycleDay(l.pack.Calendar, c); !ok {
			l.fault(v.node, []string{"period", "cycles", strconv.Itoa(i)}, "period.cycles: there is no %s in every year of the %s calendar: write \"DD-MM\"", c, l.pack.Calendar)
		}
	}
	for _, block := range []struct {
		name   string
		limits limits
	}{{"deductible", v.Deductible}, {"ceiling", v.Ceiling.limits}} {
		l.checkLimits(v, block.name, block.limits)
	}
	if (v.Ceiling.ExtraMember != stay{} || v.Ceiling.MaxPolicy != stay{}) && v.Ceiling.Policy == (stay{}) {
		l.fault(v.node, []string{"ceiling"}, "ceiling: extra_member and max_policy go with a policy ceiling: add policy")
	}
	if v.Ceiling.ExtraMember != (stay{}) && v.Members.Threshold == 0 {
		l.fault(v.node, []string{"ceiling", "extra_member"}, "ceiling.extra_member: say with members.threshold how many members the ceiling includes")
	}
	if len(v.Covers) == 0 {
		l.fault(v.node, []string{"covers"}, "covers: the plan covers nothing: add a rule such as {services: all, items: all}")
	}
}

func (l *loader) checkLimits(v *version, name string, block limits) {
	set := 0
	for scope, s := range map[string]stay{"treatment": block.Treatment, "insuree": block.Insuree, "policy": block.Policy} {
		if s == (stay{}) {
			continue
		}
		set++
		if s.All.Money != nil && (s.In.Money != nil || s.Out.Money != nil) {
			l.fault(v.node, []string{name, scope}, "%s.%s: write one amount, or in_patient and out_patient", name, scope)
		}
	}
	if set > 1 {
		l.fault(v.node, []string{name}, "%s: write one of treatment, insuree and policy: only the first of them would count", name)
	}
}
