package postgres

import "sync"

// seen remembers which rows of token_system and code are committed, so that
// they are not written again and again. It forgets all when it is full; a row
// written twice does no harm.
type seen struct {
	mu   sync.RWMutex
	rows map[[2]int64]struct{}
}

// maxSeen bounds the memory: some 10 MB.
const maxSeen = 200_000

func (s *seen) has(a, b int64) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.rows[[2]int64{a, b}]
	return ok
}

// add remembers what a committed job wrote.
func (s *seen) add(j *job) {
	if len(j.tokens)+len(j.codes) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rows) > maxSeen || s.rows == nil {
		s.rows = make(map[[2]int64]struct{}, 1024)
	}
	for _, t := range j.tokens {
		s.rows[[2]int64{t.param, t.digest}] = struct{}{}
	}
	for _, c := range j.codes {
		s.rows[[2]int64{c.param, c.key}] = struct{}{}
	}
}
