package main

import (
	"net"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// address of every name.
var address = netip.MustParseAddr("9.99.98.2").As4()

// serveNames is a name server that gives every name the same address.
func serveNames(at string) error {
	conn, err := net.ListenPacket("udp", at)
	if err != nil {
		return err
	}
	go func() {
		buffer := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var message dnsmessage.Message
			if message.Unpack(buffer[:n]) != nil || len(message.Questions) != 1 {
				continue
			}
			question := message.Questions[0]
			message.Response, message.Additionals = true, nil
			if question.Type == dnsmessage.TypeA {
				message.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class, TTL: 1},
					Body:   &dnsmessage.AResource{A: address},
				}}
			}
			if answer, err := message.Pack(); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return nil
}
