// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/otelcol-arc/otelcol-arc/internal/retrieval"
	"github.com/otelcol-arc/otelcol-arc/internal/version"
)

// converting is what the Collector writes before our errors about the whole configuration.
const converting = "failed to get config: cannot resolve the configuration: cannot convert the confmap.Conf: "

// Execute runs the Collector's command with the arguments of the process.
func Execute(set otelcol.CollectorSettings) error {
	unset, read := &unsetVariables{}, &reads{}
	retrieval.Observe(&set.ConfigProviderSettings.ResolverSettings, unset.observe)
	retrieval.Observe(&set.ConfigProviderSettings.ResolverSettings, read.observe)
	converters := &set.ConfigProviderSettings.ResolverSettings.ConverterFactories
	*converters = append(slices.Clone(*converters), newDurationCheck(set.Factories))
	cmd := otelcol.NewCommand(set)
	cobra.AddTemplateFunc("describe", version.Describe)
	cmd.SetVersionTemplate("{{describe .Name .Version}}\n")
	cmd.SilenceErrors = true // they are printed here
	err := cmd.Execute()
	if err == nil {
		return nil
	}
	message := strings.TrimPrefix(err.Error(), converting)
	hints := explainInUse(message)
	if len(hints) == 0 {
		for _, name := range unset.list() {
			hints = append(hints, fmt.Sprintf("%s is not set, and the configuration has no default for it", name))
		}
	}
	hints = append(hints, read.explainContents(message)...)
	hints = append(hints, read.explainReference(message)...)
	if known, err := readKeys(set.Factories); err == nil {
		hints = append(hints, known.suggest(message)...)
	}
	cmd.PrintErrln("Error:", strings.Join(append(hints, message), "\n"))
	return err
}
