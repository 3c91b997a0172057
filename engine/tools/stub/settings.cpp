#include "engine/tools/stub/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "engine/command_line/read_file.hpp"
#include "engine/tools/args.hpp"

namespace infergraph::engine {
namespace {

constexpr std::size_t kMaxPayload = std::size_t{1} << 30;

std::optional<std::size_t> read_size(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::size_t>, 5> kUnits = {
      {{"KiB", 1024}, {"MiB", 1024 * 1024}, {"KB", 1000}, {"MB", 1000 * 1000}, {"B", 1}}};
  std::size_t factor = 1;
  for (const auto& [suffix, size] : kUnits) {
    if (!text.ends_with(suffix)) continue;
    text.remove_suffix(suffix.size());
    factor = size;
    break;
  }
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number > kMaxPayload / factor) return std::nullopt;
  return number * factor;
}

std::string set_payload(StubSettings& settings, std::string_view value) {
  if (const auto size = read_size(value)) {
    if (*size < 2) return "is too small: the shortest message is {}";
    settings.payload = std::make_shared<const std::string>(payload_of_size(*size));
    return "";
  }
  if (!value.starts_with('@')) {
    settings.payload = std::make_shared<const std::string>(value);
    return "";
  }
  auto bytes = read_file(std::string(value.substr(1)));
  if (!bytes) return "can't be read: " + bytes.error().message();
  settings.payload = std::make_shared<const std::string>(*std::move(bytes));
  return "";
}

std::string set_route(StubSettings& settings, std::string_view value) {
  if (value == "random") {
    settings.route_choice = RouteChoice::kRandom;
    return "";
  }
  if (value == "round_robin") {
    settings.route_choice = RouteChoice::kRoundRobin;
    return "";
  }
  int route = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), route);
  if (error != std::errc{} || end != value.data() + value.size()) {
    return "is neither a branch nor random nor round_robin";
  }
  // Out of range is allowed: it shows what the graph does with a broken router.
  settings.route_choice = RouteChoice::kFixed;
  settings.route = route;
  return "";
}

std::string set_personality(StubSettings& settings, std::string_view value) {
  for (const auto protocol :
       {protocol::Protocol::kSeldon, protocol::Protocol::kTensorflow, protocol::Protocol::kV2}) {
    if (personality_text(protocol) != value) continue;
    settings.personality = protocol;
    return "";
  }
  return "is none of seldon, tfserving, v2";
}

// "784x10", or none.
std::optional<std::pair<std::size_t, std::size_t>> read_sizes(std::string_view text) {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  const char* end = text.data() + text.size();
  const auto [cross, wrong_inputs] = std::from_chars(text.data(), end, inputs);
  if (wrong_inputs != std::errc{} || cross == end || *cross != 'x') return std::nullopt;
  const auto [after, wrong_outputs] = std::from_chars(cross + 1, end, outputs);
  if (wrong_outputs != std::errc{} || after != end) return std::nullopt;
  return std::pair(inputs, outputs);
}

std::string set_models(StubSettings& settings, std::string_view value) {
  settings.models.clear();
  for (;;) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view name = value.substr(0, comma);
    if (name.empty()) return "is no list of names, such as a,b";
    settings.models.emplace_back(name);
    if (comma == value.size()) return "";
    value.remove_prefix(comma + 1);
  }
}

std::string set_weights(StubSettings& settings, std::string_view value) {
  if (const auto sizes = read_sizes(value)) {
    const auto [inputs, outputs] = *sizes;
    if (inputs == 0 || outputs == 0 || inputs > SoftmaxModel::kMaxWeights / outputs) {
      return "is no size of a model";
    }
    settings.weights = std::make_shared<const SoftmaxModel>(SoftmaxModel::made(inputs, outputs));
    return "";
  }
  const auto text = read_file(std::string(value));
  if (!text) return "can't be read: " + text.error().message();
  auto model = SoftmaxModel::read(*text);
  if (!model) return "is no model: " + model.error().message();
  settings.weights = std::make_shared<const SoftmaxModel>(*std::move(model));
  return "";
}

}  // namespace

std::string_view personality_text(protocol::Protocol protocol) {
  return protocol == protocol::Protocol::kTensorflow ? "tfserving" : name_of(protocol);
}

