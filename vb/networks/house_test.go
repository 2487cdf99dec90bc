package networks

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	wanted = "TURTUS_TEST_NETWORKS"
	inside = "TURTUS_TEST_NETWORKS_INSIDE"
)

// The houses besides the server's, which is where the tests run.
const (
	router    = "router"
	home      = "home"      // behind the router, which gives it an address of its own (NAT)
	neighbour = "neighbour" // on one network with the server
	friend    = "friend"    // behind the same router as home, on a line of its own
)

const (
	serverAddress    = "203.0.113.10" // on the Internet, so to say
	serverAtHome     = "192.168.7.1"
	neighbourAddress = "192.168.7.2"
	routerAddress    = "203.0.113.1"
	routerInside     = "192.168.50.1"
	homeAddress      = "192.168.50.2"
	homeOther        = "192.168.50.77"
	routerToFriend   = "192.168.60.1"
	friendAddress    = "192.168.60.2"
)

func TestMain(m *testing.M) {
	if os.Getenv(wanted) != "" && os.Getenv(inside) == "" {
		fmt.Fprintln(os.Stderr, "networks:", apart())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// apart begins this program again in namespaces of its own; it returns only when that fails.
func apart() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s is set, and namespaces need root: run make networks as root", wanted)
	}
	for _, program := range []string{"ip", "iptables", "unshare", "mount"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is missing: install iproute2, iptables, util-linux and mount", program)
		}
	}
	unshare, _ := exec.LookPath("unshare")
	own := []string{unshare, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"}
	try := append(own[1:len(own):len(own)], "true")
	if out, err := exec.Command(unshare, try...).CombinedOutput(); err != nil {
		return fmt.Errorf("this machine gives no namespaces (in a container that takes --privileged): %w: %s", err, out)
	}
	return syscall.Exec(unshare, append(own, os.Args...), append(os.Environ(), inside+"=1"))
}

// do runs a program to its end.
func do(t *testing.T, line string) {
	t.Helper()
	fields := strings.Fields(line)
	out, err := exec.Command(fields[0], fields[1:]...).CombinedOutput()
	require.NoError(t, err, "%s: %s", line, out)
}

// in runs one inside a house.
func in(t *testing.T, house, line string) {
	t.Helper()
	do(t, "ip netns exec "+house+" "+line)
}

// built says that the houses are there: they stay until this program ends.
var built bool

// build makes the houses and the lines between them, once.
//
//	neighbour .2 -- 192.168.7.0/24 -- .1 server .10 -- 203.0.113.0/24 -- .1 router .1 -- 192.168.50.0/24 -- .2 home
//	                                                                        router .1 -- 192.168.60.0/24 -- .2 friend
func build(t *testing.T) {
	t.Helper()
	if built {
		return
	}
	// Names of namespaces are mounts there: ours are seen by nobody else.
	require.NoError(t, os.MkdirAll("/run/netns", 0o755))
	do(t, "mount -t tmpfs tmpfs /run/netns")
	do(t, "ip link set lo up")
	for _, house := range []string{router, home, neighbour, friend} {
		do(t, "ip netns add "+house)
		in(t, house, "ip link set lo up")
	}
	do(t, "ip link add lan type veth peer name lan netns "+neighbour)
	do(t, "ip link add wan type veth peer name wan netns "+router)
	in(t, router, "ip link add inside type veth peer name lan netns "+home)
	in(t, router, "ip link add beside type veth peer name lan netns "+friend)

	do(t, "ip addr add "+serverAtHome+"/24 dev lan")
	do(t, "ip link set lan up")
	do(t, "ip addr add "+serverAddress+"/24 dev wan")
	do(t, "ip link set wan up")
	do(t, "ip route add default via "+routerAddress)
	for _, network := range []string{"192.168.50.0/24", "192.168.60.0/24"} {
		do(t, "ip route add unreachable "+network) // the Internet leads to nobody's home network
	}
	in(t, neighbour, "ip addr add "+neighbourAddress+"/24 dev lan")
	in(t, neighbour, "ip link set lan up")
	in(t, router, "ip addr add "+routerAddress+"/24 dev wan")
	in(t, router, "ip link set wan up")
	in(t, router, "ip addr add "+routerInside+"/24 dev inside")
	in(t, router, "ip link set inside up")
	in(t, router, "ip addr add "+routerToFriend+"/24 dev beside")
	in(t, router, "ip link set beside up")
	require.NoError(t, exec.Command("ip", "netns", "exec", router, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward").Run())
	in(t, router, "iptables -t nat -A POSTROUTING -o wan -j MASQUERADE")
	in(t, home, "ip link set lan up")
	move(t, homeAddress)
	in(t, friend, "ip link set lan up")
	in(t, friend, "ip addr add "+friendAddress+"/24 dev lan")
	in(t, friend, "ip route add default via "+routerToFriend)
	built = true
}

// move gives the home another address, as another Wi-Fi would: all that it had is gone.
func move(t *testing.T, address string) {
	t.Helper()
	in(t, home, "ip addr flush dev lan")
	in(t, home, "ip addr add "+address+"/24 dev lan")
	in(t, home, "ip route add default via "+routerInside)
}

// Each is one packet filter of the router. What it drops, it drops without a word, as the worst of them do.
var (
	lets = []string{"-P FORWARD ACCEPT"}
	// noUDP is what firms and hotels have.
	noUDP = []string{"-A FORWARD -p udp -j DROP"}
	// webAndRelay lets two ports out.
	webAndRelay = []string{
		"-A FORWARD -i inside -p tcp --dport 443 -j ACCEPT", "-A FORWARD -i inside -p tcp --dport 3478 -j ACCEPT",
		"-A FORWARD -i inside -p udp --dport 3478 -j ACCEPT", "-A FORWARD -i inside -j DROP",
	}
	// webAlone lets out what looks like the web.
	webAlone = []string{"-A FORWARD -i inside -p tcp --dport 443 -j ACCEPT", "-A FORWARD -i inside -j DROP"}
	// apartment keeps those behind the router from each other, as Wi-Fi for guests does.
	apartment = []string{"-A FORWARD -i inside -o beside -j DROP", "-A FORWARD -i beside -o inside -j DROP"}
	// lossy loses one packet of twenty, each way.
	lossy = []string{"-A FORWARD -p udp -m statistic --mode random --probability 0.05 -j DROP"}
)

// filter has the router filter so, for the test.
func filter(t *testing.T, rules []string) {
	t.Helper()
	for _, rule := range rules {
		in(t, router, "iptables "+rule)
	}
	t.Cleanup(func() { in(t, router, "iptables -F FORWARD") })
}
