// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package confignet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTransports(t *testing.T) {
	var transport TransportType
	for _, name := range append(transports, "") {
		require.NoError(t, transport.UnmarshalText([]byte(name)))
		assert.Equal(t, name, transport)
	}
	assert.EqualError(t, transport.UnmarshalText([]byte("carrier pigeon")), `unsupported transport type "carrier pigeon"`)
	require.NoError(t, (&AddrConfig{Transport: TransportTypeUnix, Endpoint: "/run/a"}).Validate())
	require.Error(t, (&AddrConfig{}).Validate())
	require.Error(t, (&AddrConfig{Transport: TransportTypeNpipe, Endpoint: "a"}).Validate())
}

func TestListenAndDial(t *testing.T) {
	address := AddrConfig{Transport: TransportTypeTCP, Endpoint: "127.0.0.1:0"}
	l, err := address.Listen(t.Context())
	require.NoError(t, err)
	defer l.Close()
	c, err := (&TCPAddrConfig{Endpoint: l.Addr().String()}).Dial(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.Close())
	accepted, err := l.Accept()
	require.NoError(t, err)
	assert.IsType(t, &conn{}, accepted)
	require.NoError(t, accepted.Close())
	assert.GreaterOrEqual(t, Limit(), minConns)
}
