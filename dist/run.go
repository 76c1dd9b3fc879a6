// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main //nolint:revive // main.go, which is generated, has the comment

import (
	"go.opentelemetry.io/collector/otelcol"

	"github.com/otelcol-arc/otelcol-arc/internal/command"
	"github.com/otelcol-arc/otelcol-arc/internal/lifecycle"
)

// run stands in for that of the builder, which `make generate` removes.
func run(params otelcol.CollectorSettings) error {
	return lifecycle.Run(params, command.Execute)
}
