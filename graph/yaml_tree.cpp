#include "graph/yaml_tree.hpp"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <sstream>
#include <string>
#include <utility>

#include "graph/problems.hpp"
#include "graph/yaml_builder.hpp"

namespace infergraph::graph {

namespace {

std::string located(const YAML::Mark& mark, const std::string& message) {
  if (mark.is_null()) return message;
  return "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1) +
         ": " + message;
}

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

}  // namespace

protocol::Result<std::vector<YamlDocument>> parse_yaml(std::string_view text) {
  constexpr std::size_t kMaxDocuments = 1000;
  std::vector<YamlDocument> documents;
  Expansion expansion;
  Lines lines(text);
  std::string message;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    int last_start = -1;
    for (std::size_t read = 0;; ++read) {
      YamlDocument document;
      YamlBuilder builder(document, expansion);
      if (!parser.HandleNextDocument(builder)) return documents;
      // yaml-cpp leaves a token that begins no value where it is, and would find it again for ever.
      if (builder.start().pos == last_start) throw Refused{builder.start(), "this begins no value"};
      last_start = builder.start().pos;
      if (!lines.part_documents_at(builder.start()) && read > 0) {
        throw Refused{builder.start(), "the document has ended before this"};
      }
      if (read == kMaxDocuments) {
        throw Refused{builder.start(), "more than " + grouped(kMaxDocuments) + " documents"};
      }
      if (document.tree.empty() || document.tree.root().kind == protocol::json::Kind::kNull)
        continue;
      documents.push_back(std::move(document));
    }
  } catch (const Refused& refused) {
    message = located(refused.mark, refused.message);
  } catch (const YAML::Exception& thrown) {
    message = located(thrown.mark, thrown.msg);
  } catch (const std::exception& thrown) {
    message = thrown.what();
  }
  return protocol::Status(protocol::Code::kInvalidArgument, std::move(message));
}

}  // namespace infergraph::graph
