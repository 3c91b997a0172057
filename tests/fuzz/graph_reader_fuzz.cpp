// Everything that reads a graph or its annotations. The first byte picks the reader.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec/annotations.hpp"
#include "graph/spec/reader.hpp"
#include "tests/support/bounds.hpp"

namespace infergraph::graph {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// What every reader of a spec promises its users, whatever came in.
void check(const SpecReading& reading) {
  constexpr std::size_t kMostNodes = 10'000;
  constexpr std::size_t kMostProblems = 1'001;
  require(reading.problems.size() <= kMostProblems);
  require(reading.warnings.size() <= kMostProblems);
  if (reading.ok()) require(!reading.deployment.predictors.empty());
  for (const PredictorSpec& predictor : reading.deployment.predictors) {
    const std::vector<NodeSpec>& nodes = predictor.nodes;
    require(nodes.size() <= kMostNodes);
    if (!reading.ok()) continue;
    require(reading.is_bare || !predictor.name.empty());
    require(!nodes.empty());
    std::size_t children = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      require(!nodes[i].name.empty() && !nodes[i].path.empty());
      for (const std::size_t child : nodes[i].children) require(child > i && child < nodes.size());
      children += nodes[i].children.size();
      const bool has_port = nodes[i].endpoint.http_port != 0 || nodes[i].endpoint.grpc_port != 0;
      if (is_in_process(nodes[i])) continue;
      require(has_port && !nodes[i].endpoint.service_host.empty());
    }
    require(children + 1 == nodes.size());
  }
}

std::string to_base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string made;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = i; j < i + 3; ++j) {
      group = group << 8U | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0U);
    }
    for (unsigned digit = 0; digit < 4; ++digit) {
      const bool is_padding = i + digit > bytes.size();
      made += is_padding ? '=' : kAlphabet[group >> (18U - 6U * digit) & 0x3FU];
    }
  }
  return made;
}

void run(char reader, std::string_view text) {
  switch (reader) {
    case 'y':
      check(read_deployment(text, SpecFormat::kYaml));
      break;
    case 'j':
      check(read_deployment(text, SpecFormat::kJson));
      break;
    case 'x':
      check(read_deployment(text, SpecFormat::kAny, {}, {"a", "b"}));
      break;
    case 'p':
      check(read_engine_predictor(to_base64(text)));
      break;
    case 'b':
      check(read_engine_predictor(text));
      break;
    case 'a': {
      std::vector<std::string> warnings;
      const Annotations annotations = parse_podinfo(text, warnings);
      for (const auto& [key, value] : annotations) require(!key.empty());
      (void)resolve_annotations(annotations, {}, {});
      break;
    }
    default:
      break;
  }
}

// A graph is read once, at start, and its maker is trusted: linear, but with larger factors. Few
// bytes of YAML may stand for as many nodes as a graph may have, by aliases.
constexpr fuzz::Bound kBound{.peak = {2000, 48 * fuzz::Bound::kMebi},
                             .total = {20000, 64 * fuzz::Bound::kMebi},
                             .seconds = {200e-6, 1}};

}  // namespace
}  // namespace infergraph::graph

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const infergraph::fuzz::Bounded bounded("graph_reader", size, infergraph::graph::kBound);
  infergraph::graph::run(input.front(), input.substr(1));
  return 0;
}
