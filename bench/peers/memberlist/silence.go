package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// silence drops what goes to and comes from the ports from..to, as if their
// hosts had lost power: nothing is refused, nothing answers. The namespace ends
// with the process, and the rules with it.
func silence(from, to int) error {
	var rules strings.Builder
	rules.WriteString("add table inet memberlist_peer\n")
	rules.WriteString("add chain inet memberlist_peer lost { type filter hook input priority 0; }\n")
	for _, match := range []string{"udp sport", "udp dport", "tcp sport", "tcp dport"} {
		fmt.Fprintf(&rules, "add rule inet memberlist_peer lost %s %d-%d drop\n", match, from, to)
	}
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(rules.String())
	if said, err := nft.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, strings.TrimSpace(string(said)))
	}
	return nil
}
