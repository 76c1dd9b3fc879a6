// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// defaultRetryAfter is sent to senders when the pipeline that refused did not
// say how long to wait.
const defaultRetryAfter = time.Second

// rejection is the response to a request whose data a pipeline did not take.
type rejection struct {
	status     int
	retryAfter time.Duration // 0: sending again is of no use
	text       string
}

// newRejection sorts a pipeline's error. Its text is not sent to the sender, whom
// the insides of the collector do not concern.
func newRejection(err error) rejection {
	grpcStatus, _ := status.FromError(err)
	switch {
	case !isPermanent(err) && (grpcStatus.Code() == codes.ResourceExhausted || isMemoryLimiter(err)):
		return rejection{http.StatusTooManyRequests, retryAfter(grpcStatus), "a pipeline is overloaded; send the request again later"}
	case !isPermanent(err):
		return rejection{http.StatusServiceUnavailable, retryAfter(grpcStatus), "a pipeline did not accept the events; send the request again later"}
	case grpcStatus.Code() == codes.InvalidArgument:
		return rejection{http.StatusBadRequest, 0, "a pipeline rejected the events as invalid"}
	default:
		return rejection{http.StatusInternalServerError, 0, "a pipeline permanently rejected the events"}
	}
}

// memoryLimiter is the text of memory_limiter's error, which the Collector keeps
// in an internal package.
const memoryLimiter = "data refused due to high memory usage"

func isMemoryLimiter(err error) bool { return strings.Contains(err.Error(), memoryLimiter) }

// isPermanent reports whether it is of no use to send the data again. An error without
// a code is worth another try: memory_limiter's is one.
func isPermanent(err error) bool {
	if consumererror.IsPermanent(err) {
		return true
	}
	grpcStatus, ok := status.FromError(err)
	if !ok {
		return false
	}
	switch grpcStatus.Code() {
	case codes.OK, codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange,
		codes.Unavailable, codes.DataLoss, codes.ResourceExhausted:
		return false // the codes that OTLP calls retryable
	default:
		return true
	}
}

func (r rejection) outcome() outcome {
	if r.retryAfter > 0 {
		return refused
	}
	return failed
}

func retryAfter(s *status.Status) time.Duration {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok && info.GetRetryDelay().AsDuration() > 0 {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return defaultRetryAfter
}

// seconds writes a duration for the header Retry-After: whole seconds, at least one.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(max(1, (d+time.Second-1)/time.Second)), 10)
}
