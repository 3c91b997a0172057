#include "engine/command_line/graph_source.hpp"

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/command_line/read_file.hpp"
#include "graph/spec/ignored.hpp"
#include "graph/spec/reader.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::Result;
using protocol::Status;

namespace {

std::string listed(const std::string& source, const std::vector<graph::Problem>& problems) {
  std::string text;
  for (const graph::Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += told(source, problem);
  }
  return text;
}

// Whether it is about a predictor of the file that isn't served.
bool is_of_another(const graph::Problem& problem, std::size_t served) {
  constexpr std::string_view kList = "spec.predictors[";
  const std::size_t at = problem.path.find(kList);
  if (at == std::string::npos) return false;
  const std::string own = std::to_string(served) + "]";
  return !std::string_view(problem.path).substr(at + kList.size()).starts_with(own);
}

// One line each, and no more of them than somebody reads. `annotations_file` has the pod's.
std::vector<std::string> lines_of(const std::string& source, const std::string& annotations_file,
                                  const std::vector<graph::Problem>& warnings, std::size_t served) {
  constexpr std::size_t kMost = 20;
  std::vector<std::string> lines;
  std::size_t more = 0;
  for (const graph::Problem& warning : warnings) {
    if (is_of_another(warning, served)) continue;
    if (lines.size() < kMost) {
      const bool is_of_pod = warning.path.starts_with(graph::kPodPath);
      lines.push_back(told(is_of_pod ? annotations_file : source, warning));
    } else {
      ++more;
    }
  }
  if (more > 0) {
    lines.push_back(source + ": " + std::to_string(more) +
                    " more warnings; infergraph check tells them all");
  }
  return lines;
}

// A pod always has the file; on a laptop it is missing, which is no news.
Result<graph::Annotations> read_podinfo(const std::string& file_name,
                                        std::vector<std::string>& warnings) {
  std::error_code error;
  if (std::filesystem::status(file_name, error).type() == std::filesystem::file_type::not_found) {
    return graph::Annotations{};
  }
  const auto text = read_file(file_name);
  if (!text) {
    return Status(Code::kInvalidArgument,
                  "--annotations_file: can't read " + file_name + ": " + text.error().message());
  }
  std::vector<std::string> faults;
  graph::Annotations annotations = graph::parse_podinfo(*text, faults);
  for (const std::string& fault : faults) {
    warnings.emplace_back(file_name).append(": ").append(fault);
  }
  return annotations;
}

}  // namespace

std::string told(const std::string& source, const graph::Problem& problem) {
  std::string text = source;
  if (problem.line != 0) {
    text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  }
  // Paths of ENGINE_PREDICTOR begin with its name.
  const bool is_repeated = problem.line == 0 && problem.path.starts_with(source);
  if (is_repeated) text.clear();
  if (!problem.path.empty()) text += (is_repeated ? "" : ": ") + problem.path;
  return text + ": " + problem.message;
}

Result<GraphToServe> load_graph(Options& options, const Environment& environment) {
  GraphToServe made;
  const auto podinfo = read_podinfo(options.annotations_file, made.warnings);
  if (!podinfo) return podinfo.error();
  graph::EngineFacts facts;
  if (options.protocol_given) {
    // Of several the first is the nodes', as far as they don't say.
    const auto protocols = read_protocols(options.protocol);
    if (protocols) facts.protocol = protocols->front();
  }
  graph::SpecReading reading;
  std::string source = "ENGINE_PREDICTOR";
  if (!options.file.empty()) {
    source = options.file == "-" ? "stdin" : options.file;
    reading = graph::read_deployment_file(options.file, *podinfo,
                                          {options.sdep, options.namespace_}, facts);
    if (!reading.ok()) return Status(Code::kInvalidArgument, listed(source, reading.problems));
    if (reading.is_bare) {
      // As with ENGINE_PREDICTOR, what it is called need not be --predictor.
      std::string& name = reading.deployment.predictors.front().name;
      if (name.empty()) name = options.predictor.empty() ? "default" : options.predictor;
      options.predictor = name;
    }
    if (const auto wrong = complete_from(options, reading.deployment)) {
      return Status(Code::kInvalidArgument, *wrong);
    }
  } else {
    const auto encoded = environment("ENGINE_PREDICTOR");
    if (!encoded) {
      return Status(Code::kInvalidArgument,
                    "no graph: give --file, or set ENGINE_PREDICTOR (base64 JSON of a predictor)");
    }
    reading = graph::read_engine_predictor(*encoded, *podinfo, facts);
    if (!reading.ok()) {
      return Status(Code::kInvalidArgument, listed(source, reading.problems));
    }
  }

  // ENGINE_PREDICTOR holds one predictor, whose name need not be --predictor.
  std::vector<graph::PredictorSpec>& predictors = reading.deployment.predictors;
  std::size_t served = 0;
  if (!reading.is_bare) {
    while (predictors[served].name != options.predictor) ++served;
  }
  made.predictor = std::move(predictors[served]);
  for (std::string& line : lines_of(source, options.annotations_file, reading.warnings, served)) {
    made.warnings.push_back(std::move(line));
  }
  graph::Problems ignored;
  graph::advise_environment(environment, ignored);
  for (const graph::Problem& warning : ignored.take()) {
    made.warnings.push_back(told("environment", warning));
  }
  made.annotations = graph::resolve_annotations(*podinfo, reading.deployment.annotations,
                                                made.predictor.annotations);
  made.warnings.insert(made.warnings.end(), made.annotations.warnings.begin(),
                       made.annotations.warnings.end());
  return made;
}

}  // namespace infergraph::engine
