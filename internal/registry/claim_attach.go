package registry

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // Attachment.hash is SHA-1 by the standard
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/jamii-health/jamii/fhir"
)

// maxAttached bounds the inline attachments of one claim (wire.md 5).
const maxAttached = 10 << 20

// attachments checks the inline attachments of a claim: their size together,
// and that the bytes are those of the hash and size that came with them.
//
// https://hl7.org/fhir/R4/datatypes.html#Attachment
func (d *reader) attachments(n *fhir.Node) {
	total := 0
	for i, info := range n.Get("supportingInfo").Each() {
		a := info.Get("valueAttachment")
		if a.Get("data") == nil {
			continue
		}
		path := fmt.Sprintf("Claim.supportingInfo[%d].valueAttachment", i)
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(a.Get("data").String()), ""))
		if err != nil {
			d.fault(fhir.IssueValue, path+".data", "The data is not base64.")
			continue
		}
		total += len(data)
		if size := a.Get("size"); size != nil && whole(size) != len(data) {
			d.fault(fhir.IssueValue, path+".size", "The size is not that of the data. Send the attachment again.")
		}
		if hash := a.Get("hash"); hash != nil {
			sum := sha1.Sum(data) //nolint:gosec // as above
			want, err := base64.StdEncoding.DecodeString(hash.String())
			if err != nil || !bytes.Equal(want, sum[:]) {
				d.fault(fhir.IssueValue, path+".hash", "The hash is not the SHA-1 of the data. Send the attachment again.")
			}
		}
	}
	if total > maxAttached {
		d.fault(fhir.IssueTooLong, "Claim.supportingInfo", "Attachments may have 10 MB together. Upload larger ones as Binary first and refer to them by url.")
	}
}

// withoutAttachments takes the data of inline attachments out of a resource on
// a page of a search: they are returned on read only (wire.md 5).
func withoutAttachments(body []byte) ([]byte, error) {
	if !bytes.Contains(body, []byte(`"valueAttachment":`)) {
		return body, nil
	}
	n, err := fhir.Parse(body)
	if err != nil {
		return nil, fmt.Errorf("stored resource: %w", err)
	}
	cut := false
	n.Walk(func(m *fhir.Node) bool {
		if m.Name == "valueAttachment" && m.Remove("data") {
			cut = true
		}
		return true
	})
	if !cut {
		return body, nil
	}
	subsetted(n)
	return n.JSON(), nil
}
