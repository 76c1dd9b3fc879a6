// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package webguard refuses HTTP requests that a web page of another origin, open in
// a user's browser, can make that browser send: changes from another site, and
// requests under a host name that the site has pointed at this machine (DNS
// rebinding). Clients that are not browsers are not affected.
package webguard
