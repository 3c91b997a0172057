#include "graph/spec/documents.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.hpp"
#include "base/nearest_name.hpp"
#include "graph/spec/text/yaml_fault.hpp"
#include "graph/spec/text/yaml_tree.hpp"

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

constexpr std::string_view kKind = "SeldonDeployment";

/// The text of a member that is a string, else nothing.
std::string_view text_of(const JsonValue* object, std::string_view name) {
  const JsonValue* const value = object == nullptr ? nullptr : object->member(name);
  return value != nullptr && value->kind == Kind::kString ? value->text : std::string_view();
}

/// Letters of base64 and nothing else, as ENGINE_PREDICTOR has it: "eyJ" is `{"`.
bool may_be_base64(std::string_view text) {
  return text.starts_with("ey") && text.find_first_of(": {") == text.npos;
}

bool is_bare_predictor(const JsonValue& root) {
  return root.member("graph") != nullptr && root.member("spec") == nullptr &&
         root.member("kind") == nullptr;
}

/// Whether it has a graph where a SeldonDeployment has it, whatever it calls itself.
bool has_predictors(const JsonValue& root) {
  const JsonValue* const spec = root.member("spec");
  return spec != nullptr && spec->member("predictors") != nullptr;
}

struct Candidate {
  const JsonTree* tree;
  const JsonValue* value;
  std::string path;
  bool is_named_so = true;  ///< its kind is right
};

// In the order of the file; what stands in Lists too.
std::vector<Candidate> find_all(const Documents& documents) {
  std::vector<Candidate> found;
  for (const JsonTree& tree : documents.trees) {
    const JsonValue& root = tree.root();
    const std::string_view kind = text_of(&root, "kind");
    const JsonValue* const items = root.member("items");
    if (kind.ends_with("List") && items != nullptr && items->is_array()) {
      std::size_t index = 0;
      for (const JsonValue& item : items->children()) {
        // In a SeldonDeploymentList an item need not repeat its kind.
        const std::string_view its_kind = text_of(&item, "kind");
        const bool is_said =
            its_kind == kKind || (its_kind.empty() && kind == std::string(kKind) + "List");
        if (is_said) found.push_back({&tree, &item, element_path("items", index)});
        ++index;
      }
    } else if (kind == kKind) {
      found.push_back({&tree, &root, ""});
    } else if (has_predictors(root)) {
      found.push_back({&tree, &root, "", false});
    }
  }
  const bool any_named = std::ranges::any_of(found, &Candidate::is_named_so);
  if (any_named) std::erase_if(found, [](const Candidate& each) { return !each.is_named_so; });
  return found;
}

std::string_view name_of(const Candidate& candidate) {
  const std::string_view name = text_of(candidate.value->member("metadata"), "name");
  return name.empty() ? text_of(candidate.value->member("spec"), "name") : name;
}

std::string_view namespace_of(const Candidate& candidate) {
  return text_of(candidate.value->member("metadata"), "namespace");
}

bool is_chosen(const Candidate& candidate, const SpecChoice& choice) {
  if (!choice.name.empty() && name_of(candidate) != choice.name) return false;
  if (choice.namespace_.empty()) return true;
  const std::string_view its = namespace_of(candidate);
  return its.empty() || its == choice.namespace_;
}

std::string listed(const std::vector<Candidate>& candidates) {
  constexpr std::size_t kMostNamed = 20;
  std::string names;
  for (std::size_t i = 0; i < candidates.size() && i < kMostNamed; ++i) {
    std::string name(namespace_of(candidates[i]));
    if (!name.empty()) name += '/';
    name += name_of(candidates[i]);
    names += (i == 0 ? "" : ", ") + quoted(name);
  }
  return names + (candidates.size() > kMostNamed ? ", …" : "");
}

// What is there instead of a SeldonDeployment.
std::string what_else(const Documents& documents) {
  if (documents.trees.empty()) return "the file is empty: it holds no SeldonDeployment";
  const JsonValue& root = documents.trees.front().root();
  if (documents.trees.size() > 1) {
    std::string kinds;
    for (const JsonTree& tree : documents.trees) {
      const std::string_view kind = text_of(&tree.root(), "kind");
      if (kind.empty() || kinds.size() > 200) continue;
      kinds += (kinds.empty() ? ", but " : ", ") + std::string(kind.substr(0, 64));
    }
    return "the file holds no SeldonDeployment" + kinds;
  }
  if (root.is_array()) {
    const bool is_patch = root.size > 1 && (&root)[1].member("op") != nullptr;
    return is_patch ? "the file is a JSON patch, which stands for nothing alone: build it first "
                      "(kubectl kustomize)"
                    : "the file holds a list, not a SeldonDeployment";
  }
  if (!root.is_object())
    return "the file holds text, not a SeldonDeployment: \"key: value\" lines "
           "are needed";
  return "";
}

