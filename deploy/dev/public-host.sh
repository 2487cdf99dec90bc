#!/usr/bin/env bash
# Runs a command while there is a host with a public address that is nobody's: what it is asked there, this machine
# answers. So browsers in containers, which reach the public Internet alone, can see the pages of tests.
# Usage, as root: public-host.sh command… (PAGES_HOST in its environment is the address).
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo 'public-host.sh needs root (it makes a network namespace).' >&2; exit 1; }
name=turtus-public here=9.99.96.1 there=9.99.96.2

down() {
  ip link delete $name 2>/dev/null || true
  ip netns delete $name 2>/dev/null || true
}
trap down EXIT
down # what a killed one has left
ip netns add $name
ip link add $name type veth peer name out netns $name
ip address add $here/30 dev $name
ip link set $name up
inside() { ip netns exec $name "$@"; }
inside ip address add $there/30 dev out
inside ip link set out up
inside sysctl -q -w net.ipv4.ip_forward=1
inside iptables -t nat -A PREROUTING -d $there -j DNAT --to-destination $here
inside iptables -t nat -A POSTROUTING -d $here -j SNAT --to-source $there
PAGES_HOST=$there "$@"
