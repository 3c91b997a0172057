#include "engine/tools/json_text.hpp"

#include <rapidjson/reader.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/utf8.hpp"
#include "protocol/json/json.hpp"

namespace infergraph::engine {
namespace {

/// Where the string ends that begins at `at`: its closing quote, or the end of the text.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at;
}

bool nested_too_deep(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      i = end_of_string(text, i);
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

/// How many bytes a zero with a fraction or an exponent takes at the front; 0 when there is none.
std::size_t written_zero(std::string_view text) {
  const std::size_t size = std::min(text.find_first_not_of("0123456789+-.eE"), text.size());
  std::string_view rest = text.substr(0, size);
  if (rest.starts_with('-')) rest.remove_prefix(1);
  if (rest.size() < 3 || !rest.starts_with('0')) return 0;
  rest.remove_prefix(1);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const std::size_t zeros = std::min(rest.find_first_not_of('0'), rest.size());
    if (zeros == 0) return 0;
    rest.remove_prefix(zeros);
    if (rest.empty()) return size;
  }
  if (!rest.starts_with('e') && !rest.starts_with('E')) return 0;
  rest.remove_prefix(1);
  if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
  const bool is_whole = rest.find_first_not_of("0123456789") == std::string_view::npos;
  return is_whole && !rest.empty() ? size : 0;
}

/// Each zero as "0.0" and space: RapidJSON's exact reading makes any number of 0e-100, and of 27
/// zeros behind the point.
std::string with_plain_zeros(std::string_view text) {
  std::string made(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      i = end_of_string(text, i);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      const std::size_t size = written_zero(text.substr(i));
      if (size > 0) {
        const std::string_view plain = c == '-' ? "-0.0" : "0.0";
        made.replace(i, size, std::string(plain).append(size - plain.size(), ' '));
      }
      const std::size_t end = text.find_first_not_of("0123456789+-.eE", i);
      i = std::min(end, text.size()) - 1;
    }
  }
  return made;
}

/// Indents tokens that are known to be well-formed. An array stays on one line until something
/// nested in it is met, so its opening is written late.
class Indenter {
 public:
  explicit Indenter(std::string_view text) : text_(text) {}

  std::string run() {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == '"') {
        const std::size_t from = i;
        for (++i; text_[i] != '"'; ++i) {
          if (text_[i] == '\\') ++i;
        }
        made_ += text_.substr(from, i + 1 - from);
      } else if (c == '{' || c == '[') {
        open(i);
      } else if (c == '}' || c == ']') {
        close(c);
      } else if (c == ',') {
        made_ += ',';
        flat_.back() ? void(made_ += ' ') : new_line();
      } else if (c == ':') {
        made_ += ": ";
      } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
        made_ += c;
      }
    }
    return std::move(made_);
  }

 private:
  void open(std::size_t at) {
    made_ += text_[at];
    flat_.push_back(is_flat(at));
    if (!flat_.back()) new_line();
  }

  void close(char c) {
    const bool flat = flat_.back();
    flat_.pop_back();
    if (!flat) new_line();
    made_ += c;
  }

  /// An array of plain values, or anything empty.
  bool is_flat(std::size_t at) const {
    bool in_string = false;
    for (std::size_t i = at + 1; i < text_.size(); ++i) {
      const char c = text_[i];
      if (in_string) {
        if (c == '\\') ++i;
        if (c == '"') in_string = false;
        continue;
      }
      if (c == ']' || c == '}') return true;
      if (c == '{' || c == '[') return false;
      if (text_[at] == '{' && c == '"') return false;
      if (c == '"') in_string = true;
    }
    return true;
  }

  void new_line() {
    made_ += '\n';
    made_.append(2 * flat_.size(), ' ');
  }

  std::string_view text_;
  std::string made_;
  std::vector<bool> flat_;
};

}  // namespace

bool parse_json(std::string_view text, rapidjson::Document& into, JsonDialect dialect) {
  if (nested_too_deep(text)) return false;
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag |
                              rapidjson::kParseValidateEncodingFlag;
  const std::string plain = with_plain_zeros(text);
  if (dialect == JsonDialect::kPython) {
    into.Parse<kFlags | rapidjson::kParseNanAndInfFlag>(plain.data(), plain.size());
  } else {
    into.Parse<kFlags>(plain.data(), plain.size());
  }
  return !into.HasParseError();
}

std::string indent_json(std::string_view text) {
  rapidjson::Document ignored;
  if (!parse_json(text, ignored)) return std::string(text);
  return Indenter(text).run();
}

std::string without_space(std::string_view json) {
  std::string made;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') {
      made += c;
      made += json[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (in_string || (c != ' ' && c != '\t' && c != '\n' && c != '\r')) made += c;
  }
  return made;
}

void write_body(JsonWriter& writer, std::string_view body) {
  rapidjson::Document read;
  if (!body.empty() && parse_json(body, read)) {
    const std::string line = without_space(body);
    writer.RawValue(line.data(), line.size(), read.GetType());
  } else {
    write_string(writer, to_utf8(body));
  }
}

void write_double(JsonWriter& writer, double value) {
  if (!std::isfinite(value)) {
    writer.Double(value);
    return;
  }
  std::string text;
  protocol::json::append_double(text, value);
  writer.RawValue(text.data(), text.size(), rapidjson::kNumberType);
}

}  // namespace infergraph::engine