std::string set_stub(StubSettings& settings, std::string_view key, std::string_view value) {
  if (key == "latency" || key == "jitter") {
    const auto duration = read_duration(value);
    if (!duration) return "is no duration, such as 20ms or 1.5s";
    (key == "latency" ? settings.latency : settings.jitter) = *duration;
    return "";
  }
  if (key == "error_rate") {
    const auto rate = read_number(value);
    if (!rate || *rate < 0 || *rate > 1) return "is no number from 0 to 1";
    settings.error_rate = *rate;
    return "";
  }
  if (key == "route") return set_route(settings, value);
  if (key == "payload") return set_payload(settings, value);
  if (key == "personality") return set_personality(settings, value);
  if (key == "models") return set_models(settings, value);
  if (key == "weights") return set_weights(settings, value);
  return "sets \"" + std::string(key) +
         "\", which is none of latency, jitter, error_rate, route, payload, personality, models, "
         "weights";
}

std::string read_override(std::string_view text, std::vector<StubOverride>& into) {
  const std::size_t equals = text.find('=');
  const std::size_t dot = text.substr(0, equals).rfind('.');
  if (equals == std::string_view::npos || dot == std::string_view::npos || dot == 0) {
    return "is not NODE.key=value";
  }
  StubOverride made{std::string(text.substr(0, dot)),
                    std::string(text.substr(dot + 1, equals - dot - 1)),
                    std::string(text.substr(equals + 1))};
  StubSettings trial;
  std::string wrong = set_stub(trial, made.key, made.value);
  if (wrong.empty()) into.push_back(std::move(made));
  return wrong;
}

std::string set_help() {
  return "how a stand-in behaves; may be repeated, NODE may be *. Keys:\n"
         "latency=20ms  jitter=5ms (either way)  error_rate=0.1 (a 500, or its like)\n"
         "route=1 | random | round_robin\n"
         "payload=BODY | @FILE | SIZE (64KB)\n"
         "personality=seldon | tfserving | v2 (as the graph has it)\n"
         "models=a,b: names by which tfserving and v2 have their model too\n"
         "weights=FILE | 784x10: the softmax regression that tfserving and v2\n"
         "compute. FILE has inputs N, outputs M, weights and N x M numbers, biases\n"
         "and M numbers, and the names: signature, input, output; # begins a comment";
}

StubSettings stub_settings_of(const graph::NodeSpec& node,
                              const std::vector<StubOverride>& overrides,
                              std::vector<std::string>& problems) {
  static constexpr std::string_view kPrefix = "stub_";
  StubSettings settings;
  for (const graph::Parameter& parameter : node.parameters) {
    if (!parameter.name.starts_with(kPrefix)) continue;
    const std::string wrong = set_stub(
        settings, std::string_view(parameter.name).substr(kPrefix.size()), parameter.value);
    if (wrong.empty()) continue;
    problems.push_back("node \"" + node.name + "\", parameter " + parameter.name + ": \"" +
                       parameter.value + "\" " + wrong);
  }
  for (const std::string_view wanted : {std::string_view("*"), std::string_view(node.name)}) {
    for (const StubOverride& override : overrides) {
      if (override.node != wanted) continue;
      const std::string wrong = set_stub(settings, override.key, override.value);
      if (wrong.empty()) continue;
      problems.push_back("--set " + override.node + "." + override.key + ": \"" + override.value +
                         "\" " + wrong);
    }
  }
  return settings;
}

std::string payload_of_size(std::size_t bytes) {
  static constexpr std::string_view kHead = R"({"data":{"ndarray":[[)";
  static constexpr std::string_view kTail = "]]}}";
  static constexpr std::string_view kNumber = "0.5,";
  const std::size_t frame = kHead.size() + kTail.size();
  if (bytes <= frame) {
    // No room for a number: an empty message, filled up with space.
    return "{" + std::string(bytes - 2, ' ') + "}";
  }
  std::string made(kHead);
  made.reserve(bytes);
  std::size_t left = bytes - frame;
  for (; left >= 2 * kNumber.size(); left -= kNumber.size()) made += kNumber;
  // The last number takes what is left: 0, 0., is no number, so 1 or 10 for one or two digits.
  made += left < 3 ? std::string_view("10").substr(0, left) : std::string_view("0.5");
  if (left > 3) made.append(left - 3, '0');
  made += kTail;
  return made;
}

std::string unknown_override(const graph::PredictorSpec& predictor,
                             const std::vector<StubOverride>& overrides) {
  for (const StubOverride& override : overrides) {
    if (override.node == "*") continue;
    const auto found =
        std::find_if(predictor.nodes.begin(), predictor.nodes.end(),
                     [&](const graph::NodeSpec& node) { return node.name == override.node; });
    if (found == predictor.nodes.end()) return "no node \"" + override.node + "\" in the graph";
    if (is_in_process(*found)) {
      return "node \"" + override.node + "\" is in-process: it has no stand-in";
    }
  }
  return "";
}

}  // namespace infergraph::engine
