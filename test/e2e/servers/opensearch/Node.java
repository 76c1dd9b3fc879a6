// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One OpenSearch node on loopback, until its process ends: Node.java DIRECTORY HTTP_PORT TRANSPORT_PORT. */
public class Node {
  public static void main(String[] args) throws Exception {
    OpenSearchRunner runner = new OpenSearchRunner();
    runner
        .onBuild(
            (number, settings) -> {
              settings.put("http.port", args[1]);
              settings.put("transport.port", args[2]);
              settings.put("network.host", "127.0.0.1");
              settings.putList("node.roles", "cluster_manager", "data", "ingest");
              settings.putList("discovery.seed_hosts", "127.0.0.1:" + args[2]);
              settings.putList("cluster.initial_cluster_manager_nodes", "Node " + number);
              // The machine's disk may be fuller than OpenSearch likes.
              settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
            })
        .build(OpenSearchRunner.newConfigs().clusterName("e2e").numOfNode(1).basePath(args[0]));
    Thread.currentThread().join();
  }
}
