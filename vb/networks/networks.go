// Package networks shows by which way the picture comes in each kind of network: a real server, agent, Firefox and viewers, in network
// namespaces of their own on one machine. There is nothing but its tests; `make networks` runs them, as root.
//
// The test program begins itself again in namespaces of its own (network, mounts, processes). So it touches nothing of the machine's
// network, and whatever it made is gone with it, however it ends.
package networks
