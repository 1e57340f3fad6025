package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jamii-health/jamii/internal/store"
)

// waiting makes a job that touches the letters of a text.
func waiting(touches string) *job {
	j := &job{done: make(chan result, 1)}
	if touches != "" {
		j.touches = strings.Split(touches, "")
	}
	return j
}

func TestPick(t *testing.T) {
	for _, c := range []struct {
		name  string
		queue []string
		want  [][]string // what goes together, each set finished before the next
	}{
		{"nothing shared goes together", []string{"a", "b", "", ""}, [][]string{{"a", "b", "", ""}}},
		{"shared goes one after the other", []string{"a", "a", "a"}, [][]string{{"a"}, {"a"}, {"a"}}},
		{"strangers overtake", []string{"a", "a", "b", ""}, [][]string{{"a", "b", ""}, {"a"}}},
		{"but not those that share with one that waits", []string{"a", "ab", "b", "c"}, [][]string{{"a", "c"}, {"ab"}, {"b"}}},
		{"in a chain", []string{"ab", "bc", "cd", "d"}, [][]string{{"ab"}, {"bc"}, {"cd"}, {"d"}}},
		{"itself is no stranger", []string{"aa"}, [][]string{{"aa"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := newQueue()
			for _, touches := range c.queue {
				if err := q.put(waiting(touches)); err != nil {
					t.Fatal(err)
				}
			}
			var got [][]string
			for range c.want {
				batch := q.pick()
				var names []string
				for _, j := range batch {
					names = append(names, strings.Join(j.touches, ""))
				}
				got = append(got, names)
				q.finish(batch)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
			if len(q.waiting) != 0 || len(q.busy) != 0 {
				t.Errorf("%d jobs and %d touches are left", len(q.waiting), len(q.busy))
			}
		})
	}
}

func TestPickWaitsForOthers(t *testing.T) {
	q := newQueue()
	first, second := waiting("a"), waiting("a")
	for _, j := range []*job{first, second} {
		if err := q.put(j); err != nil {
			t.Fatal(err)
		}
	}
	batch := q.pick()
	if got := q.pick(); len(got) != 0 {
		t.Error("a job was picked while another in flight touches the same")
	}
	q.finish(batch)
	if got := q.pick(); len(got) != 1 || got[0] != second {
		t.Errorf("picked %v after the first was finished", got)
	}
}

func TestPickIsBounded(t *testing.T) {
	q := newQueue()
	big := waiting("")
	big.entries = make([]*entry, 5*maxBatch)
	for _, j := range []*job{waiting(""), big, waiting("")} {
		if err := q.put(j); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []int{1, 1, 1} {
		if got := q.pick(); len(got) != want {
			t.Errorf("batch %d holds %d jobs, want %d", i, len(got), want)
		}
	}
}

func TestWithdraw(t *testing.T) {
	q := newQueue()
	going, staying := waiting("a"), waiting("a")
	for _, j := range []*job{going, staying} {
		if err := q.put(j); err != nil {
			t.Fatal(err)
		}
	}
	batch := q.pick()
	if q.withdraw(going) {
		t.Error("a job in flight was withdrawn")
	}
	if !q.withdraw(staying) {
		t.Error("a waiting job could not be withdrawn")
	}
	q.finish(batch)
	if got := q.pick(); len(got) != 0 {
		t.Error("a withdrawn job was picked")
	}
}

func TestClosed(t *testing.T) {
	q := newQueue()
	if err := q.put(waiting("")); err != nil {
		t.Fatal(err)
	}
	q.close()
	if err := q.put(waiting("")); !errors.Is(err, errClosed) {
		t.Errorf("put after the end: %v", err)
	}
	if got := q.take(); len(got) != 1 {
		t.Errorf("what waited was not drained: %d", len(got))
	}
	if got := q.take(); got != nil {
		t.Errorf("took %d from a closed and empty queue", len(got))
	}
}

func TestSameIDs(t *testing.T) {
	for _, c := range []struct {
		want, found string
		same        bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "", false},
		{"a", "b", false},
		{"a", "a b", false},
		{"a b", "a", false},
		{"a b", "b a", true},
		{"a b", "a c", false},
		{"a b", "x y z", true}, // several then, several now: at most two are compared, of three any
	} {
		if got := sameIDs(strings.Fields(c.want), strings.Fields(c.found)); got != c.same {
			t.Errorf("wanted %q, found %q: same is %v, want %v", c.want, c.found, got, c.same)
		}
	}
}

func TestCommitAfterClose(t *testing.T) {
	st := open(t, freshDSN(t))
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Commit(t.Context(), store.Unit{Audit: []store.Audit{{}}}); !errors.Is(err, errClosed) {
		t.Errorf("commit after close: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}
