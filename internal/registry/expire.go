package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/jamii-health/jamii/internal/access"
	"github.com/jamii-health/jamii/internal/claims"
	"github.com/jamii-health/jamii/internal/date"
	"github.com/jamii-health/jamii/internal/store"
)

// maxQuiet is how many months without anything to do the daily job walks
// through before it is sure that nothing older is left.
const maxQuiet = 14

// ExpireDue is the daily job: policies whose last day is over become Expired,
// whatever they were (openimis-domain 4.5). today is the day in the schemes'
// zones. It returns how many it changed, and may run anywhere, at any time, as
// often as one likes.
//
// It walks back month by month and stops when it meets only policies that are
// expired already, so that it does not read all of the past each day.
func (r *Registry) ExpireDue(ctx context.Context, today time.Time) (int, error) {
	set := r.scheme.Load()
	if set == nil {
		return 0, nil
	}
	count, quiet := 0, 0
	to := date.Of(today.AddDate(0, 0, 1)) // ahead of every zone; each policy is asked itself
	for quiet < maxQuiet {
		from := to.AddDays(-30)
		_, rows, err := r.store.Facts(ctx, nil, store.Lookup{Table: store.Policies, Between: "expiry", From: from.String(), To: to.String()})
		if err != nil {
			return count, fmt.Errorf("policies to expire: %w", err)
		}
		quiet++
		for _, row := range rows[0] {
			p := set.byName(row.Text("insurer"))
			if row.Int("status") == int64(claims.Expired) || p == nil {
				continue
			}
			done, err := r.expire(ctx, p, row.Text("number"), p.today(today))
			if err != nil {
				return count, err
			}
			if done {
				count++
				quiet = 0
			}
		}
		to = from.AddDays(-1)
	}
	return count, nil
}

// expire makes one policy Expired; false when there is nothing to do.
func (r *Registry) expire(ctx context.Context, p *pack, number string, today date.Date) (bool, error) {
	return persist(ctx, func() (bool, error) {
		list, _, err := r.byNumber(ctx, []string{number})
		if err != nil || len(list) == 0 {
			return false, err
		}
		h := list[0]
		after, due := h.Policy.Expire(today)
		if !due {
			return false, nil
		}
		h.Policy = after
		u := &store.Unit{}
		b := &booking{r: r, c: Call{Principal: access.Internal("expiry")}, pack: p, h: h, interaction: "update"}
		if err := b.add(ctx, u); err != nil {
			return false, err
		}
		if _, err := r.store.Commit(ctx, *u); err != nil {
			return false, fmt.Errorf("expire: %w", err)
		}
		return true, nil
	})
}
