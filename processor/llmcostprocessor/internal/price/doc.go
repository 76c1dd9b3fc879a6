// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package price says what a call of a model cost on the day it was made.
package price
