// What is said of the graphs in tests/data/graphs/faulty.txt: all of it, with its place.
#include <gmock/gmock.h>

#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "tests/unit/graph/spec/graph_text.hpp"

namespace infergraph::graph {
namespace {

struct Faulty {
  std::string title;
  std::string text;
  std::vector<std::string> found;
};

void PrintTo(const Faulty& each, std::ostream* out) { *out << each.title; }

std::vector<Faulty> all_faulty() {
  std::ifstream file(data_file("faulty.txt"));
  std::vector<Faulty> all;
  bool in_found = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("=== ")) {
      all.push_back({line.substr(4), "", {}});
      in_found = false;
    } else if (line == ">>>") {
      in_found = true;
    } else if (all.empty()) {
      continue;  // what the file says of itself
    } else if (in_found) {
      all.back().found.push_back(line);
    } else {
      all.back().text += line + "\n";
    }
  }
  return all;
}

std::string line_of(char letter, const Problem& problem) {
  return std::string(1, letter) + " " + std::to_string(problem.line) + ":" +
         std::to_string(problem.column) + " " + problem.path + ": " + problem.message;
}

class FaultyGraphs : public ::testing::TestWithParam<Faulty> {};

TEST_P(FaultyGraphs, AreExplained) {
  const SpecReading reading = read_deployment(GetParam().text, SpecFormat::kAny);
  std::vector<std::string> found;
  for (const Problem& problem : reading.problems) found.push_back(line_of('E', problem));
  for (const Problem& problem : reading.warnings) found.push_back(line_of('W', problem));
  EXPECT_THAT(found, ::testing::ElementsAreArray(GetParam().found)) << GetParam().title;
}

INSTANTIATE_TEST_SUITE_P(Each, FaultyGraphs, ::testing::ValuesIn(all_faulty()),
                         [](const auto& each) { return "n" + std::to_string(each.index); });

TEST(FaultyGraphs, ShowTheLine) {
  const SpecReading reading = read_yaml(yaml_around("{name: m, tpe: MODEL}"));
  ASSERT_FALSE(reading.warnings.empty());
  EXPECT_EQ(reading.warnings.front().source, "    graph: {name: m, tpe: MODEL}");
  const SpecReading cut = read_json(R"({"kind":")" + std::string(500, 'x') + R"(","spec":1})");
  ASSERT_FALSE(cut.problems.empty());
  EXPECT_LE(cut.problems.front().source.size(), 130);
}

}  // namespace
}  // namespace infergraph::graph
