#include "engine/graph_source.hpp"

#include <cerrno>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "graph/spec_reader.hpp"
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
    text += source + ": ";
    if (!problem.path.empty()) text += problem.path + ": ";
    text += problem.message;
  }
  return text;
}

// A pod always has the file; on a laptop it is missing, which is no news.
Result<graph::Annotations> read_podinfo(const std::string& file_name,
                                        std::vector<std::string>& warnings) {
  const auto refuse = [&](const std::string& why) {
    return Status(Code::kInvalidArgument,
                  "--annotations_file: can't read " + file_name + ": " + why);
  };
  std::error_code error;
  if (std::filesystem::is_directory(file_name, error)) return refuse("it is a directory");
  errno = 0;
  std::ifstream file(file_name, std::ios::binary);
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return graph::Annotations{};
  if (!file) return refuse(std::generic_category().message(errno));
  std::string text;
  try {
    text.assign(std::istreambuf_iterator<char>(file), {});
  } catch (const std::exception&) {  // as the library tells a read that failed
    return refuse(std::generic_category().message(errno));
  }
  return graph::parse_podinfo(text, warnings);
}

}  // namespace

Result<GraphToServe> load_graph(Options& options, const Environment& environment) {
  GraphToServe made;
  const auto podinfo = read_podinfo(options.annotations_file, made.warnings);
  if (!podinfo) return podinfo.error();
  graph::SpecReading reading;
  if (!options.file.empty()) {
    reading = graph::read_deployment_file(options.file, *podinfo);
    if (!reading.ok())
      return Status(Code::kInvalidArgument, listed(options.file, reading.problems));
    if (const auto wrong = complete_from(options, reading.deployment)) {
      return Status(Code::kInvalidArgument, *wrong);
    }
  } else {
    const auto encoded = environment("ENGINE_PREDICTOR");
    if (!encoded) {
      return Status(Code::kInvalidArgument,
                    "no graph: give --file, or set ENGINE_PREDICTOR (base64 JSON of a predictor)");
    }
    reading = graph::read_engine_predictor(*encoded, *podinfo);
    if (!reading.ok()) {
      return Status(Code::kInvalidArgument, listed("ENGINE_PREDICTOR", reading.problems));
    }
  }

  // ENGINE_PREDICTOR holds one predictor, whose name need not be --predictor.
  for (graph::PredictorSpec& predictor : reading.deployment.predictors) {
    if (options.file.empty() || predictor.name == options.predictor) {
      made.predictor = std::move(predictor);
      break;
    }
  }
  for (const graph::Problem& warning : reading.warnings) {
    made.warnings.push_back(warning.path + ": " + warning.message);
  }
  made.annotations = graph::resolve_annotations(*podinfo, reading.deployment.annotations,
                                                made.predictor.annotations);
  made.warnings.insert(made.warnings.end(), made.annotations.warnings.begin(),
                       made.annotations.warnings.end());
  return made;
}

}  // namespace infergraph::engine
