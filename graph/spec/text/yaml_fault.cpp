#include "graph/spec/text/yaml_fault.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

namespace {

using namespace std::string_view_literals;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '/';
}

struct Line {
  std::string_view text;
  std::size_t indent = 0;  // blanks before it, and "- " of lists
  std::string_view body;   // without indentation and comment
  std::string_view key;    // of "key: value"; "" where there is none
  std::string_view value;  // likewise
  bool has_value = false;
};

Line look_at(std::string_view text) {
  Line line;
  if (text.ends_with('\r')) text.remove_suffix(1);
  line.text = text;
  std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  line.body = text.substr(begin);
  while (line.body.starts_with("- ")) {
    const std::size_t next = std::min(line.body.find_first_not_of(' ', 2), line.body.size());
    begin += next;
    line.body.remove_prefix(next);
  }
  line.indent = begin;
  if (line.body.starts_with('#')) line.body = {};
  if (const std::size_t comment = line.body.find(" #"); comment != line.body.npos) {
    line.body = line.body.substr(0, comment);
  }
  line.body = line.body.substr(0, line.body.find_last_not_of(" \t") + 1);
  const std::size_t colon = line.body.find(':');
  const bool is_key = colon != line.body.npos && colon > 0 &&
                      std::ranges::all_of(line.body.substr(0, colon), is_word) &&
                      (colon + 1 == line.body.size() || line.body[colon + 1] == ' ');
  if (!is_key) return line;
  line.key = line.body.substr(0, colon);
  line.value = line.body.substr(colon + 1);
  line.value.remove_prefix(std::min(line.value.find_first_not_of(' '), line.value.size()));
  line.has_value = !line.value.empty();
  return line;
}

// "|", ">-", "|2": what follows further in is text.
bool begins_block(std::string_view body) {
  const std::size_t last = body.find_last_of(" :") + 1;
  const std::string_view header = body.substr(std::min(last, body.size()));
  if (header.empty() || (header.front() != '|' && header.front() != '>')) return false;
  return header.find_first_not_of("+-0123456789", 1) == header.npos;
}

/// The lines up to a little beyond the place where the parser stopped.
std::vector<Line> lines_of(std::string_view text, std::size_t up_to) {
  std::vector<Line> lines;
  std::optional<std::size_t> block;  // the indentation of what it belongs to
  while (!text.empty() && lines.size() < up_to) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    Line line = look_at(text.substr(0, newline));
    text.remove_prefix(std::min(newline + 1, text.size()));
    const std::size_t blanks = std::min(line.text.find_first_not_of(' '), line.text.size());
    if (block && (line.body.empty() || blanks > *block)) {
      line.body = line.key = line.value = {};
      line.has_value = false;
    } else {
      block.reset();
      if (begins_block(line.body)) block = blanks;
    }
    lines.push_back(line);
  }
  return lines;
}

/// The place `offset` bytes into a line.
SyntaxFault at(const std::vector<Line>& lines, std::size_t index, std::size_t offset,
               std::string message) {
  const std::string_view before = lines[index].text.substr(0, offset);
  const auto more = static_cast<std::size_t>(std::ranges::count_if(before, continues_character));
  return {std::move(message), index + 1, offset - more + 1};
}

std::optional<SyntaxFault> find_tab(const std::vector<Line>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view text = lines[i].text;
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    const std::size_t tab = text.substr(0, begin).find('\t');
    if (lines[i].body.empty() || tab == text.npos) continue;
    return at(lines, i, tab, "a tab in the indentation: YAML takes blanks only");
  }
  return std::nullopt;
}

/// Where a quote begins that the line doesn't close. Out: the line with blanks for what stands in
/// quotes and in a comment.
std::optional<std::size_t> open_quote_of(std::string_view text, std::string* plain = nullptr) {
  std::size_t begin = 0;
  char quote = '\0';
  char before = ':';  // what stands before a value
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0') {
      if ((c == '"' || c == '\'') &&
          std::string_view(":[{,-").find(before) != std::string_view::npos) {
        quote = c;
        begin = i;
      }
      if (c == '#' && (i == 0 || text[i - 1] == ' ')) return std::nullopt;
      if (c != ' ') before = c;
      if (plain != nullptr) plain->append(i - plain->size(), ' ').push_back(c);
    } else if (quote == '"' && c == '\\') {
      ++i;
    } else if (c == quote) {
      const bool is_doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (is_doubled) {
        ++i;
      } else {
        quote = '\0';
        before = c;
      }
    }
  }
  return quote == '\0' ? std::nullopt : std::optional(begin);
}

