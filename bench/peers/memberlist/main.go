// memberlist runs a whole cluster of hashicorp/memberlist in one process, over
// loopback, at DefaultLANConfig, through the phases that ../../swimkit-peer.mts
// runs swimkit through, and prints one JSON object with the same keys. The
// benchmark starts the two in turn and compares.
//
//	apt-get install golang-go golang-github-hashicorp-memberlist-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o memberlist-peer .
//	./memberlist-peer -n 50
//
// The phases, each in a file or function of its own:
//
//	form    nodes start and join the first, one after the other, until all know all
//	steady  CPU and datagrams over -hold seconds, then memory (-hold 0 leaves out the rates)
//	update  the first node changes its metadata, -updates times; when does each
//	        other node see it?
//	crash   the last -kill nodes stop without a word, or fall -silent; when does
//	        each survivor hold each of them dead?
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"os"
	"runtime"
	"time"
)

// pause is how long an update is left to be told before the next: long enough for
// its last transmissions, and never in step with any period.
func pause() time.Duration {
	return 2*time.Second + time.Duration(rand.Int63n(int64(time.Second)))
}

type options struct {
	nodes     int
	base      int
	settle    time.Duration
	hold      time.Duration
	kill      int
	limit     time.Duration
	formLimit time.Duration
	silent    bool
	updates   int
}

func readOptions() options {
	nodes := flag.Int("n", 50, "nodes, at least 2")
	base := flag.Int("base", 20000, "port of the first node; the others follow")
	settle := flag.Float64("settle", 5, "seconds that a cluster that has formed is left alone before anything is measured")
	hold := flag.Float64("hold", 15, "seconds of steady state to measure")
	kill := flag.Int("kill", 1, "nodes to lose at the end")
	limit := flag.Float64("limit", 120, "seconds for all survivors to notice")
	formLimit := flag.Float64("form-limit", 300, "seconds for the cluster to form")
	silent := flag.Bool("silent", false, "the lost nodes' packets are dropped by nft and their processes live on (needs root in a network namespace of its own)")
	updates := flag.Int("updates", 1, "changes of metadata, one after the other")
	flag.Parse()
	switch {
	case *nodes < 2:
		log.Fatalf("-n is %d: must be at least 2", *nodes)
	case *kill < 0 || *kill > *nodes-2:
		log.Fatalf("-kill is %d: must be 0..%d of %d nodes, as the first changes its metadata and somebody has to look", *kill, *nodes-2, *nodes)
	case *updates < 0:
		log.Fatalf("-updates is %d: must be at least 0", *updates)
	case *base < 1 || *base+*nodes > 65536:
		log.Fatalf("-base is %d: %d ports from there on must be in 1..65535", *base, *nodes)
	}
	return options{
		nodes: *nodes, base: *base, settle: seconds(*settle), hold: seconds(*hold), kill: *kill, limit: seconds(*limit),
		formLimit: seconds(*formLimit), silent: *silent, updates: *updates,
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func main() {
	log.SetFlags(0)
	log.SetPrefix("memberlist-peer: ")
	o := readOptions()
	rand.Seed(time.Now().UnixNano())
	out := map[string]interface{}{
		"system": "memberlist", "runtime": runtime.Version(), "n": o.nodes, "profile": "lan", "silent": o.silent,
	}
	empty := heapBytes()

	start := time.Now()
	c, err := form(o)
	if err != nil {
		log.Fatal(err)
	}
	out["joined_s"] = c.joined.Sub(start).Seconds()
	out["form_s"] = time.Since(start).Seconds()
	out["form_cpu_s"] = cpuSeconds()

	time.Sleep(o.settle)
	if o.hold > 0 {
		cpu, sent, from := cpuSeconds(), datagramsOut(), time.Now()
		time.Sleep(o.hold)
		span := time.Since(from).Seconds() * float64(o.nodes)
		out["steady_cpu_pct_per_node"] = 100 * (cpuSeconds() - cpu) / span
		out["steady_datagrams_per_node_s"] = float64(datagramsOut()-sent) / span
	}
	out["heap_kb_per_node"] = float64(heapBytes()-empty) / 1024 / float64(o.nodes)
	out["rss_kb_per_node"] = float64(residentBytes()) / 1024 / float64(o.nodes)

	var updates []map[string]float64
	reached := 0
	for i := 0; i < o.updates; i++ {
		if i > 0 {
			time.Sleep(pause())
		}
		seen, err := c.update(fmt.Sprintf("v%d", i+2))
		if err != nil {
			out["update_error"] = err.Error()
		}
		reached += len(seen)
		updates = append(updates, quantiles(seen))
	}
	out["update_s"] = medians(updates)
	out["update_reached"], out["update_wanted"] = reached, o.updates*(o.nodes-1)

	if o.kill > 0 {
		noticed, wanted, err := c.crash(o)
		if err != nil {
			log.Fatal(err)
		}
		out["crash_s"], out["crash_seen"], out["crash_wanted"] = quantiles(noticed), len(noticed), wanted
	}
	out["false_positives"] = c.falsePositives(o)
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatal(fmt.Errorf("cannot print the result: %w", err))
	}
}
