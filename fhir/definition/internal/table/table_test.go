package table_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/fhir/definition/internal/table"
)

func TestSplitRefuses(t *testing.T) {
	for _, bad := range [][]byte{{5, 1}, {0x80}, {255, 255, 255, 255, 255, 255, 255, 255, 255, 1}} {
		if _, err := table.Split(bad); err == nil {
			t.Errorf("Split(%v) took a cut file", bad)
		}
	}
	if _, err := table.Unpack([]byte("not zstd")); err == nil {
		t.Error("Unpack took what is not compressed")
	}
}

func TestReaderPanicsAtTheEnd(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("reading past the end did not panic")
		}
	}()
	table.NewReader(nil, nil).Uint()
}

func TestWrittenIsRead(t *testing.T) {
	strings := table.NewStrings()
	s := strings.Section()
	s.Uint(0)
	s.Uint(1 << 40)
	s.String("Pátient")
	s.String("")
	s.List([]string{"a", "Pátient"})
	s.List(nil)
	part := strings.Section()
	part.Uint(7)
	s.Part(part)
	s.Uint(9)
	file, err := table.File(strings, s)
	if err != nil {
		t.Fatal(err)
	}

	packed, err := table.Split(file)
	if err != nil || len(packed) != 2 {
		t.Fatalf("Split gave %d sections, %v", len(packed), err)
	}
	raw := make([][]byte, 2)
	for i := range raw {
		if raw[i], err = table.Unpack(packed[i]); err != nil {
			t.Fatal(err)
		}
	}
	list := table.ReadStrings(raw[0])
	if diff := cmp.Diff([]string{"Pátient", "", "a"}, list); diff != "" {
		t.Errorf("each string is written once (-want +got):\n%s", diff)
	}
	r := table.NewReader(raw[1], list)
	got := []any{r.Uint(), r.Uint(), r.String(), r.String(), r.List(), r.List(), table.NewReader(r.Part(), list).Uint(), r.Uint()}
	want := []any{0, 1 << 40, "Pátient", "", []string{"a", "Pátient"}, []string(nil), 7, 9}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
