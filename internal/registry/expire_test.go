package registry

import (
	"testing"
	"time"
)

func TestExpireDue(t *testing.T) {
	onBothStores(t, func(c *clinic) {
		t := c.T
		_, paid, invoice := c.enrolled("2025-08-01")
		c.pay(c.notice(invoice, "R1", "600", ""))
		_, unpaid, _ := c.enrolled("2025-08-01")
		_, later, _ := c.enrolled("2025-08-02")
		for _, step := range []struct {
			day  string
			want int
		}{
			{"2026-07-31T12:00:00Z", 0}, // the last day is covered
			{"2026-07-31T18:30:00Z", 2}, // 1 August in Nepal
			{"2026-08-01T12:00:00Z", 0},
			{"2027-01-01T00:00:00Z", 1}, // months later
		} {
			at, err := time.Parse(time.RFC3339, step.day)
			if err != nil {
				t.Fatal(err)
			}
			c.now = at
			got, err := c.r.ExpireDue(c.Context(), at)
			if err != nil || got != step.want {
				t.Errorf("%s: %d policies, want %d, %v", step.day, got, step.want, err)
			}
		}
		for cover, want := range map[string]string{
			paid[0]: "active expired 2025-09-01 2026-07-31", unpaid[0]: "draft expired 2025-08-01 2026-07-31", later[1]: "draft expired 2025-08-02 2026-08-01",
		} {
			if got := c.shown(cover); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}

// A policy whose period was over when it was made expires at once.
func TestEnrolTooLateIsExpired(t *testing.T) {
	onOneStore(t, func(c *clinic) {
		p := c.person("1985-01-01", "male")
		out := c.enrol(c.request("", p, "MUNI", "2023-01-01"), nil)
		if got := c.shown(of(out.More, "Coverage")[0].Ref()); got != "draft expired 2023-01-01 2023-12-31" {
			t.Error(got)
		}
	})
}
