package scheme

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNepaliCalendar(t *testing.T) {
	for _, bad := range [][3]int{{1999, 12, 30}, {2091, 1, 1}, {2080, 0, 1}, {2080, 13, 1}, {2080, 1, 0}, {2080, 1, 32}, {2080, 9, 30}} {
		if d, ok := fromNepali(bad[0], bad[1], bad[2]); ok {
			t.Errorf("%v is no day, got %s", bad, d)
		}
	}
	tests := []struct {
		year, month, day int
		want             string
	}{
		{2000, 1, 1, "1943-04-14"},
		{2007, 11, 7, "1951-02-18"}, // Democracy Day: 7 Falgun
		{2072, 1, 12, "2015-04-25"}, // the Gorkha earthquake
		{2072, 6, 3, "2015-09-20"},  // Constitution Day: 3 Asoj
		{2077, 1, 1, "2020-04-13"},
		{2080, 1, 1, "2023-04-14"},
		{2080, 12, 30, "2024-04-12"},
		{2081, 1, 1, "2024-04-13"},
		{2081, 4, 1, "2024-07-16"}, // fiscal year 2081/82
		{2082, 1, 1, "2025-04-14"},
		{2082, 4, 1, "2025-07-17"}, // fiscal year 2082/83
		{2083, 1, 1, "2026-04-14"},
	}
	for _, tt := range tests {
		got, ok := fromNepali(tt.year, tt.month, tt.day)
		if !ok || got.String() != tt.want {
			t.Errorf("%d-%d-%d = %s, want %s", tt.year, tt.month, tt.day, got, tt.want)
		}
	}
}

// The days of the table follow each other without a gap.
func TestNepaliDaysFollow(t *testing.T) {
	want := nepaliEpoch
	for y := firstNepaliYear; y <= lastNepaliYear; y++ {
		if n := nepaliYear(y); n != 365 && n != 366 {
			t.Errorf("year %d has %d days", y, n)
		}
		for m := 1; m <= 12; m++ {
			for d := 1; d <= nepaliMonth(y, m); d++ {
				if got, ok := fromNepali(y, m, d); !ok || got != want {
					t.Fatalf("%d-%d-%d = %s, want %s", y, m, d, got, want)
				}
				want = want.AddDays(1)
			}
		}
	}
	if want.String() != "2034-04-14" {
		t.Errorf("the table ends before %s", want)
	}
}

func TestCycles(t *testing.T) {
	tests := []struct {
		calendar string
		days     []string
		year     int
		want     []string
	}{
		{"gregorian", []string{"01-07", "31-12"}, 2025, []string{"2025-07-01", "2025-12-31"}},
		{"nepali", []string{"01-01", "01-04", "01-07", "01-10"}, 2025, []string{"2025-04-14", "2025-07-17", "2025-10-18", "2025-01-14"}},
		{"nepali", []string{"15-09"}, 2024, []string{"2024-12-30"}},
		{"nepali", []string{"15-09"}, 1900, nil}, // outside the table
	}
	for _, tt := range tests {
		var got []string
		for _, d := range cycles(tt.calendar, tt.days)(tt.year) {
			got = append(got, d.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s %v in %d (-want +got):\n%s", tt.calendar, tt.days, tt.year, diff)
		}
	}
	for _, bad := range []struct{ calendar, day string }{{"gregorian", "30-02"}, {"gregorian", "29-02"}, {"nepali", "30-09"}, {"nepali", "01-13"}, {"nepali", "1-1"}, {"gregorian", "00-01"}} {
		if _, ok := cycleDay(bad.calendar, bad.day); ok {
			t.Errorf("%s is not in every %s year", bad.day, bad.calendar)
		}
	}
}
