// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// deliveriesShown are the messages of all channels that are shown.
const deliveriesShown = 50

// deliveryView is a message as the dashboard shows it.
type deliveryView struct {
	dashboard.Delivery
	Channel, Class string
	What, Count    string
	TookText       string
}

// newDeliveryViews are the newest messages of all channels, and how many were not accepted.
func newDeliveryViews(channels []channelView) (views []deliveryView, failed int) {
	for i := range channels {
		for _, d := range channels[i].Deliveries {
			view := deliveryView{Delivery: d, Channel: channels[i].Name, Class: "critical", What: strings.Join(d.Alerts, ", "), TookText: text.Seconds(d.Took.Seconds())}
			switch d.Outcome {
			case "accepted":
				view.Class = "ok"
			case "partly accepted":
				view.Class = "warning"
			}
			var counts []string
			if d.Firing > 0 {
				counts = append(counts, fmt.Sprint(d.Firing, " firing"))
			}
			if d.Resolved > 0 {
				counts = append(counts, fmt.Sprint(d.Resolved, " resolved"))
			}
			view.Count = strings.Join(counts, ", ")
			views = append(views, view)
		}
	}
	slices.SortStableFunc(views, func(a, b deliveryView) int { return b.At.Compare(a.At) })
	views = views[:min(len(views), deliveriesShown)]
	for i := range views {
		if views[i].Outcome != "accepted" {
			failed++
		}
	}
	return views, failed
}

// channelJSON is a channel and what it sent last.
type channelJSON struct {
	Name         string         `json:"name"`
	Waiting      int            `json:"waiting"`
	LastAccepted *time.Time     `json:"lastAccepted"`
	FailingSince *time.Time     `json:"failingSince"`
	NextAttempt  *time.Time     `json:"nextAttempt"`
	Error        string         `json:"error,omitempty"`
	Deliveries   []deliveryJSON `json:"deliveries"`
}

type deliveryJSON struct {
	FirstAttempt time.Time `json:"firstAttempt"`
	LastAttempt  time.Time `json:"lastAttempt"`
	Seconds      float64   `json:"seconds"`
	Attempts     int       `json:"attempts"`
	Alerts       []string  `json:"alerts"`
	Firing       int       `json:"firing"`
	Resolved     int       `json:"resolved"`
	Target       string    `json:"target,omitempty"`
	Outcome      string    `json:"outcome"`
	Status       int       `json:"status,omitempty"`
	Error        string    `json:"error,omitempty"`
}

func (b *dashboardServer) getChannels(r *http.Request) (response, error) {
	if err := newParams(r.URL.Query()).err(); err != nil {
		return response{}, err
	}
	list := []channelJSON{}
	for _, c := range b.channels() {
		channel := channelJSON{
			Name: c.Name, Waiting: c.Waiting, LastAccepted: timeOrNil(c.Accepted), FailingSince: timeOrNil(c.Failing),
			NextAttempt: timeOrNil(c.Next), Error: c.Error, Deliveries: []deliveryJSON{},
		}
		for _, d := range c.Deliveries {
			channel.Deliveries = append(channel.Deliveries, deliveryJSON{
				FirstAttempt: d.First.UTC(), LastAttempt: d.At.UTC(), Seconds: d.Took.Seconds(), Attempts: d.Attempts,
				Alerts: append([]string{}, d.Alerts...), Firing: d.Firing, Resolved: d.Resolved, Target: d.Target,
				Outcome: d.Outcome, Status: d.Status, Error: d.Error,
			})
		}
		list = append(list, channel)
	}
	return response{data: list}, nil
}
