package e2e

import (
	"fmt"
	"os"
	"testing"
)

// The addresses of the four machines. All ways lead through the middle one.
const (
	wayAddr = "10.77.1.1" // what the gateway sees of the middle
	hubAddr = "10.77.2.2"
	wayPort = "1883"
	postNIC = "eth0" // the interface of each outer machine
	wayToGW = "to-post"
)

// network is four machines that share nothing but wires: the post with the gateway
// and its sensors, the hub with the broker, the town with the aggregator and its
// store, and in their middle the way, where the wires are spoiled.
type network struct {
	t                    *testing.T
	post, way, hub, town place
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	mayRearrange(t, "ip", "nft", "tc")
	name := func(s string) place { return place(fmt.Sprintf("lp%d-%s", os.Getpid(), s)) }
	n := &network{t: t, post: name("post"), way: name("way"), hub: name("hub"), town: name("town")}
	here := place("")
	for _, p := range []place{n.way, n.post, n.hub, n.town} {
		here.tool(t, "", "ip", "netns", "add", string(p))
		t.Cleanup(func() { _ = here.try("", "ip", "netns", "del", string(p)) }) // best effort: it goes with this machine
		p.tool(t, "", "ip", "link", "set", "lo", "up")
	}
	for i, p := range []place{n.post, n.hub, n.town} {
		nic := [...]string{wayToGW, "to-hub", "to-town"}[i]
		n.way.tool(t, "", "ip", "link", "add", nic, "type", "veth", "peer", "name", postNIC, "netns", string(p))
		n.way.tool(t, "", "ip", "addr", "add", fmt.Sprintf("10.77.%d.1/24", i+1), "dev", nic)
		n.way.tool(t, "", "ip", "link", "set", nic, "up")
		p.tool(t, "", "ip", "addr", "add", fmt.Sprintf("10.77.%d.2/24", i+1), "dev", postNIC)
		p.tool(t, "", "ip", "link", "set", postNIC, "up")
		p.tool(t, "", "ip", "route", "add", "default", "via", fmt.Sprintf("10.77.%d.1", i+1))
	}
	n.way.tool(t, "", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
	return n
}

// spoil does something to what arrives over the gateway's wire, at both of its
// ends: what is refused on arrival was lost on the way as far as the sender knows.
func (n *network) spoil(verdict string) {
	n.t.Helper()
	n.heal()
	for p, nic := range map[place]string{n.way: wayToGW, n.post: postNIC} {
		p.tool(n.t, fmt.Sprintf("table inet link {\n chain arriving {\n  type filter hook input priority 0;\n  iifname %q %s\n }\n}\n", nic, verdict),
			"nft", "-f", "-")
	}
}

// heal takes away what spoil did.
func (n *network) heal() {
	for _, p := range []place{n.way, n.post} {
		_ = p.try("", "nft", "delete", "table", "inet", "link") // there may be none
	}
}

// narrow limits both directions of the gateway's wire to a rate, as tc writes it;
// empty: no limit.
func (n *network) narrow(rate string) {
	n.t.Helper()
	for p, nic := range map[place]string{n.way: wayToGW, n.post: postNIC} {
		if rate == "" {
			p.tool(n.t, "", "tc", "qdisc", "del", "dev", nic, "root")
			continue
		}
		p.tool(n.t, "", "tc", "qdisc", "add", "dev", nic, "root", "tbf", "rate", rate, "burst", "4kb", "latency", "1s")
	}
}

// plug pulls the gateway's cable or puts it back.
func (n *network) plug(in bool) {
	n.t.Helper()
	n.way.tool(n.t, "", "ip", "link", "set", wayToGW, map[bool]string{true: "up", false: "down"}[in])
}
