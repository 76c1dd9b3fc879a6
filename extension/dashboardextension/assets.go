// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
)

//go:embed assets
var assets embed.FS

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"asset":   assetPath,
	"count":   text.Count,
	"countOf": text.CountOf,
	"cut":     text.Cut,
	"dollars": text.Dollars,
	"short":   func(n int64) string { return text.Short(float64(n)) },
	"rfc3339": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"moment":  func(t time.Time) string { return t.UTC().Format("Jan 2, 15:04:05") },
	"minus":   func(a, b float64) float64 { return a - b },
}).ParseFS(templateFiles, "templates/*.html"))

// assetPath names an asset with its content's hash, so that it can be cached
// forever and is requested again when it has changed.
func assetPath(name string) (string, error) {
	content, err := assets.ReadFile("assets/" + name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return "/assets/" + name + "?v=" + hex.EncodeToString(sum[:6]), nil
}

// webLink is a link of an alert's annotation, "" when it is not one to a page.
func webLink(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}

// assetTypes are set here: the operating system's type for .js can be wrong, and with
// nosniff browsers use it.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".yaml": "application/yaml",
}

func (b *dashboardServer) getAsset(r *http.Request) (response, error) {
	name := r.PathValue("name")
	content, err := assets.ReadFile("assets/" + path.Base(name))
	if err != nil {
		return response{}, &failure{notFound, err}
	}
	return response{
		contentType: assetTypes[path.Ext(name)], body: content,
		headers: map[string]string{"Cache-Control": "public, max-age=31536000, immutable"},
	}, nil
}

func (b *dashboardServer) getOpenAPI(*http.Request) (response, error) {
	content, err := assets.ReadFile("assets/openapi.yaml")
	return response{contentType: assetTypes[".yaml"], body: content}, err
}
