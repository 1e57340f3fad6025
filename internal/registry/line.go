package registry

import (
	"hash/fnv"
	"sync"
)

// waitingLine lets decisions about one household wait for each other instead of
// trying in vain: the guards in the database keep them right, also between
// processes, and this keeps them from crowding.
type waitingLine struct{ places [256]sync.Mutex }

// enter waits for the place of a household and returns what leaves it.
func (l *waitingLine) enter(household string) (leave func()) {
	h := fnv.New32a()
	h.Write([]byte(household)) // never fails
	m := &l.places[h.Sum32()%uint32(len(l.places))]
	m.Lock()
	return m.Unlock
}
