#include "graph/spec/reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "graph/spec/deployment_reader.hpp"
#include "graph/spec/documents.hpp"
#include "graph/spec/text/json_tree.hpp"
#include "graph/spec/text/locate.hpp"

namespace infergraph::graph {

namespace {

/// How deep a graph may be, by the form in which it came: yaml-cpp recurses.
constexpr std::size_t kMaxDepthInYaml = 200;
constexpr std::size_t kMaxDepthInJson = 1000;

constexpr std::size_t kMaxFileBytes = 64 << 20;

SpecReading only_problem(Problem problem) {
  SpecReading reading;
  reading.problems.push_back(std::move(problem));
  return reading;
}

SpecReading only_problem(std::string path, std::string message) {
  return only_problem(Problem{std::move(path), std::move(message)});
}

void warn_of_repeated(const JsonTree& tree, Problems& warnings) {
  for (const JsonTree::Repeated& repeated : tree.repeated()) {
    const JsonValue& first = tree.values()[repeated.first];
    const JsonValue& last = tree.values()[repeated.last];
    Problem problem{
        tree.path_of(repeated.last),
        "the key is given twice, in " +
            (first.line == last.line
                 ? "columns " + std::to_string(first.column) + " and " + std::to_string(last.column)
                 : "line " + std::to_string(first.line) + " and in line " +
                       std::to_string(last.line)) +
            ": the last one counts; take one away"};
    problem.line = last.line;
    problem.column = last.column;
    warnings.add(std::move(problem));
  }
}

/// Moves what was found into the reading, each with its place in the text.
void conclude(Findings& findings, const JsonTree* tree, std::string_view prefix,
              std::string_view text, SpecReading& reading) {
  reading.problems = findings.problems.take();
  reading.warnings = findings.warnings.take();
  for (std::vector<Problem>* const found : {&reading.problems, &reading.warnings}) {
    if (tree != nullptr) locate(*tree, prefix, *found);
    quote_source(text, *found);
  }
}

// What has no name of ours, such as a pipe, is known by what is in it.
SpecFormat format_of(const std::string& file_name) {
  const std::string extension = lowered(std::filesystem::path(file_name).extension().string());
  if (extension == ".json") return SpecFormat::kJson;
  if (extension == ".yaml" || extension == ".yml") return SpecFormat::kYaml;
  return SpecFormat::kAny;
}

}  // namespace

SpecReading read_deployment(std::string_view text, SpecFormat format, const Annotations& pod,
                            const SpecChoice& choice, const EngineFacts& engine) {
  SyntaxFault fault;
  const auto documents = read_documents(text, format, fault);
  if (!documents) {
    Problem problem{"", std::move(fault.message), fault.line, fault.column};
    quote_source(text, std::span(&problem, 1));
    return only_problem(std::move(problem));
  }
  Findings findings;
  SpecReading reading;
  const auto meant = choose(*documents, choice, findings.problems);
  if (meant && meant->value != nullptr) {
    if (!documents->is_base64) warn_of_repeated(*meant->tree, findings.warnings);
    const std::size_t max_depth = documents->is_json ? kMaxDepthInJson : kMaxDepthInYaml;
    reading.is_bare = meant->is_predictor;
    findings.is_json = documents->is_json && meant->is_predictor;
    reading.deployment =
        meant->is_predictor
            ? read_predictor(*meant->value, meant->path, max_depth, pod, engine, findings)
            : read_deployment(*meant->value, meant->path, max_depth, pod, engine, findings);
  }
  const bool has_lines = meant && !documents->is_base64;
  conclude(findings, has_lines ? meant->tree : nullptr, "", text, reading);
  return reading;
}

SpecReading read_engine_predictor(std::string_view base64, const Annotations& pod,
                                  const EngineFacts& engine) {
  constexpr std::string_view kName = "ENGINE_PREDICTOR";
  const auto refuse = [&](std::string why) {
    return only_problem(std::string(kName), std::move(why));
  };
  if (base64.empty()) return refuse("is set but empty");
  const auto text = decode_padded_base64(base64);
  if (!text) return refuse("is not base64 (standard alphabet, padded)");
  if (const std::string_view why = why_not_text(*text); !why.empty()) {
    return refuse("what is encoded " + std::string(why));
  }
  SyntaxFault fault;
  const auto tree = parse_json(*text, fault);
  if (!tree) {
    return refuse("is not JSON: line " + std::to_string(fault.line) + ", column " +
                  std::to_string(fault.column) + ": " + fault.message);
  }
  Findings findings;
  findings.is_json = true;
  SpecReading reading;
  reading.is_bare = true;
  reading.deployment =
      read_predictor(tree->root(), std::string(kName), kMaxDepthInJson, pod, engine, findings);
  conclude(findings, nullptr, kName, *text, reading);
  return reading;
}

SpecReading read_deployment_file(const std::string& file_name, const Annotations& pod,
                                 const SpecChoice& choice, const EngineFacts& engine) {
  std::error_code error;
  const bool is_stdin = file_name == "-";
  if (std::filesystem::is_directory(file_name, error)) {
    return only_problem("", "can't read the file: it is a directory");
  }
  const SpecFormat format = is_stdin ? SpecFormat::kAny : format_of(file_name);
  std::ifstream file;
  if (!is_stdin) file.open(file_name, std::ios::binary);
  std::istream& source = is_stdin ? std::cin : file;
  if (!source) {
    return only_problem("", "can't read the file: " + std::generic_category().message(errno));
  }
  std::string text;
  std::array<char, 64 << 10> piece{};
  while (source && text.size() <= kMaxFileBytes) {
    source.read(piece.data(), piece.size());
    text.append(piece.data(), static_cast<std::size_t>(source.gcount()));
  }
  if (source.bad()) return only_problem("", "can't read the file");
  if (text.size() > kMaxFileBytes) {
    return only_problem("", "the file is larger than " + grouped(kMaxFileBytes) + " bytes");
  }
  return read_deployment(text, format, pod, choice, engine);
}

}  // namespace infergraph::graph
