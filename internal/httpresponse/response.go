// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package httpresponse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ErrTooLarge is that a body has more bytes than the limit.
var ErrTooLarge = errors.New("too large")

// ReadBody reads a body of at most limit bytes. The context is that of the request: a
// server whose client has given up may properly end a response of which it has sent a part.
// The error of a larger body wraps [ErrTooLarge].
func ReadBody(ctx context.Context, body io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && int64(len(content)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return content, err
}

// Readable leaves the address out of an error of a client, and words a timeout the same
// wherever it was noticed: net/http words it differently before and after the headers, and
// by whose timer was first.
func Readable(err error, timeout time.Duration) error {
	if of, ok := errors.AsType[net.Error](err); ok && of.Timeout() {
		return fmt.Errorf("no whole response within the timeout of %v", timeout)
	}
	return WithoutURL(err)
}

// WithoutURL leaves the address out of an error of a client.
func WithoutURL(err error) error {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		return withURL.Err
	}
	return err
}

// RetryAfter reads the header of that name: a number of seconds, or a date. It reports
// false when there is none that can be read.
// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
func RetryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now)), true
	}
	return 0, false
}
