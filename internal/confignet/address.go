// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package confignet

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"
)

// TransportType is a network of package net, or npipe, the named pipes of Windows.
type TransportType string

// The transports that a configuration may name.
const (
	TransportTypeTCP        TransportType = "tcp"
	TransportTypeTCP4       TransportType = "tcp4"
	TransportTypeTCP6       TransportType = "tcp6"
	TransportTypeUDP        TransportType = "udp"
	TransportTypeUDP4       TransportType = "udp4"
	TransportTypeUDP6       TransportType = "udp6"
	TransportTypeIP         TransportType = "ip"
	TransportTypeIP4        TransportType = "ip4"
	TransportTypeIP6        TransportType = "ip6"
	TransportTypeUnix       TransportType = "unix"
	TransportTypeUnixgram   TransportType = "unixgram"
	TransportTypeUnixPacket TransportType = "unixpacket"
	TransportTypeNpipe      TransportType = "npipe"
)

var transports = []TransportType{
	TransportTypeTCP, TransportTypeTCP4, TransportTypeTCP6, TransportTypeUDP, TransportTypeUDP4, TransportTypeUDP6,
	TransportTypeIP, TransportTypeIP4, TransportTypeIP6, TransportTypeUnix, TransportTypeUnixgram, TransportTypeUnixPacket,
	TransportTypeNpipe,
}

// UnmarshalText accepts the known transports, and none.
func (t *TransportType) UnmarshalText(text []byte) error {
	name := TransportType(text)
	if name != "" && !slices.Contains(transports, name) {
		return fmt.Errorf("unsupported transport type %q", name)
	}
	*t = name
	return nil
}

// DialerConfig configures outgoing connections.
type DialerConfig struct {
	// Timeout is how long connecting may take; 0 is as long as the system tries.
	Timeout time.Duration `mapstructure:"timeout,omitempty"`

	_ struct{}
}

// AddrConfig is an address of any transport.
type AddrConfig struct {
	DialerConfig DialerConfig `mapstructure:"dialer,omitempty"`
	// Endpoint is the address: host:port for TCP and UDP.
	Endpoint string `mapstructure:"endpoint,omitempty"`
	// Transport is the network of the address.
	Transport TransportType `mapstructure:"transport,omitempty"`

	_ struct{}
}

// TCPAddrConfig is a TCP address.
type TCPAddrConfig struct {
	DialerConfig DialerConfig `mapstructure:"dialer,omitempty"`
	// Endpoint is the address, host:port.
	Endpoint string `mapstructure:"endpoint,omitempty"`

	_ struct{}
}

// NewDefaultDialerConfig returns a DialerConfig without a timeout.
func NewDefaultDialerConfig() DialerConfig { return DialerConfig{} }

// NewDefaultAddrConfig returns an AddrConfig without an address.
func NewDefaultAddrConfig() AddrConfig { return AddrConfig{} }

// NewDefaultTCPAddrConfig returns a TCPAddrConfig without an address.
func NewDefaultTCPAddrConfig() TCPAddrConfig { return TCPAddrConfig{} }

// Validate checks the transport.
func (a *AddrConfig) Validate() error {
	if !slices.Contains(transports, a.Transport) {
		return fmt.Errorf("invalid transport type %q", a.Transport)
	}
	if a.Transport == TransportTypeNpipe {
		return validatePipe(a.Endpoint)
	}
	return nil
}

// Dial connects to the address.
func (a *AddrConfig) Dial(ctx context.Context) (net.Conn, error) {
	if a.Transport == TransportTypeNpipe {
		return dialPipe(ctx, a.Endpoint, a.DialerConfig.Timeout)
	}
	return (&net.Dialer{Timeout: a.DialerConfig.Timeout}).DialContext(ctx, string(a.Transport), a.Endpoint)
}

// Listen listens on the address. Connections count toward the limit of the process.
func (a *AddrConfig) Listen(ctx context.Context) (net.Listener, error) {
	if a.Transport == TransportTypeNpipe {
		return listenPipe(a.Endpoint)
	}
	return listen(ctx, string(a.Transport), a.Endpoint)
}

// Dial connects to the address.
func (a *TCPAddrConfig) Dial(ctx context.Context) (net.Conn, error) {
	return (&net.Dialer{Timeout: a.DialerConfig.Timeout}).DialContext(ctx, string(TransportTypeTCP), a.Endpoint)
}

// Listen listens on the address. Connections count toward the limit of the process.
func (a *TCPAddrConfig) Listen(ctx context.Context) (net.Listener, error) {
	return listen(ctx, string(TransportTypeTCP), a.Endpoint)
}

func listen(ctx context.Context, network, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &listener{Listener: l, connections: process()}, nil
}