std::string wrong_kind(const JsonValue& root) {
  const JsonValue* const value = root.member("kind");
  if (value == nullptr) return "is missing; it must be SeldonDeployment";
  const std::string kind(value->text);
  constexpr std::array<std::string_view, 1> kKinds{kKind};
  std::string message = quoted(kind) + " must be SeldonDeployment";
  if (kind == "Kustomization") return message + ": build it first (kubectl kustomize)";
  if (kind == "InferenceService" || kind == "InferenceGraph") {
    return message + ": this is KServe's, which has graphs of another language";
  }
  if (kind.ends_with("List")) return message + ", and there is none in this List";
  return message + did_you_mean(kind, kKinds);
}

}  // namespace

std::optional<Documents> read_documents(std::string_view text, SpecFormat format,
                                        SyntaxFault& fault) {
  if (const std::string_view why = why_not_text(text); !why.empty()) {
    fault.message = "the file " + std::string(why);
    return std::nullopt;
  }
  Documents read;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const std::string_view content = first == text.npos ? std::string_view() : text.substr(first);
  if (format == SpecFormat::kAny && may_be_base64(content)) {
    const auto decoded =
        decode_padded_base64(content.substr(0, content.find_last_not_of(" \t\r\n") + 1));
    auto tree =
        decoded && why_not_text(*decoded).empty() ? parse_json(*decoded, fault) : std::nullopt;
    if (tree) {
      read.trees.push_back(*std::move(tree));
      read.is_json = read.is_base64 = true;
      return read;
    }
    if (decoded && decoded->starts_with('{')) {
      fault = {"base64 of what is not JSON: " + fault.message};
      return std::nullopt;
    }
  }
  // JSON is almost YAML: where the difference matters (escapes, tabs) JSON's own reader is right.
  if (format == SpecFormat::kJson || content.starts_with('{')) {
    auto tree = parse_json(text, fault);
    if (tree) {
      read.trees.push_back(*std::move(tree));
      read.is_json = true;
      return read;
    }
    if (format == SpecFormat::kJson) return std::nullopt;
  }
  SyntaxFault of_yaml;
  auto trees = parse_yaml(text, of_yaml);
  if (!trees) {
    // What begins like JSON was mostly meant to be that.
    const bool is_json =
        content.starts_with("{\"") || content.starts_with("{\n") || content.starts_with("{\r\n");
    if (!is_json) fault = explain_yaml(text, of_yaml);
    return std::nullopt;
  }
  read.trees = *std::move(trees);
  return read;
}

std::optional<Meant> choose(const Documents& documents, const SpecChoice& choice,
                            Problems& problems) {
  const std::vector<Candidate> all = find_all(documents);
  if (all.empty()) {
    if (documents.trees.size() == 1 && is_bare_predictor(documents.trees.front().root())) {
      const JsonTree& tree = documents.trees.front();
      return Meant{&tree, &tree.root(), "", true};
    }
    std::string message = what_else(documents);
    if (message.empty()) {
      problems.add("kind", wrong_kind(documents.trees.front().root()));
      return Meant{&documents.trees.front(), nullptr, ""};
    }
    problems.add({"", std::move(message), 1, 1});
    return std::nullopt;
  }
  std::vector<Candidate> chosen;
  if (all.size() == 1) {
    chosen = all;
  } else {
    std::ranges::copy_if(all, std::back_inserter(chosen),
                         [&](const Candidate& each) { return is_chosen(each, choice); });
  }
  if (chosen.size() == 1) {
    return Meant{chosen.front().tree, chosen.front().value, chosen.front().path};
  }
  const std::string which = grouped(all.size()) + " SeldonDeployments, ";
  if (chosen.empty()) {
    std::string name = choice.namespace_.empty() ? "" : choice.namespace_ + "/";
    problems.add("", "the file holds " + which + "but none is " + quoted(name + choice.name) +
                         "; there are: " + listed(all));
  } else {
    const bool is_said = !choice.name.empty() || !choice.namespace_.empty();
    problems.add("", "the file holds " + which +
                         (is_said ? grouped(chosen.size()) + " of which are meant"
                                  : "of which one must be chosen by --sdep and --namespace") +
                         ": " + listed(chosen));
  }
  return std::nullopt;
}

}  // namespace infergraph::graph
