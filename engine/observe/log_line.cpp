#include "engine/observe/log_line.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <variant>

#include "base/utf8.hpp"
#include "protocol/json/json.hpp"

namespace infergraph::engine::log {
namespace {

using Time = std::chrono::system_clock::time_point;

struct LevelNames {
  std::string_view json;
  std::string_view text;
};
constexpr std::array<LevelNames, 4> kNames = {
    {{"debug", "DEBUG"}, {"info", "INFO "}, {"warn", "WARN "}, {"error", "ERROR"}}};

// "2024-05-01T12:00:00.123" in UTC, with `between` the date and the time.
std::string timestamp(Time time, char between) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t whole = seconds.count();
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%04d-%02d-%02d%c%02d:%02d:%02d.%03d",
                    parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, between, parts.tm_hour,
                    parts.tm_min, parts.tm_sec, static_cast<int>((since - seconds).count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

// A line break in a message would look like another line; a terminal obeys control characters.
void append_printable(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7f) {
      out += c;
    } else {
      out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
}

// Hands `append` the text, or its beginning and how much was left out.
template <typename Append>
void append_cut(std::string_view text, Append append) {
  if (text.size() <= kMostText) return append(text);
  std::size_t end = kMostText;
  // Not within a character of UTF-8, which has at most three bytes behind its first.
  for (int i = 0; i < 3 && continues_character(text[end]); ++i) --end;
  append(std::string(text.substr(0, end)) + "… (" + std::to_string(text.size() - end) +
         " bytes more)");
}

void append_double(std::string& out, double number) {
  constexpr double kMostFixed = 1e15;  // beyond, three decimals say nothing
  std::array<char, 64> text{};
  char* const last = text.data() + text.size();
  if (std::abs(number) < kMostFixed) {
    std::string_view fixed(
        text.data(), static_cast<std::size_t>(
                         std::to_chars(text.data(), last, number, std::chars_format::fixed, 3).ptr -
                         text.data()));
    fixed = fixed.substr(0, fixed.find_last_not_of('0') + 1);
    out += fixed.ends_with('.') ? fixed.substr(0, fixed.size() - 1) : fixed;
  } else if (std::isfinite(number)) {
    out.append(text.data(), std::to_chars(text.data(), last, number).ptr);
  } else {
    out += "null";
  }
}

// `append_text` is for what is text; everything else is alike in both forms.
template <typename AppendText>
void append_value(std::string& out, const Value& value, AppendText append_text) {
  if (const auto* text = std::get_if<std::string_view>(&value.content())) {
    append_cut(*text, append_text);
  } else if (const auto* number = std::get_if<double>(&value.content())) {
    append_double(out, *number);
  } else if (const auto* truth = std::get_if<bool>(&value.content())) {
    out += *truth ? "true" : "false";
  } else if (const auto* whole = std::get_if<std::int64_t>(&value.content())) {
    out += std::to_string(*whole);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value.content())) {
    out += std::to_string(*natural);
  }
}

}  // namespace

std::string json_line(Level level, Time time, std::string_view message, Fields fields) {
  std::string line = R"({"level":")";
  const auto append = [&line](std::string_view text) { protocol::json::append_string(line, text); };
  line += kNames[static_cast<std::size_t>(level)].json;
  line += R"(","ts":")" + timestamp(time, 'T') + R"(Z","logger":"infergraph","msg":)";
  append_cut(message, append);
  for (const Field& field : fields) {
    line += ',';
    append(field.key);
    line += ':';
    append_value(line, field.value, append);
  }
  line += '}';
  return line;
}

std::string text_line(Level level, Time time, std::string_view message, Fields fields) {
  std::string line = timestamp(time, ' ') + " ";
  const auto append = [&line](std::string_view text) { append_printable(line, text); };
  line += kNames[static_cast<std::size_t>(level)].text;
  line += ' ';
  append_cut(message, append);
  for (const Field& field : fields) {
    line.append("  ").append(field.key).append("=");
    append_value(line, field.value, append);
  }
  return line;
}

}  // namespace infergraph::engine::log