// Where the parser stopped, or near it: elsewhere it is text. A template's own quotes stop it too.
std::optional<SyntaxFault> find_template(const std::vector<Line>& lines, std::size_t stopped,
                                         bool at_end) {
  constexpr std::size_t kNear = 3;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].body.empty() || (!at_end && i + kNear < stopped)) continue;
    const std::string_view whole = lines[i].text;
    if (whole.find("{{") == whole.npos) continue;
    std::string plain;
    (void)open_quote_of(whole, &plain);
    const std::string_view looked_at = i == stopped ? whole : std::string_view(plain);
    const std::size_t begin = looked_at.find("{{");
    if (begin == looked_at.npos || whole.find("}}", begin) == whole.npos) continue;
    if (begin >=
        static_cast<std::size_t>(lines[i].body.data() - whole.data()) + lines[i].body.size()) {
      continue;  // in a comment
    }
    return at(lines, i, begin,
              "this is a template: render it first (helm template CHART, or what it is of)");
  }
  return std::nullopt;
}

// A quote that isn't closed, with something below it that looks like a line of its own.
std::optional<SyntaxFault> find_open_quote(const std::vector<Line>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].body.empty()) continue;
    const auto offset = open_quote_of(lines[i].text);
    if (!offset) continue;
    std::size_t next = i + 1;
    while (next < lines.size() && lines[next].body.empty()) ++next;
    const bool goes_on =
        next < lines.size() && lines[next].key.empty() && lines[next].indent > lines[i].indent;
    if (goes_on) continue;
    return at(lines, i, *offset,
              std::string("the quote that begins here is not closed: put ") +
                  lines[i].text[*offset] + " at the value's end");
  }
  return std::nullopt;
}

// "name:default", which is one word to YAML, or "name default".
std::optional<SyntaxFault> find_missing_blank(const std::vector<Line>& lines, std::size_t stopped) {
  constexpr std::array kKeys{
      "apiVersion"sv,     "kind"sv,     "metadata"sv,     "spec"sv,          "name"sv,
      "namespace"sv,      "graph"sv,    "type"sv,         "children"sv,      "predictors"sv,
      "endpoint"sv,       "replicas"sv, "methods"sv,      "parameters"sv,    "value"sv,
      "implementation"sv, "modelUri"sv, "service_host"sv, "service_port"sv,  "httpPort"sv,
      "grpcPort"sv,       "image"sv,    "containers"sv,   "traffic"sv,       "protocol"sv,
      "transport"sv,      "labels"sv,   "annotations"sv,  "componentSpecs"sv};
  for (std::size_t i = std::min(stopped + 1, lines.size()); i > 0 && i + 4 > stopped; --i) {
    const std::string_view body = lines[i - 1].body;
    const std::size_t colon = body.find(':');
    const std::size_t offset = static_cast<std::size_t>(body.data() - lines[i - 1].text.data());
    const std::string_view word = body.substr(0, body.find(' '));
    if (colon == body.npos && std::ranges::find(kKeys, word) != kKeys.end()) {
      return at(lines, i - 1, offset + word.size(),
                "a colon is missing: " + std::string(word) + ":" +
                    std::string(body.substr(word.size(), 64)));
    }
    if (colon == body.npos || colon + 1 >= body.size() || body[colon + 1] == ' ') continue;
    if (std::ranges::find(kKeys, body.substr(0, colon)) == kKeys.end()) continue;
    return at(lines, i - 1, offset + colon + 1,
              "a blank is missing behind the colon: " + std::string(body.substr(0, colon)) + ": " +
                  std::string(body.substr(colon + 1, 64)));
  }
  return std::nullopt;
}

/// The line before `index` that has something.
std::optional<std::size_t> before(const std::vector<Line>& lines, std::size_t index) {
  while (index > 0) {
    if (!lines[--index].body.empty()) return index;
  }
  return std::nullopt;
}

