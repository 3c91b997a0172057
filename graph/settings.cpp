#include "graph/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "graph/problems.hpp"

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

// As seldon.io/rest-timeout has it, or with its unit.
template <std::optional<std::chrono::milliseconds> NodeSettings::*Into>
std::string set_duration(NodeSettings& settings, std::string_view value) {
  constexpr std::array<std::pair<std::string_view, std::uint32_t>, 4> kUnits{
      {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60'000}}};
  const auto number = take_number<std::uint32_t>(value);
  const auto unit =
      std::ranges::find_if(kUnits, [&](const auto& known) { return known.first == value; });
  const std::uint32_t most = std::numeric_limits<std::int32_t>::max();
  if (!number || unit == kUnits.end() || *number > most / unit->second) {
    return "must be milliseconds, or a time such as 1500ms, 15s or 2m";
  }
  settings.*Into = std::chrono::milliseconds(std::int64_t{*number} * unit->second);
  return "";
}

template <std::optional<bool> NodeSettings::*Into>
std::string set_bool(NodeSettings& settings, std::string_view value) {
  if (value != "true" && value != "false") return "must be true or false";
  settings.*Into = value == "true";
  return "";
}

std::string_view never_idle(const NodeSpec& node) {
  return is_built_in(node.implementation) ? "it is built in" : "";
}

std::string_view only_tensorflow_server(const NodeSpec& node) {
  return node.implementation_name == "TENSORFLOW_SERVER" ? "" : "it is no TENSORFLOW_SERVER";
}

std::string_view only_combiner(const NodeSpec& node) {
  if (is_built_in(node.implementation)) return "it is built in";
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
            "", kWithoutContainer, set_duration<&NodeSettings::timeout>, never_idle},
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
