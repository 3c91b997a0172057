#include "engine/front/doc_page.hpp"

namespace infergraph::engine {

std::string doc_page(const std::string& metrics_path) {
  return R"(<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>infergraph</title>
<style>body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}
td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #ccc}code{background:#eee}</style>
</head>
<body>
<h1>infergraph</h1>
<p>This predictor speaks the seldon protocol. <code>v1.0</code> may be <code>v0.1</code> where a
node is named, for predictions and for feedback.</p>
<table>
<tr><th>Verb</th><th>Path</th><th>Answer</th></tr>
<tr><td>POST</td><td>/api/v1.0/predictions</td><td>one request through the graph</td></tr>
<tr><td>POST</td><td>/api/v1.0/feedback</td><td>a reward, along the recorded routing</td></tr>
<tr><td>GET</td><td>/api/v1.0/metadata</td><td>the whole graph</td></tr>
<tr><td>GET</td><td>/api/v1.0/metadata/<i>node</i></td><td>one node</td></tr>
<tr><td>GET</td><td>/api/v1.0/status/<i>node</i></td><td>health of one node</td></tr>
<tr><td>GET</td><td>/api/v1.0/health/status</td><td>the same as /ready</td></tr>
<tr><td>any</td><td>/ready, /live, /ping</td><td>probes</td></tr>
<tr><td>any</td><td>)" +
         metrics_path + R"(</td><td>metrics for Prometheus</td></tr>
</table>
<pre>curl -H 'Content-Type: application/json' \
  -d '{"data":{"ndarray":[[1.0,2.0]]}}' http://HOST/api/v1.0/predictions</pre>
</body>
</html>
)";
}

}  // namespace infergraph::engine
