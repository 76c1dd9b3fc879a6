// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package falseclock

const raceDetector = false
