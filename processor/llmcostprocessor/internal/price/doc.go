// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package price computes what a call to a model cost on the day it was made.
package price
