// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const defaultDashboardURL = "http://localhost:8124"

func newUsageCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "usage", Short: "Exports what was used from a running collector"}
	cmd.AddCommand(newFocusCommand())
	return cmd
}

// newFocusCommand writes what /api/usage/focus responds with.
func newFocusCommand() *cobra.Command {
	var base, from, to, format, step, account, source, output string
	var where []string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "focus --from PERIOD [--to PERIOD]",
		Short: "Writes usage as the FinOps Open Cost and Usage Specification (FOCUS) 1.2 has it",
		Long: "Writes usage as the FinOps Open Cost and Usage Specification (FOCUS) 1.2 has it, as CSV or Parquet, " +
			"from the dashboard of a running collector. Periods are as in its API: 2026-10, 2026-10-05, 2026-W41, 2026-Q4.",
		Example: "  arctool usage focus --from 2026-10 --to 2026-10 --format parquet --output october.parquet",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			query := url.Values{"from": {from}, "format": {format}, "step": {step}, "where": where}
			for name, value := range map[string]string{"to": to, "account": account, "source": source} {
				if value != "" {
					query.Set(name, value)
				}
			}
			request, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, strings.TrimSuffix(base, "/")+"/api/usage/focus?"+query.Encode(), http.NoBody)
			if err != nil {
				return err
			}
			if token := os.Getenv("ARCTOOL_TOKEN"); token != "" {
				request.Header.Set("Authorization", "Bearer "+token)
			}
			return export(request, timeout, cmd.OutOrStdout(), output)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&base, "url", defaultDashboardURL, "address of the dashboard; ARCTOOL_TOKEN is sent as a bearer token")
	flags.StringVar(&from, "from", "", "start of the period (required)")
	flags.StringVar(&to, "to", "", "end of the period, included if it is a date, week, month or quarter (the running hour)")
	flags.StringVar(&format, "format", "csv", "csv or parquet")
	flags.StringVar(&step, "step", "day", "length of the charge periods: day or hour")
	flags.StringArrayVar(&where, "where", nil, "DIMENSION=VALUE; may come several times")
	flags.StringVar(&account, "account", "", "value of BillingAccountId (the provider)")
	flags.StringVar(&source, "source", "", "ID of an llm_cost processor (the first)")
	flags.StringVarP(&output, "output", "o", "", "file to write (standard output)")
	flags.DurationVar(&timeout, "timeout", 10*time.Minute, "how long the whole may take")
	_ = cmd.MarkFlagRequired("from")
	return cmd
}

// export writes a response to a file, which is there only once it is complete, or to out.
func export(request *http.Request, timeout time.Duration, out io.Writer, file string) (err error) {
	client := http.Client{Timeout: timeout}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return refusal(response)
	}
	if file == "" {
		_, err = io.Copy(out, response.Body)
		return err
	}
	part := file + ".part"
	to, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(to, response.Body); err == nil {
		err = to.Sync()
	}
	if closed := to.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(part, file)
	}
	if err != nil {
		_ = os.Remove(part)
		return err
	}
	return nil
}

// refusal is the error of the API.
func refusal(response *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
	var failure struct{ Error string }
	if json.Unmarshal(body, &failure) == nil && failure.Error != "" {
		return fmt.Errorf("%s: %s", response.Status, failure.Error)
	}
	return fmt.Errorf("the dashboard responded with %s", response.Status)
}
