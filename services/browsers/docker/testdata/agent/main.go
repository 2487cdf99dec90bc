// Command agent stands in for turtus-agent in tests: it takes its token from its input, says what it is told to by TURTUS_VB_FAKE, and
// needs nothing but itself.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	token, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		fmt.Fprintln(os.Stderr, "turtus-agent: no token:", err)
		os.Exit(2)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	fake := os.Getenv("TURTUS_VB_FAKE")
	switch fake {
	case "fail":
		fmt.Fprintln(os.Stderr, "starting")
		fmt.Fprintln(os.Stderr, `time=2026-01-01T00:00:00Z level=ERROR msg="Firefox does not start" browser=x`)
		os.Exit(1)
	case "echo":
		echo(":" + os.Getenv("TURTUS_VB_UDP_PORT"))
		if port := os.Getenv("TURTUS_VB_TCP_PORT"); port != "0" {
			echoOverTCP(":" + port)
		}
	case "hub":
		say(strings.TrimPrefix(os.Getenv("TURTUS_VB_SIGNAL_SERVER"), "unix://"), token)
	case "hungry":
		var all [][]byte
		for {
			page := make([]byte, 1<<20)
			for i := range page {
				page[i] = byte(i)
			}
			all = append(all, page)
			_ = all
		}
	}
	for range end {
		if fake != "stubborn" {
			fmt.Fprintln(os.Stderr, "told to end")
			return
		}
	}
}

// echoOverTCP sends back what comes.
func echoOverTCP(address string) {
	at, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() {
		for {
			c, err := at.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
}

// echo sends back what comes, with its own address before it.
func echo(address string) {
	at, err := net.ListenPacket("udp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := at.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = at.WriteTo(append([]byte("echo "), buffer[:n]...), from)
		}
	}()
}

// say hands the token to whoever listens at a Unix socket, and tries to leave a file beside it.
func say(socket, token string) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, "turtus-agent: no hub:", err)
		os.Exit(3)
	}
	defer c.Close()
	_, err = os.Create(strings.TrimSuffix(socket, ".sock") + ".mine")
	fmt.Fprintf(c, "%s%v\n%v\n", token, err, strings.Join(os.Environ(), "\n"))
}
