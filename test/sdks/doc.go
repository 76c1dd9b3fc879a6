// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package sdks measures what the ledger makes of the telemetry of released SDKs
// and instrumentations. Each pair of a client and its instrumentations makes
// calls to a stand-in model server, which keeps the true ledger, and sends its
// telemetry to the built binary. What the binary counted is compared with the
// true ledger, and where they differ, with what was sent.
//
// pairs.yaml lists the pairs, requirements/ and node/ pin their packages, and
// docs/compatibility.md is written from results.json. The test with the build
// tag sdks runs them (make e2e-sdks).
package sdks
