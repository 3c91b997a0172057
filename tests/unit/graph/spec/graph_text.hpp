#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec/reader.hpp"
#include "tests/support/paths.hpp"

namespace infergraph::graph {

/// A SeldonDeployment in YAML around one graph, which is given in flow style.
inline std::string yaml_around(std::string_view graph, std::string_view more_of_predictor = "") {
  return "apiVersion: machinelearning.seldon.io/v1\nkind: SeldonDeployment\nmetadata: {name: d}\n"
         "spec:\n  predictors:\n  - name: p\n    graph: " +
         std::string(graph) + "\n" + std::string(more_of_predictor);
}

inline SpecReading read_yaml(std::string_view text) {
  return read_deployment(text, SpecFormat::kYaml);
}
inline SpecReading read_json(std::string_view text) {
  return read_deployment(text, SpecFormat::kJson);
}

inline std::vector<std::string> texts_of(const std::vector<Problem>& problems) {
  std::vector<std::string> made;
  for (const Problem& problem : problems) {
    made.push_back(problem.path.empty() ? problem.message : problem.path + ": " + problem.message);
  }
  return made;
}

/// "path: message" of each problem.
inline std::vector<std::string> said(const SpecReading& reading) {
  return texts_of(reading.problems);
}

/// The same of each warning.
inline std::vector<std::string> warned(const SpecReading& reading) {
  return texts_of(reading.warnings);
}

inline std::string data_file(const std::string& name) {
  return test::source_file("tests/data/graphs/" + name);
}

}  // namespace infergraph::graph
