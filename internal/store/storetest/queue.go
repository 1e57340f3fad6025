package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jamii-health/jamii/fhir"
	"github.com/jamii-health/jamii/internal/store"
)

var noon = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

// message is one to be sent so many minutes after noon.
func message(id, target string, minutes int) store.Message {
	at := noon.Add(time.Duration(minutes) * time.Minute)
	return store.Message{ID: id, Target: target, Kind: "resource-changed", Ref: "Bird/a/_history/1", Created: at.Add(-time.Hour), NextAt: at}
}

func (s *suite) post(list ...store.Message) {
	s.t.Helper()
	s.commit(store.Unit{Messages: list})
}

// due takes messages and returns their sorted ids.
func (s *suite) due(minutes, n int) []string {
	s.t.Helper()
	list, err := s.Due(s.ctx, noon.Add(time.Duration(minutes)*time.Minute), n, 5*time.Minute)
	if err != nil {
		s.t.Fatalf("due: %v", err)
	}
	out := []string{}
	for _, m := range list {
		out = append(out, m.ID)
	}
	slices.Sort(out)
	return out
}

func (s *suite) settle(id string, a store.Attempt) {
	s.t.Helper()
	if err := s.Settle(s.ctx, id, a); err != nil {
		s.t.Fatalf("settle %s: %v", id, err)
	}
}

func (s *suite) messages(f store.MessageFilter) []string {
	s.t.Helper()
	list, err := s.Messages(s.ctx, f)
	if err != nil {
		s.t.Fatalf("messages: %v", err)
	}
	out := []string{}
	for _, m := range list {
		out = append(out, m.ID)
	}
	return out
}

func (s *suite) message(id string) store.Message {
	s.t.Helper()
	list, err := s.Messages(s.ctx, store.MessageFilter{ID: id})
	if err != nil || len(list) != 1 {
		s.t.Fatalf("%d messages %s (%v)", len(list), id, err)
	}
	return list[0]
}

func testMessages(t *testing.T, s *suite) {
	a := message("a", "hook", 0)
	a.Body = []byte{'{', 0, 0xff, '}'}
	b := message("b", "hook", 10)
	s.post(a, b)
	a.State, b.State = store.MessageWaiting, store.MessageWaiting
	s.same("as posted", a, s.message("a"))
	s.same("without a body", b, s.message("b"))
	list, err := s.Due(s.ctx, noon.Add(time.Minute), 10, time.Minute)
	if err != nil || len(list) != 1 {
		t.Fatalf("due: %v, %v", list, err)
	}
	if list[0].ID != "a" || string(list[0].Body) != string(a.Body) || list[0].Ref != a.Ref || list[0].Target != a.Target || list[0].Kind != a.Kind {
		t.Errorf("taken: %+v", list[0])
	}
	s.settle("a", store.Attempt{State: store.MessageWaiting, NextAt: noon.Add(20 * time.Minute), Status: 500, Answer: "no", Error: "500 no"})
	a.Attempts, a.NextAt, a.Status, a.Answer, a.Error = 1, noon.Add(20*time.Minute), 500, "no", "500 no"
	s.same("after a failure", a, s.message("a"))
	s.same("not due yet", []string{"b"}, s.due(19, 10))
	s.same("due again", []string{"a", "b"}, s.due(25, 10))
	s.settle("a", store.Attempt{State: store.MessageDone, Status: 200})
	done := s.message("a")
	if done.State != store.MessageDone || done.Attempts != 2 || done.Status != 200 || done.Error != "" || done.Answer != "" {
		t.Errorf("done: %+v", done)
	}
	s.settle("b", store.Attempt{State: store.MessageFailed, Status: 400, Error: "400"})
	s.same("nothing is due", []string{}, s.due(10_000, 10))
	var e *fhir.Error
	if err := s.Settle(s.ctx, "nobody", store.Attempt{State: store.MessageDone}); !errors.As(err, &e) || e.Kind != fhir.NotFound {
		t.Errorf("settled what is not there: %v", err)
	}
}

