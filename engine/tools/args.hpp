#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infergraph::engine {

/// The command line of one subcommand, in the flag syntax of the engine itself: `-x v`, `--x v`,
/// `--x=v`, the last of repeated flags wins; flags may stand before and after FILE.
class ToolArgs {
 public:
  /// Takes the value of a flag; gives back what is wrong with it, or "".
  using Take = std::function<std::string(std::string_view)>;

  /// `usage` follows "usage: infergraph ", `about` is a sentence or two below it.
  ToolArgs(std::string usage, std::string about);

  /// A flag without a value; `--name=false` unsets it.
  void add_switch(std::string name, std::string help, bool& into);
  void add_text(std::string name, std::string placeholder, std::string help, std::string& into);
  void add_value(std::string name, std::string placeholder, std::string help, Take take);
  /// FILE may be left out; it is empty then.
  void let_file_be_missing() { file_may_be_missing_ = true; }
  /// Shown at the end of --help.
  void set_footer(std::string footer) { footer_ = std::move(footer); }

  /// Reads `args` and the one FILE in them. Gives the exit code when there is nothing more to do:
  /// 0 after --help (printed on stdout), 2 after bad usage (one line on stderr).
  std::optional<int> parse(const std::vector<std::string>& args, std::string& file) const;

  std::string help() const;

 private:
  struct Flag {
    std::string name;
    std::string placeholder;
    std::string help;
    bool is_switch = false;
    Take take;
  };

  const Flag* find(std::string_view name) const;
  /// What is wrong, or "".
  std::string read(const std::vector<std::string>& args, std::string& file, bool& wants_help) const;

  std::string usage_;
  std::string about_;
  std::string footer_;
  std::vector<Flag> flags_;
  bool file_may_be_missing_ = false;
};

/// "20ms", "1.5s", "2m", "1h", "250us", or "0"; none for anything else and for what is negative.
/// Exact to the nanosecond, where parse_duration() rounds to the millisecond: a stand-in may be
/// faster than that.
std::optional<std::chrono::nanoseconds> read_duration(std::string_view text);

/// Reads a whole number; gives back what is wrong with `text`, or "".
std::string read_whole(std::string_view text, std::uint64_t& into);

/// A finite number that takes up all of `text`.
std::optional<double> read_number(std::string_view text);

}  // namespace infergraph::engine
