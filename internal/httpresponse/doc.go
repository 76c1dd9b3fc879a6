// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package httpresponse reads the responses of HTTP servers: bounded, and with errors that
// hold no address, which may have a token in it.
package httpresponse
