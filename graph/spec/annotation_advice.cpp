#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "base/ascii.hpp"
#include "base/nearest_name.hpp"
#include "graph/spec/advice.hpp"
#include "graph/spec/ignored.hpp"

namespace infergraph::graph {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPrefix = "seldon.io/";
constexpr std::string_view kOurPrefix = "infergraph.io/";

constexpr std::string_view kRestTimeout = "seldon.io/rest-timeout";
constexpr std::string_view kGrpcTimeout = "seldon.io/grpc-timeout";
constexpr std::string_view kMessageSize = "seldon.io/grpc-max-message-size";
constexpr std::array kRead{kRestTimeout, kGrpcTimeout, kMessageSize};

/// Of the Java engine, which had others (docs/wire/graph.md §7).
constexpr std::array kJava{std::pair{"seldon.io/rest-read-timeout"sv, kRestTimeout},
                           std::pair{"seldon.io/grpc-read-timeout"sv, kGrpcTimeout},
                           std::pair{"seldon.io/rest-connection-timeout"sv, ""sv},
                           std::pair{"seldon.io/rest-connect-retries"sv, ""sv}};

/// Of the operator (docs/wire/graph.md §7): none of the engine's business, but no slips
/// either.
constexpr std::array kOperators{"seldon.io/engine-separate-pod"sv,
                                "seldon.io/engine-java-opts"sv,
                                "seldon.io/engine-seldon-log-level"sv,
                                "seldon.io/executor"sv,
                                "seldon.io/executor-logger-queue-size"sv,
                                "seldon.io/executor-logger-write-timeout-ms"sv,
                                "seldon.io/headless-svc"sv,
                                "seldon.io/no-engine"sv,
                                "seldon.io/no-storage-initializer"sv,
                                "seldon.io/svc-name"sv,
                                "seldon.io/istio-gateway"sv,
                                "seldon.io/istio-host"sv,
                                "seldon.io/istio-retries"sv,
                                "seldon.io/istio-retries-timeout"sv,
                                "seldon.io/ambassador-config"sv,
                                "seldon.io/ambassador-service-name"sv,
                                "seldon.io/ambassador-header"sv,
                                "seldon.io/ambassador-regex-header"sv,
                                "seldon.io/ambassador-id"sv,
                                "seldon.io/ambassador-retries"sv,
                                "seldon.io/controller-id"sv};

/// Which the operator makes variables of our flags of: seldon.io/engine-infergraph-max-in-flight is
/// INFERGRAPH_MAX_IN_FLIGHT (docs/wire/graph.md §7).
constexpr std::string_view kMadeVariable = "seldon.io/engine-";
constexpr std::string_view kOurFlags = "seldon.io/engine-infergraph-";

std::string variable_of(std::string_view annotation) {
  std::string made(annotation.substr(kMadeVariable.size()));
  std::ranges::transform(made, made.begin(), [](char c) {
    if (c == '-') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return made;
}

template <typename Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::ranges::find(names, name) != names.end();
}

/// 5s as 5000: what a time written for people is in milliseconds.
std::optional<std::int64_t> in_milliseconds(std::string_view text) {
  constexpr std::array kUnits{std::pair{"ms"sv, 1.0}, std::pair{"s"sv, 1e3}, std::pair{"m"sv, 60e3},
                              std::pair{"h"sv, 3600e3}};
  for (const auto& [unit, factor] : kUnits) {
    if (!text.ends_with(unit)) continue;
    const std::string_view digits = text.substr(0, text.size() - unit.size());
    double value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
    if (!(value >= 0 && value * factor < 1e9)) return std::nullopt;
    return std::llround(value * factor);
  }
  return std::nullopt;
}

bool is_int32(std::string_view text) {
  text = trimmed(text, " \t\r");
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int32_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size();
}

std::string fault_of_value(std::string_view name, std::string_view value) {
  if (is_int32(value)) return "";
  std::string message = quoted(value) + " is not a 32-bit whole number, so it is ignored: ";
  if (name == kMessageSize) return message + "give bytes, as in \"4194304\"";
  const auto meant = in_milliseconds(value);
  return message + "give milliseconds, as in \"" + std::to_string(meant.value_or(5000)) + "\"";
}

/// The annotation that was meant by one that isn't known, or "".
std::string_view meant_by(std::string_view name) {
  if (const std::string_view near = nearest_name(name, kRead); !near.empty()) return near;
  // Without its prefix, or with another one of ours.
  const std::size_t slash = name.rfind('/');
  const std::string_view last = slash == name.npos ? name : name.substr(slash + 1);
  const bool is_foreign = slash != name.npos && !name.starts_with("seldon") &&
                          !name.starts_with("machinelearning.seldon");
  if (is_foreign) return {};
  std::array<std::string_view, kRead.size()> bare;
  std::ranges::transform(kRead, bare.begin(),
                         [](std::string_view read) { return read.substr(kPrefix.size()); });
  const std::string_view near = nearest_name(last, bare);
  if (near.empty() || (slash == name.npos && near != name)) return {};
  return kRead[static_cast<std::size_t>(std::ranges::find(bare, near) - bare.begin())];
}

}  // namespace

void advise_annotations(const Annotations& annotations, std::string_view path, VariableFault fault,
                        Problems& warnings) {
  // Finding what was meant takes a look at every name that there is.
  constexpr std::size_t kMostLookedAt = 1000;
  std::size_t looked_at = 0;
  for (const auto& [name, value] : annotations) {
    const std::string place = member_path(path, name);
    if (is_one_of(name, kRead)) {
      if (std::string wrong = fault_of_value(name, value); !wrong.empty()) {
        warnings.add(place, std::move(wrong));
      }
      continue;
    }
    if (name.starts_with(kOurFlags)) {
      const Place whole(path);
      advise_flag(variable_of(name), value, fault, Place(whole, name), warnings);
      continue;
    }
    if (is_one_of(name, kOperators) || name.starts_with(kOurPrefix)) continue;
    const auto java = std::ranges::find(kJava, name, [](const auto& each) { return each.first; });
    if (java != kJava.end()) {
      std::string message = "is of the Java engine and has no effect here";
      if (!java->second.empty()) message += "; " + std::string(java->second) + " has";
      warnings.add(place, std::move(message));
      continue;
    }
    if (++looked_at > kMostLookedAt) continue;
    if (const std::string_view meant = meant_by(name); !meant.empty()) {
      warnings.add(place,
                   "is no annotation that is read; did you mean \"" + std::string(meant) + "\"?");
    } else if (name.starts_with(kPrefix)) {
      if (std::string hint = did_you_mean(name, kOperators); !hint.empty()) {
        warnings.add(place, "is no annotation of Seldon's" + hint);
      }
    }
  }
}

}  // namespace infergraph::graph
