package main

import (
	"fmt"
	"io/ioutil"
	"time"

	"github.com/hashicorp/memberlist"
)

// poll is how often the cluster is asked whether a phase is over. The figures
// themselves are taken by the delegates, at the moment of the event.
const poll = 5 * time.Millisecond

type cluster struct {
	nodes    []*memberlist.Memberlist
	watchers []*watcher
	metas    []*meta
	joined   time.Time
}

func name(i int) string { return fmt.Sprintf("n%d", i) }

// form starts the nodes, each joining the first, and returns once all see all.
func form(o options) (*cluster, error) {
	c := &cluster{}
	first := fmt.Sprintf("127.0.0.1:%d", o.base)
	deadline := time.Now().Add(o.formLimit)
	for i := 0; i < o.nodes; i++ {
		w, m := newWatcher(), &meta{}
		config := memberlist.DefaultLANConfig()
		config.Name = name(i)
		config.BindAddr, config.BindPort = "127.0.0.1", o.base+i
		config.AdvertisePort = o.base + i
		config.LogOutput = ioutil.Discard
		config.Events, config.Delegate = w, m
		node, err := memberlist.Create(config)
		if err != nil {
			return nil, fmt.Errorf("cannot start %s: %w", name(i), err)
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%d nodes have not joined after %v: %d have", o.nodes, o.formLimit, i)
		}
		if i > 0 {
			if _, err := node.Join([]string{first}); err != nil {
				return nil, fmt.Errorf("%s cannot join: %w", name(i), err)
			}
		}
		c.nodes, c.watchers, c.metas = append(c.nodes, node), append(c.watchers, w), append(c.metas, m)
	}
	c.joined = time.Now()
	for !c.complete() {
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%d nodes have not formed a cluster after %v: %s", o.nodes, o.formLimit, c.known())
		}
		time.Sleep(poll)
	}
	return c, nil
}

// known says how far a cluster has come that has not formed.
func (c *cluster) known() string {
	whole, least := 0, len(c.nodes)
	for _, node := range c.nodes {
		members := node.NumMembers()
		if members == len(c.nodes) {
			whole++
		}
		if members < least {
			least = members
		}
	}
	return fmt.Sprintf("%d know all, the least know %d", whole, least)
}

func (c *cluster) complete() bool {
	for _, node := range c.nodes {
		if node.NumMembers() != len(c.nodes) {
			return false
		}
	}
	return true
}

// update changes the first node's metadata, and gives the seconds after which
// each of the others that did so saw it.
func (c *cluster) update(meta string) ([]float64, error) {
	c.metas[0].set(meta)
	from := time.Now()
	// It returns once the update has been sent as often as it will be, which says nothing of who has it.
	err := c.nodes[0].UpdateNode(10 * time.Second)
	others := c.watchers[1:]
	seen := waitFor(len(others), time.Minute, func() []float64 {
		var seen []float64
		for _, w := range others {
			if at, ok := w.updatedAt(name(0), meta); ok {
				seen = append(seen, at.Sub(from).Seconds())
			}
		}
		return seen
	})
	return seen, err
}

// crash takes the last nodes away, and gives the seconds after which each of the
// survivors held each of them dead, and how many such verdicts there are to be.
func (c *cluster) crash(o options) (noticed []float64, wanted int, err error) {
	left := o.nodes - o.kill
	survivors, victims := c.watchers[:left], c.nodes[left:]
	type pair struct {
		w      *watcher
		victim string
	}
	var awaited []pair
	for _, w := range survivors {
		for i := left; i < o.nodes; i++ {
			if w.forget(name(i)) {
				awaited = append(awaited, pair{w, name(i)})
			}
		}
	}
	from := time.Now()
	if o.silent {
		err = silence(o.base+left, o.base+o.nodes-1)
	} else {
		for _, node := range victims {
			if err = node.Shutdown(); err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("cannot take nodes away: %w", err)
	}
	wanted = len(awaited)
	noticed = waitFor(wanted, o.limit, func() []float64 {
		var noticed []float64
		for _, p := range awaited {
			if at, ok := p.w.goneAt(p.victim); ok {
				noticed = append(noticed, at.Sub(from).Seconds())
			}
		}
		return noticed
	})
	return noticed, wanted, nil
}

// falsePositives counts verdicts of survivors about survivors, since the start.
func (c *cluster) falsePositives(o options) int {
	left, wrong := o.nodes-o.kill, 0
	for _, w := range c.watchers[:left] {
		for i := 0; i < left; i++ {
			wrong += w.goneTimes(name(i))
		}
	}
	return wrong
}

// waitFor asks for figures until there are enough of them or the time is up.
func waitFor(enough int, limit time.Duration, figures func() []float64) []float64 {
	deadline := time.Now().Add(limit)
	for {
		got := figures()
		if len(got) >= enough || time.Now().After(deadline) {
			return got
		}
		time.Sleep(poll)
	}
}
