#include "engine/api/doc_page.hpp"

#include <string_view>

namespace infergraph::engine {

namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>infergraph</title>
<style>body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}
td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #ccc}code{background:#eee}</style>
</head>
<body>
<h1>infergraph</h1>
<p>What this predictor can be asked over REST.</p>
<table>
<tr><th>Verb</th><th>Path</th><th>Answer</th></tr>
)";

constexpr std::string_view kSeldon = R"(<tr><th colspan="3">Protocol seldon</th></tr>
<tr><td>POST</td><td>/api/v1.0/predictions</td><td>one request through the graph</td></tr>
<tr><td>POST</td><td>/api/v1.0/feedback</td><td>a reward, along the recorded routing</td></tr>
<tr><td>GET</td><td>/api/v1.0/metadata</td><td>the whole graph</td></tr>
<tr><td>GET</td><td>/api/v1.0/metadata/<i>node</i></td><td>one node</td></tr>
<tr><td>GET</td><td>/api/v1.0/status/<i>node</i></td><td>health of one node</td></tr>
<tr><td>GET</td><td>/api/v1.0/health/status</td><td>the same as /ready</td></tr>
)";

constexpr std::string_view kTensorflow = R"(<tr><th colspan="3">Protocol tensorflow</th></tr>
<tr><td>POST</td><td>/v1/models/<i>model</i>:predict, :classify, :regress</td>
<td>one request through the graph</td></tr>
<tr><td>GET</td><td>/v1/models/<i>model</i>, …/metadata</td><td>status, signatures</td></tr>
)";

constexpr std::string_view kV2 = R"(<tr><th colspan="3">Protocol v2</th></tr>
<tr><td>POST</td><td>/v2/models/<i>model</i>/infer</td><td>one request through the graph</td></tr>
<tr><td>GET</td><td>/v2/models/<i>model</i>, …/ready</td><td>metadata, readiness</td></tr>
<tr><td>GET</td><td>/v2, /v2/health/live, /v2/health/ready</td><td>the server</td></tr>
)";

constexpr std::string_view kExample = R"(<pre>curl -H 'Content-Type: application/json' \
  -d '{"data":{"ndarray":[[1.0,2.0]]}}' http://HOST/api/v1.0/predictions</pre>
)";

std::string_view rows_of(protocol::Protocol protocol) {
  switch (protocol) {
    case protocol::Protocol::kTensorflow:
      return kTensorflow;
    case protocol::Protocol::kV2:
      return kV2;
    case protocol::Protocol::kSeldon:
      break;
  }
  return kSeldon;
}

}  // namespace

std::string doc_page(const std::string& metrics_path, const Protocols& protocols) {
  std::string page(kHead);
  for (const protocol::Protocol protocol : protocols) page += rows_of(protocol);
  page += R"(<tr><th colspan="3">All</th></tr>
<tr><td>any</td><td>/ready, /live, /ping</td><td>probes</td></tr>
<tr><td>any</td><td>)" +
          metrics_path + R"(</td><td>metrics for Prometheus</td></tr>
</table>
)";
  if (protocols.front() == protocol::Protocol::kSeldon) page += kExample;
  return page + "</body>\n</html>\n";
}

}  // namespace infergraph::engine
