package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"runtime"
	"sort"
	"strings"
	"syscall"
)

// cpuSeconds is what this process has used of all cores, in user and system.
func cpuSeconds() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(fmt.Errorf("cannot read the CPU time: %w", err))
	}
	of := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return of(used.Utime) + of(used.Stime)
}

// heapBytes is what is in use on the heap after two collections, the second for
// what finalizers held. Goroutine stacks are not counted.
func heapBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// residentBytes is the memory of the whole process, as the system sees it.
func residentBytes() int64 {
	var kb int64
	eachLine("/proc/self/status", func(line string) {
		if strings.HasPrefix(line, "VmRSS:") {
			fmt.Sscan(strings.TrimPrefix(line, "VmRSS:"), &kb)
		}
	})
	return kb * 1024
}

// datagramsOut is how many datagrams were sent in this network namespace: in
// one that is shared with others, theirs count as well.
func datagramsOut() int64 {
	var names []string
	var sent int64
	eachLine("/proc/net/snmp", func(line string) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "Udp:" {
			return
		}
		if names == nil {
			names = fields
			return
		}
		for i, name := range names {
			if name == "OutDatagrams" && i < len(fields) {
				fmt.Sscan(fields[i], &sent)
			}
		}
	})
	return sent
}

func eachLine(path string, use func(line string)) {
	file, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		use(lines.Text())
	}
}

// quantiles of nothing are nothing.
func quantiles(xs []float64) map[string]float64 {
	if len(xs) == 0 {
		return nil
	}
	sort.Float64s(xs)
	at := func(q float64) float64 { return xs[int(q*float64(len(xs)-1))] }
	return map[string]float64{"first": at(0), "p50": at(.5), "p99": at(.99), "last": at(1)}
}

// medians gives for each quantile the median over several sets of them.
func medians(sets []map[string]float64) map[string]float64 {
	byKey := map[string][]float64{}
	for _, set := range sets {
		for key, x := range set {
			byKey[key] = append(byKey[key], x)
		}
	}
	if len(byKey) == 0 {
		return nil
	}
	middle := map[string]float64{}
	for key, xs := range byKey {
		sort.Float64s(xs)
		half := len(xs) / 2
		middle[key] = xs[half]
		if len(xs)%2 == 0 {
			middle[key] = (xs[half-1] + xs[half]) / 2
		}
	}
	return middle
}
