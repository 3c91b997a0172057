#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec/reader.hpp"
#include "graph/spec/text/json_tree.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

/// What a text holds: trees of JSON, one for each of its documents.
struct Documents {
  std::vector<JsonTree> trees;
  bool is_json = false;    ///< one document, from JSON
  bool is_base64 = false;  ///< that JSON came in base64: its lines are nobody's
};

/// Reads a text of that form; kAny is told from what stands in it. Nothing, with `fault` set, for a
/// text that is none.
std::optional<Documents> read_documents(std::string_view text, SpecFormat format,
                                        SyntaxFault& fault);

/// The one object in a file that is meant.
struct Meant {
  const JsonTree* tree = nullptr;
  const JsonValue* value = nullptr;
  std::string path;           ///< of the value in its document: "" or "items[3]"
  bool is_predictor = false;  ///< a bare predictor
};

/// Finds the SeldonDeployment among the documents and in the Lists there, or the bare predictor in
/// a file of nothing else. Nothing, with a problem, if there is none, or several and none or more
/// than one is chosen.
std::optional<Meant> choose(const Documents& documents, const SpecChoice& choice,
                            Problems& problems);

}  // namespace infergraph::graph
