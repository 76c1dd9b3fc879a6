// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e runs the built binary as a user would and looks at what arrives
// at the far end. Files with the build tag e2e need real servers and SDKs
// (make e2e); the others bring all they need (make test).
package e2e
