#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/command_line/argv.hpp"
#include "engine/command_line/environment.hpp"
#include "engine/command_line/options.hpp"

namespace infergraph::engine {

/// What is wrong with a variable INFERGRAPH_… of that value, behind its name: that there is none,
/// or that the engine wouldn't start with it; "" if nothing is.
std::string variable_fault(std::string_view name, std::string_view value);

/// The flags that were given, on the command line or by their variables.
class Settings {
 public:
  /// Where a value comes from, the stronger the greater.
  enum class Source : std::uint8_t { kDefault, kVariable, kFlag };

  /// Puts flags into `options`. Gives what is wrong with the first value that is; empty if none is.
  std::string apply_flags(std::span<const Arguments::Flag> flags, Options& options);
  /// Then the variables of those that have no flag; an empty variable counts as none. What deserves
  /// a line in the log goes into `notices`: variables that a flag overrules, and those that there
  /// aren't. Gives what is wrong, as above.
  std::string apply_variables(const Environment& environment, Options& options,
                              std::vector<std::string>& notices);

  Source source(std::string_view name) const;
  bool is_given(std::string_view name) const { return source(name) != Source::kDefault; }
  /// The value as it was given; empty if it wasn't.
  std::string_view value(std::string_view name) const;
  /// "--http_port" or "INFERGRAPH_HTTP_PORT", by where its value came from.
  std::string told(std::string_view name) const;

 private:
  struct Given {
    std::string value;
    Source source = Source::kDefault;
  };

  std::map<std::string, Given, std::less<>> given_;
};

}  // namespace infergraph::engine
