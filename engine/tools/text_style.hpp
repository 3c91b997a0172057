#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace infergraph::engine {

/// Colours for a terminal, or nothing at all.
class TextStyle {
 public:
  explicit TextStyle(bool colours) : colours_(colours) {}
  /// With colours if stdout is a terminal that can show them and NO_COLOR is unset or empty
  /// (no-color.org).
  static TextStyle for_stdout();

  std::string bold(std::string_view text) const { return wrap("1", text); }
  std::string dim(std::string_view text) const { return wrap("2", text); }
  std::string red(std::string_view text) const { return wrap("31", text); }
  std::string yellow(std::string_view text) const { return wrap("33", text); }
  std::string green(std::string_view text) const { return wrap("32", text); }
  std::string cyan(std::string_view text) const { return wrap("36", text); }

 private:
  std::string wrap(const char* code, std::string_view text) const;

  bool colours_;
};

/// `text` with control characters as \n, \t or \x1b, so that no payload can drive the terminal, and
/// with broken UTF-8 replaced.
std::string printable(std::string_view text);

/// The first `columns` columns of `text`, "…" being the last of them if anything was left out.
std::string shorten(std::string_view text, std::size_t columns);

/// Columns that `text` takes up: its code points.
std::size_t columns_of(std::string_view text);

/// Width of the terminal on stdout, else COLUMNS, else 120; at least 40.
std::size_t terminal_columns();

/// "850 µs", "12.3 ms", "1.25 s".
std::string elapsed_text(std::chrono::nanoseconds duration);

/// "1 node", "2 nodes".
std::string counted(std::size_t count, std::string_view noun);

}  // namespace infergraph::engine
