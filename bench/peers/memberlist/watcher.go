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

// verdict is that a member is dead, and how often it was reached.
type verdict struct {
	first time.Time
	times int
}

func newWatcher() *watcher {
	return &watcher{gone: map[string]verdict{}, updated: map[change]time.Time{}}
}

// NotifyJoin is of no interest: forming is asked for.
func (w *watcher) NotifyJoin(*memberlist.Node) {}

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
