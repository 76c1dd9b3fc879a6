// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/common/model"
)

// NewAlertmanager serves the method of API v2 that accepts alerts. Each alert is a
// body of the inbox.
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
func NewAlertmanager(tb testing.TB) *Inbox {
	tb.Helper()
	return newAlertmanager(tb, CheckAlerts)
}

// NewClassicAlertmanager is one from before 0.27, which refuses UTF-8 label names.
func NewClassicAlertmanager(tb testing.TB) *Inbox {
	tb.Helper()
	return newAlertmanager(tb, CheckClassicAlerts)
}

func newAlertmanager(tb testing.TB, check func([]byte) error) *Inbox {
	tb.Helper()
	inbox := &Inbox{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/alerts", func(w http.ResponseWriter, r *http.Request) {
		if inbox.refuses(w) {
			return
		}
		content, err := io.ReadAll(r.Body)
		if err == nil {
			err = check(content)
		}
		var bodies []map[string]any
		if err == nil {
			err = json.Unmarshal(content, &bodies)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, body := range bodies {
			inbox.accept(body)
		}
	})
	server := httptest.NewServer(mux)
	tb.Cleanup(server.Close)
	inbox.URL = server.URL
	return inbox
}

// CheckAlerts applies the documented schema, and Alertmanager's further
// requirements for an alert.
func CheckAlerts(content []byte) error {
	var alerts models.PostableAlerts
	if err := json.Unmarshal(content, &alerts); err != nil {
		return err
	}
	if err := alerts.Validate(strfmt.Default); err != nil {
		return err
	}
	for i, alert := range alerts {
		if alert.Labels["alertname"] == "" {
			return fmt.Errorf("%d: labels.alertname is missing", i)
		}
		for _, set := range []models.LabelSet{alert.Labels, alert.Annotations} {
			for name, value := range set {
				if name == "" || value == "" {
					return fmt.Errorf("%d: %q has no name or value", i, name)
				}
				if !model.UTF8Validation.IsValidLabelName(name) {
					return fmt.Errorf("%d: invalid name %q", i, name)
				}
			}
		}
		starts, ends := time.Time(alert.StartsAt), time.Time(alert.EndsAt)
		if starts.IsZero() {
			return errors.New("startsAt is missing")
		}
		if !ends.IsZero() && ends.Before(starts) {
			return fmt.Errorf("%d: ends before it starts", i)
		}
	}
	return nil
}

// CheckClassicAlerts is CheckAlerts as of before 0.27.
func CheckClassicAlerts(content []byte) error {
	if err := CheckAlerts(content); err != nil {
		return err
	}
	var alerts models.PostableAlerts
	if err := json.Unmarshal(content, &alerts); err != nil {
		return err
	}
	for i, alert := range alerts {
		for _, set := range []models.LabelSet{alert.Labels, alert.Annotations} {
			for name := range set {
				if !model.LegacyValidation.IsValidLabelName(name) {
					return fmt.Errorf("%d: invalid name %q", i, name)
				}
			}
		}
	}
	return nil
}
