// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command arctool checks and tests the configuration of otelcol-arc: price tables,
// rule files and notifications. It is to otelcol-arc what promtool is to Prometheus
// and amtool to Alertmanager. The collector's own command is generated and cannot have
// further subcommands.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	buildversion "github.com/otelcol-arc/otelcol-arc/internal/version"
)

// version is that of builder-config.yaml; the Makefile sets it.
var version = "unreleased"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:          "arctool",
		Short:        "Checks and tests the configuration of otelcol-arc",
		SilenceUsage: true,
		Version:      version,
	}
	cobra.AddTemplateFunc("describe", buildversion.Describe)
	root.SetVersionTemplate("{{describe .Name .Version}}\n")
	root.AddCommand(newDoctorCommand(), newExplainCommand(), newHealthCommand(), newNotifyCommand(), newPricesCommand(), newRulesCommand(), newUsageCommand())
	return root
}
