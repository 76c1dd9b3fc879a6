// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package configfileprovider reads configuration files, as the Collector's
// fileprovider does, and knows which file a key is from. It resolves relative
// rule_files of the alert processor against the directory of the file, and reports
// keys with a variable that is not set.
package configfileprovider
