package main

import (
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// watcher notes when one node first learned of what happened to the others.
type watcher struct {
	mu      sync.Mutex
	gone    map[string]verdict
	updated map[change]time.Time
}

// change is that a member's metadata is now this.
type change struct{ name, meta string }

// verdict is that a member is dead, how often it was reached, and whether it
// still stands.
type verdict struct {
	first  time.Time
	times  int
	stands bool
}

func newWatcher() *watcher {
	return &watcher{gone: map[string]verdict{}, updated: map[change]time.Time{}}
}

// NotifyJoin is called for those who come back as well. That a cluster has
// formed is asked for.
func (w *watcher) NotifyJoin(n *memberlist.Node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v, ok := w.gone[n.Name]; ok {
		v.stands = false
		w.gone[n.Name] = v
	}
}

// NotifyLeave is called for the dead as well as for those who leave, and nobody
// leaves here.
func (w *watcher) NotifyLeave(n *memberlist.Node) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.gone[n.Name]
	if v.times == 0 {
		v.first = now
	}
	v.times++
	v.stands = true
	w.gone[n.Name] = v
}

// NotifyUpdate is called when the metadata of a member has changed.
func (w *watcher) NotifyUpdate(n *memberlist.Node) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	is := change{n.Name, string(n.Meta)}
	if _, ok := w.updated[is]; !ok {
		w.updated[is] = now
	}
}

// forget drops what was noted of a member that is about to be lost: a verdict
// from before would not be about that. It says whether one is still to come.
func (w *watcher) forget(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	stands := w.gone[name].stands
	delete(w.gone, name)
	return !stands
}

func (w *watcher) goneAt(name string) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v, ok := w.gone[name]
	return v.first, ok
}

func (w *watcher) goneTimes(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gone[name].times
}

func (w *watcher) updatedAt(name, meta string) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := w.updated[change{name, meta}]
	return at, ok
}

// meta is a node's metadata, and the rest of a delegate that has nothing to say.
type meta struct {
	mu    sync.Mutex
	bytes []byte
}

func (m *meta) set(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes = []byte(text)
}

func (m *meta) NodeMeta(int) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bytes
}

func (m *meta) NotifyMsg([]byte)                {}
func (m *meta) GetBroadcasts(int, int) [][]byte { return nil }
func (m *meta) LocalState(bool) []byte          { return nil }
func (m *meta) MergeRemoteState([]byte, bool)   {}
