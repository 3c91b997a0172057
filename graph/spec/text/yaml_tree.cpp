#include "graph/spec/text/yaml_tree.hpp"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <sstream>
#include <string>
#include <utility>

#include "graph/spec/text/problems.hpp"
#include "graph/spec/text/yaml_builder.hpp"

namespace infergraph::graph {

namespace {

/// Walks down the lines of a text to see how its documents are parted, which yaml-cpp leaves open.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  /// Whether a document may begin there: at `---`, or behind a `...`. Marks must come in order.
  bool part_documents_at(const YAML::Mark& mark) {
    bool ended = false;
    for (; line_ < mark.line; ++line_) {
      const std::size_t newline = rest_.find('\n');
      ended = rest_.starts_with("...") || (ended && is_blank(rest_.substr(0, newline)));
      rest_.remove_prefix(newline == rest_.npos ? rest_.size() : newline + 1);
    }
    return ended || (mark.column == 0 && rest_.starts_with("---"));
  }

 private:
  static bool is_blank(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    return first == line.npos || line[first] == '#' || line[first] == '%';
  }

  std::string_view rest_;
  int line_ = 0;
};

// Whether the quote that begins there is closed: yaml-cpp takes the end of the text for one.
bool is_closed(std::string_view text, const YAML::Mark& mark) {
  const auto begin = static_cast<std::size_t>(mark.pos);
  if (begin >= text.size() || (text[begin] != '"' && text[begin] != '\'')) return true;
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (text[begin] == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == text[begin]) {
      return true;  // of a doubled one the second follows
    }
  }
  return false;
}

}  // namespace

std::optional<std::vector<JsonTree>> parse_yaml(std::string_view text, SyntaxFault& fault) {
  constexpr std::size_t kMaxDocuments = 1000;
  std::vector<JsonTree> documents;
  std::size_t values = 0;
  Expansion expansion;
  Lines lines(text);
  // Marks count from behind it.
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const std::string_view marked =
      text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
  const Columns columns(marked);
  const auto refuse = [&fault, &columns](const YAML::Mark& mark, std::string message) {
    fault.message = std::move(message);
    if (mark.is_null()) return;
    fault.line = static_cast<std::size_t>(mark.line) + 1;
    fault.column = columns.of(mark);
  };
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    int last_start = -1;
    std::optional<YAML::Mark> last_quoted;
    for (std::size_t read = 0;; ++read) {
      JsonTree tree;
      YamlBuilder builder(tree, expansion, columns);
      if (!parser.HandleNextDocument(builder)) {
        if (last_quoted && !is_closed(marked, *last_quoted)) {
          throw Refused{*last_quoted, "a quote is not closed"};
        }
        return documents;
      }
      if (builder.last_quoted()) last_quoted = builder.last_quoted();
      // yaml-cpp leaves a token that begins no value where it is, and would find it again for ever.
      if (builder.start().pos == last_start) throw Refused{builder.start(), "this begins no value"};
      last_start = builder.start().pos;
      if (!lines.part_documents_at(builder.start()) && read > 0) {
        throw Refused{builder.start(), "the document has ended before this"};
      }
      if (read == kMaxDocuments) {
        throw Refused{builder.start(), "more than " + grouped(kMaxDocuments) + " documents"};
      }
      if (tree.empty() || tree.root().kind == protocol::json::Kind::kNull) continue;
      values += tree.values().size();
      if (values > kMaxValues) {
        throw Refused{builder.start(), "more than " + grouped(kMaxValues) + " values"};
      }
      documents.push_back(std::move(tree));
    }
  } catch (const Refused& refused) {
    refuse(refused.mark, refused.message);
  } catch (const YAML::Exception& thrown) {
    refuse(thrown.mark, thrown.msg);
  } catch (const std::exception& thrown) {
    refuse(YAML::Mark::null_mark(), thrown.what());
  }
  return std::nullopt;
}

}  // namespace infergraph::graph
