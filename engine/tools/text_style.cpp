#include "engine/tools/text_style.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/utf8.hpp"
#include "engine/tools/args.hpp"
#include "engine/tools/json_text.hpp"

namespace infergraph::engine {

TextStyle TextStyle::for_stdout() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool wanted = no_color == nullptr || *no_color == '\0';
  const bool able = term != nullptr && std::string_view(term) != "dumb";
  return TextStyle(wanted && able && isatty(STDOUT_FILENO) == 1);
}

std::string TextStyle::wrap(const char* code, std::string_view text) const {
  if (!colours_ || text.empty()) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string printable(std::string_view text) {
  std::string made;
  for (const char c : to_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      made += "\\n";
    } else if (c == '\t') {
      made += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 5> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", byte);
      made += escaped.data();
    } else {
      made += c;
    }
  }
  return made;
}

std::size_t columns_of(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues_character));
}

std::string shorten(std::string_view text, std::size_t columns) {
  std::size_t seen = 0;
  std::size_t cut = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (continues_character(text[i])) continue;
    if (seen + 1 == columns) cut = i;
    if (++seen > columns) return std::string(text.substr(0, cut)) + "…";
  }
  return std::string(text);
}

std::size_t terminal_columns() {
  winsize size{};
  std::size_t columns = 120;
  const char* given = std::getenv("COLUMNS");
  if (isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
      size.ws_col > 0) {
    columns = size.ws_col;
  } else if (const auto number = read_number(given == nullptr ? "" : given);
             number && *number >= 1 && *number <= 10'000) {
    columns = static_cast<std::size_t>(*number);
  }
  return std::max<std::size_t>(columns, 40);
}

std::string elapsed_text(std::chrono::nanoseconds duration) {
  const auto nanoseconds = static_cast<double>(duration.count());
  std::array<char, 32> text{};
  if (nanoseconds < 1e6) {
    std::snprintf(text.data(), text.size(), "%.0f µs", nanoseconds / 1e3);
  } else if (nanoseconds < 1e9) {
    std::snprintf(text.data(), text.size(), "%.1f ms", nanoseconds / 1e6);
  } else {
    std::snprintf(text.data(), text.size(), "%.2f s", nanoseconds / 1e9);
  }
  return text.data();
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace infergraph::engine
