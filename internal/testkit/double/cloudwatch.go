// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// CloudWatch is the part of Amazon CloudWatch Logs' API that writes events. Groups
// and streams have to be created first, and requests need a Signature Version 4
// by the access key.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
type CloudWatch struct {
	URL string

	mu      sync.Mutex
	groups  map[string]bool
	streams map[string][]string // messages by "group stream"
}

// NewCloudWatch serves until the test ends.
func NewCloudWatch(tb testing.TB, accessKey string) *CloudWatch {
	tb.Helper()
	c := &CloudWatch{groups: map[string]bool{}, streams: map[string][]string{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="+accessKey+"/") {
			awsError(w, "UnrecognizedClientException", "no such access key")
			return
		}
		var request struct {
			LogGroupName, LogStreamName string
			LogEvents                   []struct {
				Message   string
				Timestamp int64
			}
		}
		body, err := readBody(r)
		if err == nil {
			err = json.Unmarshal(body, &request)
		}
		if err != nil {
			awsError(w, "InvalidParameterException", err.Error())
			return
		}
		var messages []string
		for i, event := range request.LogEvents {
			if event.Message == "" || event.Timestamp <= 0 {
				awsError(w, "InvalidParameterException", fmt.Sprintf("event %d has no message or time", i))
				return
			}
			messages = append(messages, event.Message)
		}
		c.do(w, r.Header.Get("X-Amz-Target"), request.LogGroupName, request.LogStreamName, messages)
	}))
	tb.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

func (c *CloudWatch) do(w http.ResponseWriter, target, group, stream string, messages []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := group + " " + stream
	_, known := c.streams[key]
	switch target {
	case "Logs_20140328.CreateLogGroup":
		c.groups[group] = true
	case "Logs_20140328.CreateLogStream":
		if !c.groups[group] {
			awsError(w, "ResourceNotFoundException", "The specified log group does not exist.")
			return
		}
		c.streams[key] = nil
	case "Logs_20140328.PutLogEvents":
		if !known {
			awsError(w, "ResourceNotFoundException", "The specified log stream does not exist.")
			return
		}
		c.streams[key] = append(c.streams[key], messages...)
	default:
		awsError(w, "UnknownOperationException", target)
		return
	}
	fmt.Fprint(w, "{}")
}

func awsError(w http.ResponseWriter, kind, message string) {
	w.Header().Set("X-Amzn-ErrorType", kind)
	w.WriteHeader(http.StatusBadRequest)
	if err := json.NewEncoder(w).Encode(map[string]string{"__type": kind, "message": message}); err != nil {
		panic(err)
	}
}

// Messages are those written so far to a stream of a group.
func (c *CloudWatch) Messages(group, stream string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.streams[group+" "+stream])
}
