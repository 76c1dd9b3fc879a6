// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pipelinecheckconverter

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
)

// listeningKeys are the keys with an address that components listen on, by kind and type;
// a key of udp ends in @udp. Of clients, such as the kafka receiver, there are none.
var listeningKeys = map[string]map[string][]string{
	"receivers": {
		"arc":     {"endpoint"},
		"otlp":    {"protocols::grpc::endpoint", "protocols::http::endpoint"},
		"jaeger":  {"protocols::grpc::endpoint", "protocols::thrift_http::endpoint", "protocols::thrift_compact::endpoint@udp", "protocols::thrift_binary::endpoint@udp"},
		"syslog":  {"tcp::listen_address", "udp::listen_address@udp"},
		"tcplog":  {"listen_address"},
		"tcp_log": {"listen_address"},
		"udplog":  {"listen_address@udp"},
		"udp_log": {"listen_address@udp"},
	},
	"extensions": {
		"dashboard":    {"endpoint"},
		"health_check": {"endpoint"},
		"pprof":        {"endpoint"},
		"zpages":       {"endpoint"},
	},
	"exporters": {"prometheus": {"endpoint"}},
}

// defaultEndpoints are those of the components of which a second instance needs its own.
var defaultEndpoints = map[string]string{"arc": "localhost:8123", "dashboard": "localhost:8124"}

// listener is an address that a component listens on.
type listener struct{ key, network, host, port string }

// checkListeners finds invalid addresses, and components that listen on the address
// of another: they do not start.
func checkListeners(conf map[string]any, pipelines []pipeline) []problem {
	used := componentsOf(pipelines)
	used["extensions"] = rawconf.List(rawconf.Section(conf, "service"), "extensions")
	var all []listener
	var problems []problem
	for _, kind := range []string{"extensions", "receivers", "exporters"} {
		slices.Sort(used[kind])
		for _, id := range slices.Compact(used[kind]) {
			for _, path := range keysOf(conf, kind, id) {
				l, err := newListener(conf, kind, id, path)
				switch {
				case err != nil:
					problems = append(problems, problem{l.key, err.Error() + "; write host:port, such as localhost:8123"})
				case l.port != "" && l.port != "0":
					all = append(all, l)
				}
			}
		}
	}
	all = append(all, readers(conf)...)
	for i, l := range all {
		if other := slices.IndexFunc(all[:i], l.conflicts); other >= 0 {
			problems = append(problems, problem{l.key, fmt.Sprintf("%s is the address of %s, too; choose another port", net.JoinHostPort(l.host, l.port), all[other].key)})
		}
	}
	return problems
}

// keysOf are the keys with an address that a component listens on, as it is configured.
func keysOf(conf map[string]any, kind, id string) []string {
	if kind != "extensions" || rawconf.TypeOf(id) != "healthcheckv2" {
		return listeningKeys[kind][rawconf.TypeOf(id)]
	}
	if rawconf.Section(rawconf.Section(conf, kind), id)["use_v2"] == true {
		return []string{"http::endpoint", "grpc::endpoint"}
	}
	return []string{"endpoint"} // it has no other server then
}

// newListener returns a listener without a port where a key has no address.
func newListener(conf map[string]any, kind, id, path string) (l listener, err error) {
	path, isUDP := strings.CutSuffix(path, "@udp")
	l = listener{key: kind + "::" + id + "::" + path, network: "tcp"}
	if isUDP {
		l.network = "udp"
	}
	at := rawconf.Section(rawconf.Section(conf, kind), id)
	keys := strings.Split(path, "::")
	for _, key := range keys[:len(keys)-1] {
		at = rawconf.Section(at, key)
	}
	address, isSet := at[keys[len(keys)-1]].(string)
	if !isSet {
		address = defaultEndpoints[rawconf.TypeOf(id)]
	}
	if transport, _ := at["transport"].(string); address == "" || transport != "" && transport != "tcp" {
		return l, nil // a socket in the file system; a missing address is for the component to report
	}
	l.host, l.port, err = net.SplitHostPort(address)
	return l, err
}

// readers are the addresses with the Collector's own metrics, of which level none has no server.
func readers(conf map[string]any) (all []listener) {
	metrics := rawconf.Section(rawconf.Section(rawconf.Section(conf, "service"), "telemetry"), "metrics")
	if level, _ := metrics["level"].(string); strings.EqualFold(level, "none") {
		return nil
	}
	list, _ := metrics["readers"].([]any)
	for i, entry := range list {
		reader, _ := entry.(map[string]any)
		server := rawconf.Section(rawconf.Section(rawconf.Section(reader, "pull"), "exporter"), "prometheus")
		host, _ := server["host"].(string)
		if port, ok := server["port"].(int); ok && port != 0 {
			key := fmt.Sprintf("service::telemetry::metrics::readers::%d::pull::exporter::prometheus::port", i)
			all = append(all, listener{key, "tcp", host, strconv.Itoa(port)})
		}
	}
	return all
}

// conflicts returns whether only one of two can listen.
func (l *listener) conflicts(other listener) bool {
	return l.network == other.network && l.port == other.port && (covers(l.host, other.host) || covers(other.host, l.host))
}

// covers returns whether listening on a host includes another.
func covers(host, other string) bool {
	switch host {
	case "", "::", "0.0.0.0": // Go listens for IPv6, too, where the host has it
		return true
	case "localhost":
		return other == "localhost" || other == "127.0.0.1"
	}
	return host == other
}
