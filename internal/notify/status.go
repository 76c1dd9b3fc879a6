// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/httpresponse"
)

// statusClass is how the sender has to react to a status code.
type statusClass int

// The classes of RFC 9110 and RFC 6585, as senders see them.
const (
	// classDone: any 2xx.
	classDone statusClass = iota
	// classThrottle: 429. Try again, not before Retry-After.
	classThrottle
	// classRetry: 408, and 5xx. Try again, with backoff or after Retry-After.
	classRetry
	// classPermanent: everything else. The same request will not be accepted.
	classPermanent
)

// classify returns the class of a status code.
func classify(status int) statusClass {
	switch {
	case status >= 200 && status <= 299:
		return classDone
	case status == http.StatusTooManyRequests:
		return classThrottle
	case status == http.StatusRequestTimeout, status >= 500 && status <= 599:
		return classRetry
	default:
		return classPermanent
	}
}

// ErrRefused is wrapped by every error for a response that is not a 2xx.
var ErrRefused = errors.New("refused")

// ErrChannel is wrapped, besides [ErrRefused], by errors for which the vendor
// rejects the channel, such as for a revoked key, and not the message, or for which it was
// not the vendor that responded. What waits
// is kept, and tried again after five minutes to an hour.
var ErrChannel = errors.New("the channel is rejected")

// channelStatuses are those by which vendors reject an address or a key.
var channelStatuses = []int{
	http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
	http.StatusMethodNotAllowed, http.StatusProxyAuthRequired, http.StatusGone,
}

// isOfChannel reports whether a status is about the address or a key. So is a redirect, which is
// not followed: the address has changed, or is that of a login of the network.
func isOfChannel(status int) bool {
	return slices.Contains(channelStatuses, status) || status >= 300 && status <= 399
}

// StrangerError is the error for a response with a status 2xx that is not the vendor's: of a
// proxy, or the login of a network.
func StrangerError(response string) error {
	return consumererror.NewPermanent(fmt.Errorf("%w: %w: status 2xx, but the response is not of the service: %s", ErrChannel, ErrRefused, Truncate(Clean(response), maxDetail)))
}

// ThrottledError asks to wait.
type ThrottledError struct {
	Err   error
	Delay time.Duration
}

// Error names the delay.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("%v, to be tried again after %s", e.Err, e.Delay)
}

// Unwrap is the vendor's error.
func (e *ThrottledError) Unwrap() error { return e.Err }

// PartialError reports that a message was accepted for all but some targets, to
// which it is to be sent again.
type PartialError struct {
	Err     error
	Targets []string
}

// Error is that of the targets.
func (e *PartialError) Error() string { return e.Err.Error() }

// Unwrap is the error of the targets.
func (e *PartialError) Unwrap() error { return e.Err }

// statusError is the error for a response: throttled, retryable, permanent, or for
// the channel. It is nil when the status is 2xx.
func statusError(status int, header http.Header, detail string, now time.Time) error {
	class := classify(status)
	if class == classDone {
		return nil
	}
	err := fmt.Errorf("%w: status %d: %s", ErrRefused, status, detail)
	if isOfChannel(status) {
		err = fmt.Errorf("%w: %w", ErrChannel, err)
	}
	if class == classPermanent {
		return consumererror.NewPermanent(err)
	}
	if delay, ok := retryAfter(header, now); ok {
		return &ThrottledError{Err: err, Delay: delay}
	}
	if class == classThrottle {
		return &ThrottledError{Err: err, Delay: defaultThrottle}
	}
	return err
}

// defaultThrottle is how long to wait after a 429 without Retry-After.
const defaultThrottle = 5 * time.Second

// maxRetryAfter bounds the delay that a response can ask for: a mistaken header must
// not silence alerts for days.
const maxRetryAfter = 15 * time.Minute

// retryAfter is the delay that a response asks for, within bounds.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	delay, ok := httpresponse.RetryAfter(header, now)
	return min(delay, maxRetryAfter), ok
}
