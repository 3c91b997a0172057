#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "graph/spec/spec.hpp"

namespace infergraph::graph {

/// What the keys of our annotations begin with: infergraph.io/NODE.NAME, infergraph.io/NAME.
inline constexpr std::string_view kAnnotationPrefix = "infergraph.io/";

/// Whether a unit's parameter of a setting's name may stand for it. The operator hands parameters
/// to the component's constructor, which stops at one that it doesn't know (docs/wire/graph.md §6).
enum class BareName : std::uint8_t {
  kTaken,             ///< as it always was, where its value is one of the setting's
  kWithoutContainer,  ///< only where there is no component to get it
};

/// One setting of a node: everything that reading, `check` and the test of docs/settings.md need.
struct Setting {
  std::string_view name;
  std::string_view value;  ///< what stands for its value in --help
  std::string_view help;
  std::string_view fallback;  ///< the default as text; "" when there is none
  BareName bare;
  /// Takes the value. Gives what is wrong with it: "must be …"; nothing when it was taken.
  std::string (*set)(NodeSettings& settings, std::string_view value);
  /// Why it has no effect on a node: "it is no TENSORFLOW_SERVER"; "" when it has.
  std::string_view (*idle)(const NodeSpec& node);
};

/// All of them, in the order of the document.
std::span<const Setting> settings();
/// The setting of that name, or null.
const Setting* find_setting(std::string_view name);

/// What is wrong with "http://host:2001" or "host:2000", or "". Out: the address.
std::string read_address(std::string_view text, NodeSettings::Address& address);
/// What is wrong with "a=b,c=d", or "". Out: the names.
std::string read_names(std::string_view text, NodeSettings::Names& names);

}  // namespace infergraph::graph
