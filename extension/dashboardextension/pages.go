// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"

	"go.uber.org/zap"
)

// shell is the frame of every page: navigation, problems and time.
type shell struct {
	Title  string
	Page   string // spend, calls, sessions, latency, arrivals, money, alerts or rules
	Reload bool   // without JavaScript, too
	Firing int
	Read   bool // read-only
	// Problems are those of the collector itself.
	Problems []problemView
}

func (b *dashboardServer) newShell(title, page string) shell {
	_, firing := b.countActive()
	return shell{Title: title, Page: page, Firing: firing, Read: len(b.silenceable()) == 0, Problems: b.problemViews()}
}

func (b *dashboardServer) addPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", b.page(b.spendPage))
	mux.HandleFunc("GET /calls", b.page(b.callsPage))
	mux.HandleFunc("GET /calls/{id}", b.page(b.callPage))
	mux.HandleFunc("GET /sessions", b.page(b.groupsPage(sessionGrouping)))
	mux.HandleFunc("GET /traces", b.page(b.groupsPage(traceGrouping)))
	mux.HandleFunc("GET "+latencyPath, b.page(b.latencyPage))
	mux.HandleFunc("GET "+arrivalsPath, b.page(b.arrivalsPage))
	mux.HandleFunc("GET /traces/{id}", b.page(b.tracePage))
	mux.HandleFunc("GET /money", b.page(b.moneyPage))
	mux.HandleFunc("GET /alerts", b.page(b.alertsPage))
	mux.HandleFunc("GET /rules", b.page(b.rulesPage))
	mux.HandleFunc("GET /rule", b.page(b.rulePage))
	mux.HandleFunc("POST /silences", b.page(b.createSilence))
	mux.HandleFunc("POST /silences/expire", b.page(b.expireSilence))
	mux.HandleFunc("/", b.page(func(*http.Request) (content, error) {
		return content{}, &failure{notFound, errors.New("there is no such page")}
	}))
	mux.HandleFunc("GET /assets/{name}", b.api(b.getAsset))
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/assets/icon.svg", http.StatusMovedPermanently)
	})
}

// content is a page, or a redirect.
type content struct {
	template string
	status   int // 0: 200
	data     any
	redirect string
}

func (b *dashboardServer) page(compose func(*http.Request) (content, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := compose(r)
		if err != nil {
			c = b.failurePage(err)
		}
		if c.redirect != "" {
			http.Redirect(w, r, c.redirect, http.StatusSeeOther)
			return
		}
		var body bytes.Buffer
		if err := templates.ExecuteTemplate(&body, c.template, c.data); err != nil {
			b.fail(w, err)
			return
		}
		serve(w, r, response{status: c.status, contentType: "text/html; charset=utf-8", body: body.Bytes()})
	}
}

func (b *dashboardServer) failurePage(err error) content {
	f := failureOf(err)
	if f.kind == internal {
		b.set.Logger.Error("A page failed", zap.Error(f.err))
	}
	var others []option
	if ids := b.usage.ids(); f.kind == unavailable && len(ids) > 1 { // another source may be there
		for _, id := range ids {
			others = append(others, option{Label: id, URL: "/?" + url.Values{"source": {id}}.Encode()})
		}
	}
	return content{template: "failure.html", status: f.kind.status, data: struct {
		shell
		Error   string
		Sources []option
	}{b.newShell("Not shown", ""), f.Error(), others}}
}
