package rest_test

import (
	"net/http"
	"testing"

	"github.com/jamii-health/jamii/internal/registry"
)

// If-None-Match: * allows only to create.
func TestPutOnlyWhenAbsent(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		body := `{"resourceType":"Patient","id":"p","active":true}`
		g.want(201, http.MethodPut, "/Patient/p", body, "If-None-Match: *")
		g.want(412, http.MethodPut, "/Patient/p", body, "If-None-Match: *")
		g.want(204, http.MethodDelete, "/Patient/p", "")
		g.want(201, http.MethodPut, "/Patient/p", body, "If-None-Match: *")
	})
}

// A conditional reference finds what the same transaction creates, and no
// longer what it changes away.
func TestConditionalReferenceInsideTheTransaction(t *testing.T) {
	onBoth(t, registry.Options{}, func(g *gateway) {
		observation := `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=urn:s|1"}}`
		person := `{"resourceType":"Patient","identifier":[{"system":"urn:s","value":"1"}]}`
		a := g.want(200, http.MethodPost, "", bundleOf("transaction", post("urn:uuid:1", observation), post("urn:uuid:2", person)), "Prefer: return=representation")
		list := a.body.Get("entry")
		want := "Patient/" + list.At(1).Path("resource", "id").String()
		if got := list.At(0).Path("resource", "subject", "reference").String(); got != want {
			t.Errorf("subject %s, want %s", got, want)
		}
		g.want(412, http.MethodPost, "", bundleOf("transaction", post("urn:uuid:1", observation), post("urn:uuid:2", person)))
	})
}
