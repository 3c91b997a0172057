#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/command_line/options.hpp"

namespace infergraph::engine {

/// The group of flags that are taken, so that existing pods start, and do nothing yet.
inline constexpr std::string_view kLaterGroup = "Accepted for later releases, without effect";

/// What the variable of every flag begins with.
inline constexpr std::string_view kVariablePrefix = "INFERGRAPH_";

/// One flag: everything that parsing, --help and the check of docs/flags.md need of it.
struct Flag {
  std::string name;
  std::string group;
  std::string value;  ///< what stands for its value in --help; "" for a switch
  std::string help;
  std::string fallback;  ///< the default as text; "" when there is none
  /// Takes the value. Gives what is wrong with it: "must be …"; nothing when it was taken.
  std::function<std::string(Options&, std::string_view)> set;

  bool is_switch() const { return value.empty(); }
  /// The environment variable that sets it too: INFERGRAPH_MAX_CONNECTIONS for max_connections.
  std::string variable() const;
};

/// All flags, by group in the order of --help.
const std::vector<Flag>& flags();
/// The flag of that name, or null.
const Flag* find_flag(std::string_view name);

/// An environment variable that the engine reads.
struct Variable {
  std::string_view name;
  std::string_view help;
};
std::span<const Variable> environment_variables();

/// The whole of --help, at most 80 columns wide.
std::string help_text();
/// Its beginning: the commands.
std::string usage_text();

/// Reads a boolean as Go does: true, 1, t, T, TRUE, True and the same of false.
std::optional<bool> parse_bool(std::string_view text);

}  // namespace infergraph::engine
