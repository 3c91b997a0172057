#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infergraph::engine {

/// How a flag takes its value: a switch only after '=', since "--debug false" is a flag and an
/// argument.
enum class FlagKind : std::uint8_t { kUnknown, kSwitch, kValue };

/// A command line, taken apart.
struct Arguments {
  struct Flag {
    std::string name;   ///< without dashes
    std::string value;  ///< "true" for a bare switch
  };
  std::vector<Flag> flags;           ///< in order, up to the first fault
  std::string unknown;               ///< the flag of the fault, if there is no such flag
  std::string fault;                 ///< what is wrong after these flags; empty if nothing is
  std::vector<std::string> ignored;  ///< the first argument that is no flag, and all after it
};

/// Takes a command line apart as Go's flag package does: -x v, --x v, -x=v, --x=v; "--" and the
/// first argument that is no flag end it.
/// Source: docs/wire/engine.md §1. `args` is without the program's name.
Arguments take_apart(std::span<const std::string> args,
                     const std::function<FlagKind(std::string_view)>& kind_of);

/// "; did you mean --http_port?", or nothing when none of `names` is near; they have no dashes.
std::string did_you_mean_flag(std::string_view written, std::span<const std::string_view> names);

}  // namespace infergraph::engine
