package registry

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/fhir/search"
)

func attachment(data []byte, hash string) string {
	return fmt.Sprintf(`[{"sequence":1,"category":{"coding":[{"code":"attachment"}]},"valueAttachment":{"contentType":"image/png","data":%q,"hash":%q}}]`,
		base64.StdEncoding.EncodeToString(data), hash)
}

func TestAttachments(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		with := func(info string) *fhir.Node {
			n := c.claimFor("A1", p, "HC01", "2025-08-20", line{"service", "S101", "1", "50"})
			n.Set("supportingInfo", *c.parse(info))
			return n
		}
		data := []byte("scan of a letter")
		sum := sha1.Sum(data)
		hash := base64.StdEncoding.EncodeToString(sum[:])
		c.refused(with(attachment([]byte("another"), hash)), fhir.Unprocessable, fhir.IssueValue, "Claim.supportingInfo[0].valueAttachment.hash")
		big := make([]byte, 11<<20)
		bigSum := sha1.Sum(big)
		c.refused(with(attachment(big, base64.StdEncoding.EncodeToString(bigSum[:]))), fhir.Unprocessable, fhir.IssueTooLong, "Claim.supportingInfo")
		_, out := c.submit(with(attachment(data, hash)))
		claim, err := c.r.Asked(t.Context(), c.call, out)
		if err != nil || !strings.Contains(string(claim.Body), base64.StdEncoding.EncodeToString(data)) {
			t.Errorf("a read gives the bytes back: %v", err)
		}
		found, err := c.r.Search(t.Context(), c.call, "Claim", []search.Pair{{Name: "_id", Value: claim.ID}})
		if err != nil || len(found.Entries) != 1 {
			t.Fatalf("%d found: %v", len(found.Entries), err)
		}
		if body := string(found.Entries[0].Body); strings.Contains(body, `"data"`) || !strings.Contains(body, "SUBSETTED") || !strings.Contains(body, hash) {
			t.Errorf("a page of a search leaves the bytes out and says so: %s", body)
		}
	})
}
