#include "graph/spec/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

namespace {

std::string set_protocol(NodeSettings& settings, std::string_view value) {
  const auto protocol = protocol::protocol_of(value);
  if (!protocol) return "must be seldon, tensorflow or v2";
  settings.protocol = protocol;
  return "";
}

template <std::string NodeSettings::*Into>
std::string set_text(NodeSettings& settings, std::string_view value) {
  settings.*Into = value;
  return "";
}

template <NodeSettings::Names NodeSettings::*Into>
std::string set_names(NodeSettings& settings, std::string_view value) {
  NodeSettings::Names names;
  std::string wrong = read_names(value, names);
  if (wrong.empty()) settings.*Into = std::move(names);
  return wrong;
}

template <std::optional<NodeSettings::Address> NodeSettings::*Into>
std::string set_address(NodeSettings& settings, std::string_view value) {
  NodeSettings::Address address;
  std::string wrong = read_address(value, address);
  if (wrong.empty()) settings.*Into = std::move(address);
  return wrong;
}

// Takes a whole number off the front; nothing where there is none, or one that T can't hold.
template <typename T>
std::optional<T> take_number(std::string_view& text) {
  T number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return number;
}

template <std::uint16_t NodeSettings::*Into>
std::string set_port(NodeSettings& settings, std::string_view value) {
  const auto port = take_number<std::uint16_t>(value);
  if (!port || !value.empty()) return "must be a port, or 0 for none";
  settings.*Into = *port;
  return "";
}

std::string set_aggregate_body(NodeSettings& settings, std::string_view value) {
  if (value != "list" && value != "messages") return "must be list or messages";
  settings.aggregate_body = value == "list" ? AggregateBody::kList : AggregateBody::kMessages;
  return "";
}

struct Unit {
  std::string_view name;
  double factor;
};

// Takes a number without a sign, and what unit of `units` stands behind it; nothing for anything
// else.
std::optional<double> read_amount(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  // A sign, inf and nan are no amount.
  if (error != std::errc() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const std::string_view rest(stop, static_cast<std::size_t>(end - stop));
  const auto unit =
      std::ranges::find_if(units, [&](const Unit& known) { return known.name == rest; });
  if (unit == units.end()) return std::nullopt;
  return number * unit->factor;
}

// As seldon.io/rest-timeout has it, or with its unit, as flags have it.
template <std::optional<std::chrono::milliseconds> NodeSettings::*Into, bool kMayBeZero>
std::string set_duration(NodeSettings& settings, std::string_view value) {
  constexpr std::array<Unit, 5> kUnits{
      {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
  const auto amount = read_amount(value, kUnits);
  if (!amount) return "must be milliseconds, or a time such as 1500ms, 15s or 2m";
  if (*amount > std::numeric_limits<std::int32_t>::max()) return "must be at most 24 days";
  const std::chrono::milliseconds made(std::llround(std::ceil(*amount)));
  if (!kMayBeZero && made.count() == 0) return "must be more than 0";
  settings.*Into = made;
  return "";
}

template <std::optional<std::size_t> NodeSettings::*Into>
std::string set_size(NodeSettings& settings, std::string_view value) {
  constexpr double kMost = 1ULL << 40U;
  constexpr std::array<Unit, 4> kUnits{
      {{"", 1}, {"Ki", 1U << 10U}, {"Mi", 1U << 20U}, {"Gi", 1U << 30U}}};
  const auto amount = read_amount(value, kUnits);
  if (!amount || *amount > kMost || *amount != std::floor(*amount)) {
    return "must be bytes, such as 65536, 64Ki or 128Mi";
  }
  settings.*Into = static_cast<std::size_t>(*amount);
  return "";
}

template <std::optional<bool> NodeSettings::*Into>
std::string set_bool(NodeSettings& settings, std::string_view value) {
  constexpr std::array<std::string_view, 6> kYes{"true", "1", "t", "T", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> kNo{"false", "0", "f", "F", "FALSE", "False"};
  const bool is_yes = std::ranges::find(kYes, value) != kYes.end();
  if (!is_yes && std::ranges::find(kNo, value) == kNo.end()) return "must be true or false";
  settings.*Into = is_yes;
  return "";
}

std::string_view never_idle(const NodeSpec& node) {
  if (is_built_in(node.implementation)) return "it is built in";
  return is_fan_out(node) ? "it is never called" : "";
}

std::string_view only_tensorflow_server(const NodeSpec& node) {
  return node.implementation_name == "TENSORFLOW_SERVER" ? "" : "it is no TENSORFLOW_SERVER";
}

std::string_view only_combiner(const NodeSpec& node) {
  if (const std::string_view why = never_idle(node); !why.empty()) return why;
  return node.type == NodeType::kCombiner || node.methods.aggregate ? "" : "it is no COMBINER";
}

using enum BareName;

constexpr std::array kSettings{
    Setting{"protocol", "NAME", "what the node speaks: seldon, tensorflow or v2 (kfserving)", "",
            kTaken, set_protocol, never_idle},
    Setting{"model_name", "NAME", "what the node calls its model; the unit's name", "", kTaken,
            set_text<&NodeSettings::model_name>, never_idle},
    Setting{"signature_name", "NAME",
            "of protocol tensorflow; sent along where a message is converted or chained", "",
            kTaken, set_text<&NodeSettings::signature_name>, never_idle},
    Setting{"model_input", "NAME", "what the one tensor of a converted request is called", "",
            kTaken, set_text<&NodeSettings::model_input>, never_idle},
    Setting{"model_output", "NAME", "the one output that is taken of an answer", "", kTaken,
            set_text<&NodeSettings::model_output>, never_idle},
    Setting{"input_names", "A=B,C=D", "tensors are renamed from A to B on their way in", "", kTaken,
            set_names<&NodeSettings::input_names>, never_idle},
    Setting{"output_names", "A=B,C=D", "likewise on their way out", "", kTaken,
            set_names<&NodeSettings::output_names>, never_idle},
    Setting{"rest_endpoint", "ADDRESS",
            "of a TENSORFLOW_SERVER: where the server is, as in http://host:2001", "", kTaken,
            set_address<&NodeSettings::rest_endpoint>, only_tensorflow_server},
    Setting{"grpc_endpoint", "ADDRESS", "the same over gRPC, as in host:2000", "", kTaken,
            set_address<&NodeSettings::grpc_endpoint>, only_tensorflow_server},
    Setting{"server_rest_port", "PORT",
            "of a TENSORFLOW_SERVER without an endpoint: where the server is looked for, beside "
            "its proxy; 0: not at all",
            "2001", kWithoutContainer, set_port<&NodeSettings::server_rest_port>,
            only_tensorflow_server},
    Setting{"server_grpc_port", "PORT", "the same over gRPC", "2000", kWithoutContainer,
            set_port<&NodeSettings::server_grpc_port>, only_tensorflow_server},
    Setting{"aggregate_body", "KIND",
            "how a combiner over REST gets the answers of its children: list ([...]) or messages "
            "({\"seldonMessages\":[...]})",
            "list", kWithoutContainer, set_aggregate_body, only_combiner},
    Setting{"timeout", "TIME",
            "for a whole call, over REST or gRPC, instead of seldon.io/rest-timeout and "
            "grpc-timeout; 0: no limit",
            "", kWithoutContainer, set_duration<&NodeSettings::timeout, true>, never_idle},
    Setting{"connect_timeout", "TIME",
            "to connect to an address of this node, instead of --connect_timeout", "",
            kWithoutContainer, set_duration<&NodeSettings::connect_timeout, false>, never_idle},
    Setting{"max_response_bytes", "SIZE",
            "of an answer of this node, instead of --max_response_bytes", "", kWithoutContainer,
            set_size<&NodeSettings::max_response_bytes>, never_idle},
    Setting{"full_health_checks", "BOOL", "for this node, instead of --full_health_checks", "",
            kWithoutContainer, set_bool<&NodeSettings::full_health_checks>, never_idle},
};

}  // namespace

std::span<const Setting> settings() { return kSettings; }

const Setting* find_setting(std::string_view name) {
  const auto found =
      std::ranges::find_if(kSettings, [&](const Setting& setting) { return setting.name == name; });
  return found == kSettings.end() ? nullptr : &*found;
}

std::string read_address(std::string_view text, NodeSettings::Address& address) {
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with("https://")) return "is of TLS, which this release does not have";
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  while (text.ends_with('/')) text.remove_suffix(1);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return "must be http://host:port or host:port";
  }
  std::string_view digits = text.substr(colon + 1);
  const auto port = take_number<std::uint16_t>(digits);
  if (!port || *port == 0 || !digits.empty()) return "must have a port from 1 to 65535";
  text = text.substr(0, colon);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const bool is_host = std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '/'; });
  if (text.empty() || !is_host) return "must have a plain host";
  address = {std::string(text), *port};
  return "";
}

std::string read_names(std::string_view text, NodeSettings::Names& names) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view pair = text.substr(0, comma);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == pair.size()) {
      return "must be a list of names, as in a=b,c=d";
    }
    if (!names.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second) {
      return "must not rename " + quoted(pair.substr(0, equals)) + " twice";
    }
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return "";
}

}  // namespace infergraph::graph
