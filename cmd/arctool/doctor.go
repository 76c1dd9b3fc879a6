// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// doctor are the options of `arctool doctor`.
type doctor struct {
	dashboard, grpc, http, arc string
	packages                   string
	lookup                     func(string) (string, bool)
	client                     *http.Client
}

// finding is what one check has found.
type finding struct {
	problem bool
	text    string
}

func newDoctorCommand() *cobra.Command {
	d := doctor{lookup: os.LookupEnv}
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Finds out why no calls arrive",
		Long: `Checks the variables that OpenTelemetry SDKs read in this shell, the ports of the
collector and the protocols they speak, what has passed in the last 15 minutes and what
became of it, and the health of the collector's components. Run it where the application
runs, with the application's environment. With --packages it also reads what is
installed, and names versions that are known not to work.`,
		Example: `  arctool doctor
  pip freeze | arctool doctor --packages -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.client = &http.Client{Timeout: timeout}
			defer d.client.CloseIdleConnections()
			findings := d.checkEnvironment()
			if d.packages != "" {
				found, err := d.checkPackages(cmd.InOrStdin())
				if err != nil {
					return err
				}
				findings = append(findings, found...)
			}
			findings = append(findings, d.checkPorts(cmd.Context())...)
			findings = append(findings, d.checkTraffic(cmd.Context())...)
			return report(cmd.OutOrStdout(), findings)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&d.dashboard, "dashboard", defaultDashboardURL, "`URL` of the dashboard; ARCTOOL_TOKEN is sent as a bearer token")
	flags.StringVar(&d.grpc, "otlp-grpc", "localhost:4317", "`address` of OTLP over gRPC")
	flags.StringVar(&d.http, "otlp-http", "http://localhost:4318", "`URL` of OTLP over HTTP")
	flags.StringVar(&d.arc, "arc", "http://localhost:8123", "`URL` of the arc receiver")
	flags.StringVar(&d.packages, "packages", "", "`file` with the output of pip freeze; - is standard input")
	flags.DurationVar(&timeout, "timeout", 5*time.Second, "how long to wait for a response")
	return cmd
}

// report writes the findings, and fails if one is a problem.
func report(out io.Writer, findings []finding) error {
	problems := 0
	for _, f := range findings {
		mark := "ok      "
		if f.problem {
			mark = "PROBLEM "
			problems++
		}
		fmt.Fprintln(out, mark, f.text)
	}
	if problems == 0 {
		return nil
	}
	return errors.New(count(problems, "problem"))
}

func okay(format string, args ...any) finding { return finding{text: fmt.Sprintf(format, args...)} }

func problem(format string, args ...any) finding {
	return finding{problem: true, text: fmt.Sprintf(format, args...)}
}
