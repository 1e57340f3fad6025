package claims

import "slices"

// review says why a person must look at the claim before it is paid, if one
// must. A predetermination pays nothing and is never queued; nor is a claim
// that was reviewed.
func (r *run) review(d *Decision) []Message {
	policy, c := &r.facts.Settings.Review, &r.facts.Claim
	if c.Use == UsePredetermination || r.reviewed() {
		return nil
	}
	var why []Message
	if policy.Preauth && c.Use == UsePreauthorization {
		why = append(why, Message{Key: "review-preauth"})
	}
	claimed, cut := r.amount(Money{}), false
	for i := range d.Lines {
		line := &d.Lines[i]
		if line.Status != Passed {
			continue
		}
		if code := c.Lines[i].Code; slices.Contains(policy.Services, code) {
			why = append(why, message("review-service", "code", code))
		}
		for _, step := range line.Steps {
			switch step.Kind {
			case StepSubmitted:
				claimed = r.add(claimed, step.Amount)
			case StepCategoryCeiling, StepGeneralCeiling:
				cut = true
			}
		}
	}
	if policy.Above.IsPos() && claimed.Cmp(policy.Above) >= 0 {
		why = append(why, message("review-above", "amount", r.text(claimed), "limit", r.text(policy.Above)))
	}
	if policy.OverCeiling && cut {
		why = append(why, Message{Key: "review-ceiling"})
	}
	if policy.Percent > 0 && sample(r.facts.Facility.Code, c.ID) < policy.Percent {
		why = append(why, message("review-sample", "percent", Number(whole(policy.Percent))))
	}
	return why
}

func (r *run) reviewed() bool {
	return r.facts.Claim.Reviewed || slices.ContainsFunc(r.facts.Claim.Lines, func(l Line) bool { return l.Review != nil })
}

// sample gives 0 to 99 from a hash of provider and claim identifier, so that
// the choice can be repeated and nobody can steer it by trying again. FNV-1a,
// its bits mixed because we keep the last ones.
func sample(provider, claim string) int {
	h := uint64(14695981039346656037)
	mix := func(s string) {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211 // 0xff is in no UTF-8 text, so the two cannot run together
	}
	mix(provider)
	mix(claim)
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	return int(h % 100)
}
