// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"encoding/base64"
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

func TestSecretsAreKept(t *testing.T) {
	notifier.KeepsSecrets(t, NewFactory(), notifier.SMTPVendors(), func(cfg component.Config, address string) {
		host, port, err := net.SplitHostPort(address)
		require.NoError(t, err)
		c := cfg.(*Config)
		c.Server, c.TLSMode, c.Username, c.Password = host, tlsNone, user, secret
		c.Port, err = strconv.Atoi(port)
		require.NoError(t, err)
	}, secret, base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+secret)))
}
