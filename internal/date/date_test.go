package date_test

import (
	"testing"

	"github.com/jamii-health/jamii/internal/date"
)

func TestAddMonths(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"2025-01-31", 1, "2025-02-28"},
		{"2024-01-31", 1, "2024-02-29"},
		{"2025-03-31", -1, "2025-02-28"},
		{"2025-01-10", 3, "2025-04-10"},
		{"2025-11-30", 3, "2026-02-28"},
		{"2024-02-29", 12, "2025-02-28"},
	}
	for _, tt := range tests {
		if got := date.Must(tt.in).AddMonths(tt.n).String(); got != tt.want {
			t.Errorf("%s + %d months = %s, want %s", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestYearsTo(t *testing.T) {
	tests := []struct {
		born, on string
		want     int
	}{
		{"2008-02-29", "2026-02-28", 17},
		{"2008-02-29", "2026-03-01", 18},
		{"2000-06-15", "2018-06-14", 17},
		{"2000-06-15", "2018-06-15", 18},
	}
	for _, tt := range tests {
		if got := date.Must(tt.born).YearsTo(date.Must(tt.on)); got != tt.want {
			t.Errorf("born %s is %d on %s, want %d", tt.born, got, tt.on, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, bad := range []string{"", "2025-02-30", "2025-1-1", "x"} {
		if _, err := date.Parse(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
	d, err := date.Parse("2025-04-01T23:59:00+05:45")
	if err != nil || d.String() != "2025-04-01" {
		t.Errorf("a dateTime gives the day as written: %v %v", d, err)
	}
	if !date.None.IsZero() || date.None.String() != "" || !date.Must("0001-01-01").After(date.None) {
		t.Error("the zero date is no day")
	}
}

func TestWithin(t *testing.T) {
	d := date.Must("2025-06-01")
	if !d.Within(d, d) || !d.Within(date.None, d) || !d.Within(d, date.None) || d.Within(d.AddDays(1), date.None) {
		t.Error("both ends count and a zero bound is open")
	}
	if date.Min(date.None, d) != d || date.Min(d, d.AddDays(-1)) != d.AddDays(-1) || date.Max(d, date.None) != d {
		t.Error("Min and Max")
	}
}