// The parser stopped within a line whose indentation fits none above it.
std::optional<SyntaxFault> find_indentation(const std::vector<Line>& lines, std::size_t stopped) {
  if (stopped >= lines.size() || lines[stopped].body.empty()) return std::nullopt;
  const Line& line = lines[stopped];
  const auto previous = before(lines, stopped);
  if (!previous) return std::nullopt;
  const Line& above = lines[*previous];
  const bool is_item =
      line.text.substr(std::min(line.text.find_first_not_of(' '), line.text.size()))
          .starts_with("- ");
  const std::string found = std::to_string(line.indent) + " blanks";
  if (!line.key.empty() && above.has_value && line.indent > above.indent) {
    return at(lines, stopped, line.indent,
              "\"" + std::string(line.key) + ":\" is indented by " + found + ", further than \"" +
                  std::string(above.key) +
                  ":\" above it, which has a value already: indent both by " +
                  std::to_string(above.indent));
  }
  // Going out: some line above must stand as far in.
  if (line.indent >= above.indent) return std::nullopt;
  std::string nearest;
  std::size_t limit = above.indent + 1;
  for (auto i = previous; i; i = before(lines, *i)) {
    const Line& other = lines[*i];
    if (other.indent >= limit || other.key.empty()) continue;
    limit = other.indent;
    if (other.indent == line.indent) return std::nullopt;
    nearest = std::to_string(other.indent);
    if (other.indent < line.indent) {
      return at(lines, stopped, line.indent,
                "this is indented by " + found + ", which fits nothing above it: " +
                    (is_item ? "" : "\"" + std::string(other.key) + ":\" there is indented by ") +
                    (is_item ? "the lines above are indented by " : "") + nearest);
    }
  }
  return std::nullopt;
}

// What the parser's own words mean.
std::string in_plain_words(std::string_view message, const std::vector<Line>& lines,
                           std::size_t stopped) {
  const std::string_view line = stopped < lines.size() ? lines[stopped].body : ""sv;
  if (message == "illegal map value") {
    return "a second \": \" in one line: put the value in quotes, or begin a new line";
  }
  if (message == "end of map not found") {
    return "this is no \"key: value\" of the map around it: look at the indentation and for a "
           "missing colon";
  }
  if (message == "end of sequence not found") {
    return "this is no \"- \" of the list around it: look at the indentation";
  }
  if (message == "end of map flow not found") return "a \"{\" is not closed, or a comma is missing";
  if (message == "end of sequence flow not found") {
    return "a \"[\" is not closed, or a comma is missing";
  }
  if (message == "illegal block entry" || message == "illegal map key") {
    return "this stands where only a value can: look at the indentation";
  }
  if (message == "unknown token") {
    return std::string("a text can't begin so: put it in quotes") +
           (line.find('%') != line.npos || line.find('@') != line.npos
                ? ", since it begins with a character that YAML keeps for itself"
                : "");
  }
  if (message == "illegal EOF in scalar" || message == "illegal document indicator in scalar") {
    return "a quote is not closed before the end of the text";
  }
  if (message == "the referenced anchor is not defined") {
    return "no anchor \"&\" of this name stands above; quote the text if \"*\" belongs to it";
  }
  return std::string(message);
}

}  // namespace

SyntaxFault explain_yaml(std::string_view text, const SyntaxFault& fault) {
  // A quote that isn't closed carries the parser to the end.
  const bool at_end = fault.line == 0 || fault.message.find("EOF") != std::string::npos;
  constexpr std::size_t kBeyond = 2;
  const std::vector<Line> lines =
      lines_of(text, at_end ? std::string_view::npos : fault.line + kBeyond);
  const std::size_t stopped = fault.line == 0 ? lines.size() : fault.line - 1;
  if (auto found = find_template(lines, stopped, at_end)) return *found;
  if (auto found = find_tab(lines)) return *found;
  if (auto found = find_open_quote(lines)) return *found;
  if (auto found = find_missing_blank(lines, stopped)) return *found;
  if (auto found = find_indentation(lines, stopped)) return *found;
  SyntaxFault plain = fault;
  plain.message = in_plain_words(fault.message, lines, stopped);
  return plain;
}

}  // namespace infergraph::graph
