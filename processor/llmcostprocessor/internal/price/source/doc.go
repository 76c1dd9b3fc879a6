// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package source reads the price data that others publish: genai-prices, litellm
// and models.dev. It takes facts alone, and brings them into one form: sellers,
// keys and units are those of our price files.
package source
