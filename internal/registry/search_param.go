package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/definition"
	"github.com/jamii-health/jamii/fhir/search"
	"github.com/jamii-health/jamii/internal/store"
)

const searchParameter = "SearchParameter"

// customParam is a stored, active SearchParameter.
type customParam struct {
	def     *definition.SearchParam
	version string // what a pass is made for: "SearchParameter/id/_history/v"
	since   int64  // when it took effect, microseconds
}

// customParams are the search parameters of SearchParameter resources, as this
// process knows them.
//
// A parameter takes effect at once for what is written here, and in every other
// process when it looks next (lookEvery). What is stored already is indexed by a
// pass over its types, see reindex.go; until the pass is through, a search with
// the parameter is refused.
type customParams struct {
	mu   sync.Mutex
	last string // newest version of any SearchParameter when they were loaded
	list []customParam
}

// admitSearchParam refuses an active SearchParameter that could not take
// effect. One with the url of a parameter of R4, or of our own profiles, is
// stored like any other resource.
//
// https://hl7.org/fhir/R4/searchparameter.html
func (r *Registry) admitSearchParam(in *intent) error {
	if in.typ != searchParameter || in.method == http.MethodDelete || in.node.Get("status").String() != "active" {
		return nil
	}
	def := searchParamOf(in.node)
	if r.catalogue.Known(def.URL) {
		return nil
	}
	err := r.catalogue.Check(def)
	var fe *fhir.Error
	if in.path != "" && errors.As(err, &fe) {
		moved := *fe
		moved.Path = in.path + trimType(fe.Path, in.typ)
		return &moved
	}
	return err
}

// followSearchParams takes in what was written just now.
func (r *Registry) followSearchParams() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.loadSearchParams(ctx); err != nil {
		r.log.Error("search parameters not taken in", "error", err) // the next look will
	}
}

func searchParamOf(n *fhir.Node) *definition.SearchParam {
	texts := func(name string) (out []string) {
		for _, v := range n.Get(name).Each() {
			out = append(out, v.String())
		}
		return out
	}
	def := &definition.SearchParam{
		Code: n.Get("code").String(), URL: n.Get("url").String(), Type: n.Get("type").String(),
		Base: texts("base"), Expression: n.Get("expression").String(), Targets: texts("target"),
	}
	for _, c := range n.Get("component").Each() {
		def.Components = append(def.Components, definition.Component{Definition: c.Get("definition").String(), Expression: c.Get("expression").String()})
	}
	return def
}

// maxCustom bounds the custom parameters.
const maxCustom = 1000

// loadSearchParams reads the stored search parameters and makes them take
// effect.
func (r *Registry) loadSearchParams(ctx context.Context) error {
	r.custom.mu.Lock()
	defer r.custom.mu.Unlock()
	last, err := r.newestSearchParam(ctx)
	if err != nil {
		return err
	}
	stored, err := r.storedSearchParams(ctx)
	if err != nil {
		return err
	}
	rows, err := r.passes(ctx)
	if err != nil {
		return err
	}
	// First what cannot be searched yet: a search must not find a new
	// parameter that nothing says is new.
	r.catalogue.SetBuilding(building(stored, rows))
	defs := make([]*definition.SearchParam, len(stored))
	for i := range stored {
		defs[i] = stored[i].def
	}
	left := r.catalogue.Adopt(defs)
	r.custom.last = last
	r.custom.list = slices.DeleteFunc(stored, func(p customParam) bool { return slices.Contains(left, p.def) })
	for _, p := range left {
		r.log.Warn("stored search parameter not used", "code", p.Code, "reason", r.catalogue.Check(p))
	}
	r.catalogue.SetBuilding(building(r.custom.list, rows))
	return nil
}

func (r *Registry) newestSearchParam(ctx context.Context) (string, error) {
	page, err := r.store.History(ctx, store.History{Type: searchParameter, Limit: 1})
	if err != nil {
		return "", fmt.Errorf("look for search parameters: %w", err)
	}
	if len(page.Resources) == 0 {
		return "none", nil
	}
	return versionRef(searchParameter, page.Resources[0].ID, page.Resources[0].Version), nil
}

// storedSearchParams reads the active SearchParameters. Of several with one
// url the newest counts; composites come last, after what they are made of.
func (r *Registry) storedSearchParams(ctx context.Context) ([]customParam, error) {
	q := store.Query{
		Type: searchParameter, Expr: search.Is{Param: "status", Kind: search.Token, AnySystem: true, Code: "active"},
		Limit: 200,
	}
	newest := map[string]customParam{}
	for {
		page, err := r.store.Search(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read search parameters: %w", err)
		}
		for i := range page.Resources {
			res := &page.Resources[i]
			tree, err := res.Tree()
			if err != nil {
				return nil, fmt.Errorf("stored %s: %w", searchParameter, err)
			}
			p := customParam{searchParamOf(tree), versionRef(res.Type, res.ID, res.Version), res.Updated.UnixMicro()}
			if have, ok := newest[p.def.URL]; !r.catalogue.Known(p.def.URL) && (!ok || have.since < p.since) {
				newest[p.def.URL] = p
			}
		}
		if page.Next == nil || len(newest) > maxCustom {
			break
		}
		q.After = page.Next
	}
	out := make([]customParam, 0, len(newest))
	for _, p := range newest {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b customParam) int {
		composite := func(p customParam) int { return strings.Count(p.def.Type, "composite") }
		return cmp.Or(composite(a)-composite(b), cmp.Compare(a.since, b.since), strings.Compare(a.version, b.version))
	})
	return out[:min(len(out), maxCustom)], nil
}

// pass is a row of store.Reindexes.
type pass struct {
	url, typ, version, owner            string
	walked, seen, total, busy, finished int64
}

func (p pass) row() store.Row {
	return store.Reindexes.Make(map[string]any{
		"param": p.url, "type": p.typ, "digest": p.version, "owner": p.owner,
		"walked": p.walked, "seen": p.seen, "total": p.total, "busy": p.busy, "finished": p.finished,
	})
}

func (p pass) percent() int {
	if p.total <= 0 {
		return 0
	}
	return int(min(99, 100*p.seen/p.total))
}

type passKey struct{ url, typ string }

// passes reads all rows.
func (r *Registry) passes(ctx context.Context) (map[passKey]pass, error) {
	_, rows, err := r.store.Facts(ctx, nil, store.Lookup{Table: store.Reindexes})
	if err != nil {
		return nil, fmt.Errorf("read reindexing: %w", err)
	}
	return passesOf(rows[0]), nil
}

func passesOf(rows []store.Row) map[passKey]pass {
	out := make(map[passKey]pass, len(rows))
	for _, row := range rows {
		p := pass{
			row.Text("param"), row.Text("type"), row.Text("digest"), row.Text("owner"),
			row.Int("walked"), row.Int("seen"), row.Int("total"), row.Int("busy"), row.Int("finished"),
		}
		out[passKey{p.url, p.typ}] = p
	}
	return out
}

// building says what cannot be searched yet.
func building(list []customParam, rows map[passKey]pass) map[search.Building]int {
	out := map[search.Building]int{}
	for _, c := range list {
		for _, typ := range search.Bases(c.def) {
			p := rows[passKey{c.def.URL, typ}]
			if p.version != c.version {
				p = pass{}
			}
			if p.finished == 0 {
				out[search.Building{Type: typ, Code: c.def.Code}] = p.percent()
			}
		}
	}
	return out
}
