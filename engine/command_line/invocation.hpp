#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/command_line/environment.hpp"
#include "engine/command_line/options.hpp"

namespace infergraph::engine {

/// What a command line asks for.
struct Invocation {
  enum class Kind : std::uint8_t { kServe, kCheck, kStub, kTry, kHelp, kVersion, kError };

  Kind kind = Kind::kServe;
  Options options;
  std::vector<std::string> tool_args;  ///< of a subcommand, as given
  std::string text;                    ///< help, version or what is wrong, with its line's end
  std::string usage;                   ///< of kError: what to print on stdout first
  int exit_code = 0;
  std::vector<std::string> notices;  ///< of kServe: worth a line in the log
};

/// Reads a command line in Go's flag syntax (docs/wire/engine.md §1), and the environment, and
/// checks what can be checked without the graph. A flag beats its variable, that one the older
/// variables (SELDON_LOG_LEVEL …). Exit codes: 2 for an unknown command or flag or an unparsable
/// value, 1 for what check_options() says.
///
/// A graph's file may stand without --file, where the reference could not have served: first on the
/// line, or where there is no other graph. Behind flags and with ENGINE_PREDICTOR the first
/// argument that is no flag ends the line, as there.
Invocation parse_command_line(int argc, const char* const* argv, const Environment& environment);

}  // namespace infergraph::engine
