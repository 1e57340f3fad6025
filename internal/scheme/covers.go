package scheme

import (
	"strconv"
	"strings"

	"github.com/jamii-health/jamii/internal/claims"
)

var origins = map[string]claims.Origin{"list": claims.PriceList, "provider": claims.ProviderPrice, "relative": claims.RelativePrice}

// covers works out the terms of every article: the rules stand from the
// general to the particular, and each changes only what it names.
func (l *loader) covers(v *version) map[claims.ArticleKey]*claims.Terms {
	lines := map[claims.ArticleKey]*claims.Terms{}
	for i := range v.Covers {
		rule := &v.Covers[i]
		l.checkRule(v, i)
		for _, key := range l.selected(v, i, rule) {
			if rule.Covered != nil && !*rule.Covered {
				delete(lines, key)
				continue
			}
			terms := lines[key]
			if terms == nil {
				terms = &claims.Terms{
					Origin: claims.PriceList, Limitation: map[claims.Visit]claims.Limitation{},
					LimitAdult: map[claims.Visit]*Money{}, LimitChild: map[claims.Visit]*Money{},
				}
				lines[key] = terms
			}
			rule.apply(terms)
		}
	}
	return lines
}

func (c *cover) apply(t *claims.Terms) {
	if c.Price != "" {
		t.Origin = origins[c.Price]
	}
	c.Percent.apply(t, claims.CoInsurance)
	c.Fixed.apply(t, claims.Fixed)
	if c.Waiting != nil {
		t.WaitingAdult, t.WaitingChild = c.Waiting.Adult.int(), c.Waiting.Child.int()
	}
	if c.MaxQty != nil {
		t.MaxQtyAdult, t.MaxQtyChild = c.MaxQty.Adult.Money, c.MaxQty.Child.Money
	}
	if c.Outside != nil {
		if c.Outside.Adult != nil {
			t.ExclusionAdult = *c.Outside.Adult
		}
		if c.Outside.Child != nil {
			t.ExclusionChild = *c.Outside.Child
		}
	}
}

func (b *byVisit) apply(t *claims.Terms, kind claims.Limitation) {
	if b == nil {
		return
	}
	for _, v := range []struct {
		visit claims.Visit
		limit *byAge
	}{{claims.Other, b.Other}, {claims.Emergency, b.Emergency}, {claims.Referral, b.Referral}} {
		if v.limit != nil {
			t.Limitation[v.visit] = kind
			t.LimitAdult[v.visit] = v.limit.Adult.Money
			t.LimitChild[v.visit] = v.limit.Child.Money
		}
	}
}

// int is the whole number that checkRule has found it to be.
func (a amount) int() int {
	if a.Money == nil {
		return 0
	}
	whole, _, ok := a.Int64(0)
	if !ok {
		return 0
	}
	return int(whole)
}

// checkRule reports what the schema cannot: percentages above 100, months
// that are no whole number, two kinds of limit for one visit.
func (l *loader) checkRule(v *version, i int) {
	c := &v.Covers[i]
	path := func(steps ...string) []string { return append([]string{"covers", strconv.Itoa(i)}, steps...) }
	if c.Percent != nil {
		for _, limit := range []*byAge{c.Percent.Other, c.Percent.Emergency, c.Percent.Referral} {
			if limit != nil && (limit.Adult.or0().Cmp(hundred) > 0 || limit.Child.or0().Cmp(hundred) > 0) {
				l.fault(v.node, path("co_insurance"), "co_insurance: the scheme pays at most 100 percent")
			}
		}
	}
	if a, b := c.Percent, c.Fixed; a != nil && b != nil &&
		(a.Other != nil && b.Other != nil || a.Emergency != nil && b.Emergency != nil || a.Referral != nil && b.Referral != nil) {
		l.fault(v.node, path("fixed_limit"), "fixed_limit: a visit has a co_insurance or a fixed_limit, not both: remove one, or name the visits")
	}
	if c.Waiting != nil {
		for _, a := range []amount{c.Waiting.Adult, c.Waiting.Child} {
			if a.Money != nil && (!a.IsInt() || a.int() > 1200) {
				l.fault(v.node, path("waiting_months"), "waiting_months: write a whole number of months")
			}
		}
	}
}

// selected lists the articles a rule names.
func (l *loader) selected(v *version, i int, c *cover) []claims.ArticleKey {
	var out []claims.ArticleKey
	for _, side := range []struct {
		name string
		kind claims.Kind
		sel  *selection
	}{{"services", claims.Service, c.Services}, {"items", claims.Item, c.Items}} {
		if side.sel == nil {
			continue
		}
		if side.sel.All {
			out = append(out, l.matching(side.kind, func(Article) bool { return true })...)
			continue
		}
		for j, word := range side.sel.List {
			group, isGroup := strings.CutPrefix(word, "group:")
			found := l.matching(side.kind, func(a Article) bool {
				return isGroup && a.Group == group || !isGroup && a.Code == word
			})
			if len(found) == 0 {
				text := l.suggest(side.kind, word)
				if isGroup {
					text = "no row has this group"
					if near := Nearest(group, l.groups(side.kind)); near != "" {
						text = "write group:" + near
					}
				}
				l.fault(v.node, []string{"covers", strconv.Itoa(i), side.name, strconv.Itoa(j)}, "%s: %s is not in %s.csv: %s", side.name, word, side.name, text)
			}
			out = append(out, found...)
		}
	}
	return out
}

func (l *loader) matching(kind claims.Kind, want func(Article) bool) []claims.ArticleKey {
	var out []claims.ArticleKey
	seen := map[string]bool{}
	for _, a := range l.pack.Articles {
		if a.Kind == kind && !seen[a.Code] && want(a) {
			seen[a.Code] = true
			out = append(out, claims.ArticleKey{Kind: kind, Code: a.Code})
		}
	}
	return out
}

func (l *loader) groups(kind claims.Kind) []string {
	set := map[string]bool{}
	for _, a := range l.pack.Articles {
		if a.Kind == kind && a.Group != "" {
			set[a.Group] = true
		}
	}
	return sortedKeys(set)
}