func testLease(_ *testing.T, s *suite) {
	for i := range 5 {
		s.post(message(fmt.Sprint("m", i), "hook", i))
	}
	s.same("before its time", []string{}, s.due(-1, 10))
	s.same("at its time", []string{"m0"}, s.due(0, 10))
	s.same("the oldest first, at most two", []string{"m1", "m2"}, s.due(4, 2))
	s.same("the rest", []string{"m3", "m4"}, s.due(4, 10))
	s.same("all are hidden", []string{}, s.due(4, 10))
	s.same("a lease ends", []string{"m0"}, s.due(5, 10))
	s.settle("m1", store.Attempt{State: store.MessageDone})
	s.same("the others'", []string{"m2", "m3", "m4"}, s.due(9, 10))
}

func testLeaseRace(t *testing.T, s *suite) {
	var list []store.Message
	for i := range 60 {
		list = append(list, message(fmt.Sprint("m", i), "hook", 0))
	}
	s.post(list...)
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for range 6 {
		wg.Go(func() {
			for {
				got, err := s.Due(s.ctx, noon, 4, time.Minute)
				if err != nil {
					t.Errorf("due: %v", err)
				}
				if err != nil || len(got) == 0 {
					return
				}
				mu.Lock()
				for _, m := range got {
					seen[m.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	s.same("all were taken", 60, len(seen))
}

func testRerun(t *testing.T, s *suite) {
	for i := range 8 {
		s.post(message(fmt.Sprint("m", i), []string{"hook", "mediator"}[i%2], i))
	}
	s.same("newest first", []string{"m7", "m6", "m5", "m4", "m3", "m2", "m1", "m0"}, s.messages(store.MessageFilter{}))
	s.same("of a target", []string{"m7", "m5"}, s.messages(store.MessageFilter{Target: "mediator", Limit: 2}))
	s.due(10, 10)
	for i := range 6 {
		s.settle(fmt.Sprint("m", i), store.Attempt{State: store.MessageFailed, Status: 500 + i%3, Error: fmt.Sprint("group ", i%3)})
	}
	s.settle("m6", store.Attempt{State: store.MessageDone, Status: 200})
	s.same("by state", []string{"m5", "m4", "m3", "m2", "m1", "m0"}, s.messages(store.MessageFilter{State: store.MessageFailed}))
	s.same("by error", []string{"m4", "m1"}, s.messages(store.MessageFilter{Error: "group 1"}))
	change := func(what string, want int, f store.MessageFilter, do func(store.MessageFilter) (int, error)) {
		t.Helper()
		if n, err := do(f); err != nil || n != want {
			t.Errorf("%s: %d messages, want %d (%v)", what, n, want, err)
		}
	}
	later := noon.Add(time.Hour)
	rerun := func(f store.MessageFilter) (int, error) { return s.Rerun(s.ctx, f, later) }
	cancel := func(f store.MessageFilter) (int, error) { return s.Cancel(s.ctx, f) }
	change("an error group", 2, store.MessageFilter{Error: "group 1"}, rerun)
	change("nobody", 0, store.MessageFilter{Error: "group 9"}, rerun)
	change("one", 1, store.MessageFilter{ID: "m0"}, rerun)
	change("failed ones of a target", 2, store.MessageFilter{State: store.MessageFailed, Target: "mediator"}, cancel)
	s.same("cancelled", []string{"m5", "m3"}, s.messages(store.MessageFilter{State: store.MessageCancelled}))
	s.same("due are those run again and the one whose lease ended", []string{"m0", "m1", "m4", "m7"}, s.due(60, 10))
	// A message that is cancelled while it is being sent is not sent again,
	// but when it arrived, it arrived.
	change("while being sent", 1, store.MessageFilter{ID: "m1"}, cancel)
	change("while being sent", 1, store.MessageFilter{ID: "m4"}, cancel)
	s.settle("m1", store.Attempt{State: store.MessageWaiting, NextAt: noon, Status: 500})
	s.settle("m4", store.Attempt{State: store.MessageDone, Status: 200})
	if a, b := s.message("m1").State, s.message("m4").State; a != store.MessageCancelled || b != store.MessageDone {
		t.Errorf("m1 is %s, m4 is %s", a, b)
	}
	change("what is done stays", 0, store.MessageFilter{State: store.MessageDone}, cancel)
	change("a cancelled one", 1, store.MessageFilter{ID: "m5"}, rerun)
	s.same("is due again", []string{"m5"}, s.due(61, 10))
}
