// How long a graph takes to load, which a start waits for: 1 MB must take less than 100 ms from
// JSON and 500 ms from YAML.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec/annotations.hpp"
#include "graph/spec/reader.hpp"

namespace infergraph::graph {
namespace {

constexpr std::size_t kBytes = 1 << 20;

void append(std::string& text, std::initializer_list<std::string_view> pieces) {
  for (const std::string_view piece : pieces) text += piece;
}

/// A router over models, each with its endpoint, a parameter and a container, as the operator
/// prints them; about `bytes` long.
std::string wide_json(std::size_t bytes) {
  std::string children;
  std::string containers;
  for (int i = 0; children.size() + containers.size() < bytes; ++i) {
    const std::string name = "model-" + std::to_string(i);
    const std::string_view comma = i == 0 ? "" : ",";
    append(children,
           {comma, R"({"name":")", name,
            R"(","type":"MODEL","endpoint":{"service_host":"localhost","service_port":9000,)"
            R"("type":"REST","httpPort":9000,"grpcPort":9500},)"
            R"("parameters":[{"name":"epsilon","value":"0.1","type":"FLOAT"}]})"});
    append(containers, {comma, R"({"name":")", name, R"(","image":"registry:5000/team/)", name,
                        R"(:1.2.3","env":[{"name":"PREDICTIVE_UNIT_ID","value":")", name,
                        R"("}],"resources":{}})"});
  }
  return R"({"apiVersion":"machinelearning.seldon.io/v1","kind":"SeldonDeployment",)"
         R"("metadata":{"name":"wide"},"spec":{"predictors":[{"name":"p","componentSpecs":)"
         R"([{"spec":{"containers":[)" +
         containers + R"(]}}],"graph":{"name":"router","type":"ROUTER","children":[)" + children +
         "]}}]}}";
}

/// The same graph in YAML's block style, about `bytes` long.
std::string wide_yaml(std::size_t bytes) {
  std::string children;
  std::string containers;
  for (int i = 0; children.size() + containers.size() < bytes; ++i) {
    const std::string name = "model-" + std::to_string(i);
    append(children, {"      - name: ", name, R"(
        type: MODEL
        endpoint:
          service_host: localhost
          service_port: 9000
          type: REST
          httpPort: 9000
          grpcPort: 9500
        parameters:
        - name: epsilon
          value: "0.1"
          type: FLOAT
)"});
    append(containers, {"        - name: ", name, R"(
          image: registry:5000/team/)",
                        name, R"(:1.2.3
          env:
          - name: PREDICTIVE_UNIT_ID
            value: )",
                        name, "\n          resources: {}\n"});
  }
  return "apiVersion: machinelearning.seldon.io/v1\nkind: SeldonDeployment\n"
         "metadata:\n  name: wide\nspec:\n  predictors:\n  - name: p\n    componentSpecs:\n"
         "    - spec:\n        containers:\n" +
         containers + "    graph:\n      name: router\n      type: ROUTER\n      children:\n" +
         children;
}

/// A chain of so many built-in nodes.
std::string deep_json(std::int64_t nodes) {
  std::string graph = R"({"name":"last","implementation":"SIMPLE_MODEL"})";
  for (std::int64_t i = 1; i < nodes; ++i) {
    graph.insert(0, R"({"name":"n)" + std::to_string(i) +
                        R"(","implementation":"SIMPLE_ROUTER","children":[)");
    graph += "]}";
  }
  return R"({"apiVersion":"machinelearning.seldon.io/v1","kind":"SeldonDeployment",)"
         R"("metadata":{"name":"deep"},"spec":{"predictors":[{"name":"p","graph":)" +
         graph + "}]}}";
}

void load(benchmark::State& state, const std::string& text, SpecFormat format) {
  for (auto _ : state) {
    const SpecReading reading = read_deployment(text, format);
    if (!reading.ok()) {
      state.SkipWithError(reading.problems.front().message.c_str());
      break;
    }
    benchmark::DoNotOptimize(reading.deployment.predictors.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}

void load_wide_json(benchmark::State& state) { load(state, wide_json(kBytes), SpecFormat::kJson); }
BENCHMARK(load_wide_json)->Unit(benchmark::kMillisecond);

void load_wide_yaml(benchmark::State& state) { load(state, wide_yaml(kBytes), SpecFormat::kYaml); }
BENCHMARK(load_wide_yaml)->Unit(benchmark::kMillisecond);

void load_deep_json(benchmark::State& state) {
  load(state, deep_json(state.range(0)), SpecFormat::kJson);
}
BENCHMARK(load_deep_json)->Arg(3)->Arg(1000)->Unit(benchmark::kMicrosecond);

/// A file that would have 10^12 values if its aliases were expanded: the refusal must be quick.
void refuse_billion_laughs(benchmark::State& state) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = " *a" + std::to_string(i - 1);
    const std::string name = std::to_string(i);
    append(text, {"a", name, ": &a", name, " [", before});
    for (int j = 1; j < 10; ++j) append(text, {",", before});
    text += "]\n";
  }
  for (auto _ : state) {
    const SpecReading reading = read_deployment(text, SpecFormat::kYaml);
    if (reading.ok()) state.SkipWithError("it was taken");
  }
}
BENCHMARK(refuse_billion_laughs)->Unit(benchmark::kMillisecond);

void read_podinfo(benchmark::State& state) {
  std::string text;
  for (int i = 0; i < 50; ++i) {
    append(text, {"example.com/key-", std::to_string(i), "=\"a \\\"value\\\" with escapes\\n\"\n"});
  }
  for (auto _ : state) {
    std::vector<std::string> warnings;
    benchmark::DoNotOptimize(parse_podinfo(text, warnings));
  }
}
BENCHMARK(read_podinfo)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace infergraph::graph
