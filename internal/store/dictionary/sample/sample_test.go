package sample

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir"
)

func maker(t *testing.T, seed uint64) *Maker {
	t.Helper()
	m, err := New(seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func names(t *testing.T) []string {
	t.Helper()
	list, err := Names()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestUnknownName(t *testing.T) {
	if _, err := maker(t, 1).Make("Unicorn", nil); err == nil {
		t.Error("made a Unicorn")
	}
}

func TestWordsMustExist(t *testing.T) {
	m := maker(t, 1)
	if _, err := m.word("nothing"); err == nil {
		t.Error("drew from a list that does not exist")
	}
	if _, err := m.coded("family", "s"); err == nil {
		t.Error("a family name passed as a code")
	}
}

func TestEveryNameMakesItsType(t *testing.T) {
	m := maker(t, 1)
	if len(names(t)) < 18 {
		t.Errorf("too few: %v", names(t))
	}
	for _, name := range names(t) {
		for range 20 {
			data, err := m.Make(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			n, err := fhir.ParseObject(data)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			typ, _, _ := strings.Cut(name, "-")
			if n.ResourceType() != typ || n.Get("id") != nil {
				t.Errorf("%s made a %s with id %q", name, n.ResourceType(), n.Get("id").String())
			}
		}
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	write := func(seed uint64) []byte {
		m := maker(t, seed)
		var out bytes.Buffer
		for _, name := range names(t) {
			data, err := m.Make(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(data)
		}
		return out.Bytes()
	}
	if diff := cmp.Diff(string(write(7)), string(write(7))); diff != "" {
		t.Errorf("the same seed gave other bytes:\n%.500s", diff)
	}
	if bytes.Equal(write(7), write(8)) {
		t.Error("another seed gave the same bytes")
	}
}

func TestGivenValuesStand(t *testing.T) {
	data, err := maker(t, 1).Make("Claim", map[string]string{"patient": "Patient/me", "identifier": "C-1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"patient":{"reference":"Patient/me"}`, `"value":"C-1"`} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("no %s in %s", want, data)
		}
	}
}

func TestClaimHasSixKilobytes(t *testing.T) {
	m, sum := maker(t, 1), 0
	for range 100 {
		data, err := m.Make("Claim", nil)
		if err != nil {
			t.Fatal(err)
		}
		sum += len(data)
	}
	if mean := sum / 100; mean < 5500 || mean > 6500 {
		t.Errorf("a Claim has %d bytes on average, want 6,000", mean)
	}
}
