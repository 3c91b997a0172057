#include "graph/spec/annotations.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

namespace {

constexpr std::string_view kBlank = " \t\r";

/// \xNN, \uNNNN, \UNNNNNNNN: takes the digits behind the letter.
bool append_numbered(std::string& out, char letter, std::string_view& rest) {
  const std::size_t length = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
  if (rest.size() < length) return false;
  std::uint32_t code = 0;
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + length, code, 16);
  if (error != std::errc() || stop != rest.data() + length || code > 0x10FFFF) return false;
  rest.remove_prefix(length);
  if (letter == 'x') {
    out += static_cast<char>(code);  // a byte, not a character
  } else {
    append_utf8(out, code);
  }
  return true;
}

/// Takes a quoted string off the front of `text`, undoing Go's escapes. Nothing if it doesn't end.
std::optional<std::string> take_quoted(std::string_view& text) {
  constexpr std::string_view kLetters = "abfnrtv\\\"'";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\\"'";
  std::string made;
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') {
      text = rest;
      return made;
    }
    if (c != '\\') {
      made += c;
      continue;
    }
    if (rest.empty()) return std::nullopt;
    const char letter = rest.front();
    rest.remove_prefix(1);
    if (letter == 'x' || letter == 'u' || letter == 'U') {
      if (!append_numbered(made, letter, rest)) return std::nullopt;
    } else {
      const std::size_t at = kLetters.find(letter);
      if (at == kLetters.npos) return std::nullopt;
      made += kMeanings[at];
    }
  }
  return std::nullopt;
}

std::optional<std::pair<std::string, std::string>> parse_line(std::string_view line) {
  std::optional<std::string> key;
  if (line.front() == '"') {
    key = take_quoted(line);
    line = trimmed(line, kBlank);
    if (!key || !line.starts_with('=')) return std::nullopt;
    line.remove_prefix(1);
  } else {
    const std::size_t equals = line.find('=');
    if (equals == line.npos) return std::nullopt;
    key = trimmed(line.substr(0, equals), kBlank);
    line.remove_prefix(equals + 1);
  }
  line = trimmed(line, kBlank);
  std::optional<std::string> value;
  if (line.starts_with('"')) {
    value = take_quoted(line);
    if (!value || !line.empty()) return std::nullopt;
  } else {
    value = line;
  }
  if (key->empty()) return std::nullopt;
  return std::pair(*std::move(key), *std::move(value));
}

struct Level {
  const Annotations& annotations;
};

/// The nearest level's whole number, if it is more than 0. Of the file's levels its reader has told
/// what is none, and the pod's annotations repeat them.
std::optional<std::int32_t> positive(std::string_view name, std::span<const Level> levels,
                                     std::vector<std::string>& warnings) {
  bool is_told = false;
  for (const Level& level : levels) {
    const auto found = level.annotations.find(name);
    if (found == level.annotations.end()) continue;
    std::string_view text = trimmed(found->second, kBlank);
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int32_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && stop == text.data() + text.size()) {
      return value > 0 ? std::optional(value) : std::nullopt;
    }
    if (&level == &levels.back() && !is_told) {
      warnings.push_back("annotation " + std::string(name) + " of the pod: " +
                         quoted(found->second) + " is not a 32-bit whole number; ignored");
    }
    is_told = true;
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> to_milliseconds(std::optional<std::int32_t> value) {
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(*value);
}

}  // namespace

Annotations parse_podinfo(std::string_view text, std::vector<std::string>& warnings) {
  Annotations annotations;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t newline = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, newline), kBlank);
    text.remove_prefix(newline == text.npos ? text.size() : newline + 1);
    if (line.empty()) continue;
    if (auto parsed = parse_line(line)) {
      annotations.insert_or_assign(std::move(parsed->first), std::move(parsed->second));
    } else {
      warnings.push_back("line " + std::to_string(number) +
                         " is not key=\"value\"; skipped: " + quoted(line));
    }
  }
  return annotations;
}

Annotated resolve_annotations(const Annotations& podinfo, const Annotations& deployment,
                              const Annotations& predictor) {
  const std::array<Level, 3> levels{{{predictor}, {deployment}, {podinfo}}};
  Annotated found;
  std::vector<std::string>& warnings = found.warnings;
  found.rest_timeout = to_milliseconds(positive("seldon.io/rest-timeout", levels, warnings));
  found.grpc_timeout = to_milliseconds(positive("seldon.io/grpc-timeout", levels, warnings));
  found.grpc_max_message_size = positive("seldon.io/grpc-max-message-size", levels, warnings);
  return found;
}

}  // namespace infergraph::graph
