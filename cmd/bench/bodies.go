package main

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/jamii-health/jamii/internal/store/dictionary/sample"
)

// blank is a request body with places to fill in, so that each request sends
// other bytes and none waits for them to be made.
type blank struct {
	text    []byte
	numbers []int // where a number of ten digits goes
	persons []int // where the id of a Patient goes
}

const (
	numberMark = "@@@@@@@@@@"
	personMark = "################"
)

func newBlank(text []byte) blank {
	return blank{text: text, numbers: offsets(text, numberMark), persons: offsets(text, personMark)}
}

func offsets(text []byte, mark string) (out []int) {
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(mark))
		if i < 0 {
			return out
		}
		out = append(out, at+i)
		at += i + len(mark)
	}
}

// fill writes the body with numbers that no other n has into dst.
func (b blank) fill(dst []byte, n int64, person string) []byte {
	dst = append(dst[:0], b.text...)
	for i, at := range b.numbers {
		number := n*int64(len(b.numbers)) + int64(i)
		text := strconv.AppendInt(make([]byte, 0, 20), 1e10+number%1e10, 10)
		copy(dst[at:], text[1:])
	}
	for _, at := range b.persons {
		copy(dst[at:at+len(personMark)], person)
	}
	return dst
}

// claimBlanks are Claims of about 6 kB for a Patient.
func claimBlanks(n int) ([]blank, error) {
	m, err := sample.New(17)
	if err != nil {
		return nil, err
	}
	out := make([]blank, n)
	for i := range out {
		text, err := m.Make("Claim", map[string]string{"identifier": "C-" + numberMark, "patient": "Patient/" + personMark})
		if err != nil {
			return nil, err
		}
		out[i] = newBlank(text)
	}
	return out, nil
}

// household is what an import bundle holds of each person.
var household = []string{"Coverage", "Claim", "ClaimResponse", "Claim", "ClaimResponse", "Encounter", "Observation", "Observation"}

// persons is the number of persons in an import bundle.
const persons = 10

// bundleSize is the number of resources in an import bundle.
var bundleSize = persons * (1 + len(household))

// bundleBlanks are transactions that import persons with their history, linked
// by urn:uuid as exporters do.
func bundleBlanks(n int) ([]blank, error) {
	m, err := sample.New(18)
	if err != nil {
		return nil, err
	}
	out := make([]blank, n)
	for i := range out {
		var b bytes.Buffer
		b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
		id := 0
		add := func(name, person string) (string, error) {
			id++
			url := fmt.Sprintf("urn:uuid:%08x-0000-4000-8000-%012x", i, id)
			text, err := m.Make(name, map[string]string{"identifier": "C-" + numberMark, "patient": person, "policy": "P" + numberMark, "insurance-number": numberMark})
			if id > 1 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"fullUrl":%q,"resource":%s,"request":{"method":"POST","url":%q}}`, url, text, name)
			return url, err
		}
		for range persons {
			person, err := add("Patient", "")
			if err != nil {
				return nil, err
			}
			for _, name := range household {
				if _, err := add(name, person); err != nil {
					return nil, err
				}
			}
		}
		b.WriteString("]}")
		out[i] = newBlank(b.Bytes())
	}
	return out, nil
}

// idOf reads the id of a resource as the server writes it: right behind
// resourceType.
func idOf(resource []byte) (string, error) {
	const before = `"id":"`
	at := bytes.Index(resource, []byte(before))
	if at < 0 || at > 80 {
		return "", fmt.Errorf("an answer without an id: %.100s", resource)
	}
	rest := resource[at+len(before):]
	return string(rest[:max(0, bytes.IndexByte(rest, '"'))]), nil
}

// patientsOf reads the ids of the Patients in the answer to a transaction.
func patientsOf(answer []byte) (out []string) {
	for _, at := range offsets(answer, "Patient/") {
		rest := answer[at+len("Patient/"):]
		if len(rest) > len(personMark) && bytes.HasPrefix(rest[len(personMark):], []byte("/_history/1")) {
			out = append(out, string(rest[:len(personMark)]))
		}
	}
	return out
}
