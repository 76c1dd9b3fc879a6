// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notifiers

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
)

// 5,000 alerts of one evaluation, every tenth critical, at vendors with the limits that
// they document: when each has accepted the last critical one, and the last of all.
func TestTimeToTheLastOf5000(t *testing.T) {
	falseclock.Long(t)
	w := newWorld(t)
	w.resend = "30m" // which is not measured here
	falseclock.Test(t, func(t *testing.T) {
		w.t = t
		w.start()
		var storm []alertevent.Alert
		for i := range 5000 {
			a := alerts.Firing()
			a.Labels = map[string]string{"alertname": "Warn", "i": strconv.Itoa(i), "severity": "warning"}
			if i%10 == 0 {
				a.Labels["alertname"], a.Labels["severity"] = "Page", "page"
			}
			storm = append(storm, a)
		}
		began := time.Now()
		for name, e := range w.running {
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(storm...)))
			assert.Zero(t, time.Since(began), "%s: taking them waits for nobody", name)
		}
		criticalWaited := time.Duration(0) // at PagerDuty, the only one that takes one alert a request
		pagerDuty := w.vendors["pagerduty"]
		for waiting(w) > 0 && time.Since(began) < time.Hour {
			time.Sleep(time.Second)
			synctest.Wait()
			pagerDuty.mu.Lock()
			if criticalWaited == 0 && len(pagerDuty.order) >= 500 {
				criticalWaited = time.Since(began)
			}
			pagerDuty.mu.Unlock()
		}
		require.Zero(t, waiting(w))
		for name, v := range w.vendors {
			last := max(v.last.Sub(began), 0)
			t.Logf("%s: the last after %s", name, last.Round(time.Second))
			assert.LessOrEqual(t, last, 46*time.Minute, name)
			for _, one := range v.order[:min(500, len(v.order))] {
				assert.True(t, strings.HasPrefix(one, "Page"), "%s: %s", name, one)
			}
		}
		assert.Len(t, w.vendors["pagerduty"].believed(), 5000)
		assert.Len(t, w.vendors["alertmanager"].believed(), 5000)
		assert.Len(t, w.vendors["webhook"].believed(), 5000)
		t.Logf("pagerduty: the last critical after %s", criticalWaited.Round(time.Second))
		assert.LessOrEqual(t, criticalWaited, 5*time.Minute)
		for _, digest := range []string{"slack", "teams", "email"} {
			assert.Equal(t, 1, w.vendors[digest].requests, digest)
		}
		w.stop()
	})
}

func waiting(w *world) (n int) {
	for _, e := range w.running {
		n += e.(*notify.Exporter).Waiting()
	}
	return n
}
