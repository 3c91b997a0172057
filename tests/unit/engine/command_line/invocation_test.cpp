// Which command a line asks for, and where its graph comes from. What flags and values mean is in
// options_test.cpp, their variables in settings_test.cpp.
#include "engine/command_line/invocation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace infergraph::engine {
namespace {

using Kind = Invocation::Kind;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

using Words = std::vector<std::string>;
using Variables = Environment::Variables;

Invocation read(Words args, Variables variables = {}) {
  args.insert(args.begin(), "infergraph");
  std::vector<const char*> argv;
  argv.reserve(args.size());
  for (const std::string& arg : args) argv.push_back(arg.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data(),
                            Environment(std::move(variables)));
}

void expect_failure(const Invocation& made, int exit_code, const std::string& mention) {
  EXPECT_EQ(made.kind, Kind::kError);
  EXPECT_EQ(made.exit_code, exit_code) << made.text;
  EXPECT_THAT(made.text, AllOf(StartsWith("infergraph: "), HasSubstr(mention)));
  EXPECT_EQ(made.text.find('\n'), made.text.size() - 1) << "one line: " << made.text;
}

TEST(CommandLine, ServesTheFileThatItNames) {
  const Words lines[] = {{"g.yaml"},
                         {"serve", "g.yaml"},
                         {"serve", "--file", "g.yaml"},
                         {"--file", "g.yaml"},
                         {"g.yaml", "--threads", "3"},
                         {"serve", "g.yaml", "--threads", "3"},
                         {"serve", "--threads", "3", "g.yaml", "--debug"},
                         {"--threads", "3", "g.yaml", "--debug"},
                         {"serve", "--threads=3", "--", "g.yaml"}};
  for (const Words& line : lines) {
    const Invocation made = read(line);
    EXPECT_EQ(made.kind, Kind::kServe) << made.text;
    EXPECT_EQ(made.options.file, "g.yaml");
    EXPECT_THAT(made.notices, IsEmpty());
    EXPECT_EQ(made.options.debug, line.back() == "--debug");
    if (line.size() > 3) {
      EXPECT_EQ(made.options.threads, 3);
    }
  }
  for (const char* file : {"./g", "dir/g.json", "/tmp/g.yml", "-"}) {
    EXPECT_EQ(read({file}).options.file, file);
  }
  EXPECT_EQ(read({"g.yaml"}, {{"ENGINE_PREDICTOR", "e30="}}).options.file, "g.yaml");
  EXPECT_EQ(read({}, {{"INFERGRAPH_FILE", "v.yaml"}}).options.file, "v.yaml");
  EXPECT_EQ(read({"g.yaml"}, {{"INFERGRAPH_FILE", "v.yaml"}}).options.file, "g.yaml");
}

TEST(CommandLine, HasOneGraph) {
  expect_failure(read({"serve", "a.yaml", "b.yaml"}), 2, "\"b.yaml\"");
  expect_failure(read({"a.yaml", "--debug", "false"}), 2, "\"false\"");
  expect_failure(read({"a.yaml", "--file", "b.yaml"}), 2, "two graphs");
  expect_failure(read({"serve", "--file", "a.yaml", "b.yaml"}), 2, "two graphs");
}

// Pods run with lines that end somewhere for the reference.
TEST(CommandLine, OfAPodEndsAtTheFirstArgumentThatIsNoFlag) {
  const Words names = {"--sdep", "s", "--namespace", "n", "--predictor", "p"};
  for (const Words& rest : {Words{"--debug", "false", "--nonsense"},
                            {"g.yaml", "--threads", "3"},
                            {"check", "g.yaml"},
                            {"serve"},
                            {"", "--nonsense"}}) {
    Words line = names;
    line.insert(line.end(), rest.begin(), rest.end());
    const Invocation made = read(line, {{"ENGINE_PREDICTOR", "e30="}});
    EXPECT_EQ(made.kind, Kind::kServe) << made.text;
    EXPECT_EQ(made.options.file, "");
    EXPECT_EQ(made.options.threads, 0);
  }
  EXPECT_THAT(read({"--file", "g.yaml", "--debug", "other.yaml"}).notices,
              ElementsAre(HasSubstr("\"other.yaml\"")));
}

TEST(CommandLine, TellsItsUseToWhoGivesNothing) {
  const Invocation made = read({});
  expect_failure(made, 1, "Required argument sdep missing");
  for (const char* command :
       {"infergraph serve FILE", "infergraph check FILE", "ENGINE_PREDICTOR", "infergraph help"}) {
    EXPECT_THAT(made.usage, HasSubstr(command));
  }
  // A pod's log needs no usage.
  EXPECT_EQ(read({}, {{"ENGINE_PREDICTOR", "e30="}}).usage, "");
  EXPECT_EQ(read({"--sdep", "s"}).usage, "");
}

TEST(CommandLine, TellsHelpAndVersionBeforeAnythingIsChecked) {
  for (const Words& line : {Words{"--protocol", "soap", "-h", "--nonsense"},
                            {"--h"},
                            {"-help"},
                            {"--help"},
                            {"--help=no"},
                            {"help"},
                            {"help", "serve"},
                            {"serve", "--help"},
                            {"g.yaml", "-h"},
                            {"serve", "g.yaml", "--help"}}) {
    const Invocation made = read(line, {{"INFERGRAPH_THREADS", "nonsense"}});
    EXPECT_EQ(made.kind, Kind::kHelp) << made.text;
    EXPECT_EQ(made.exit_code, 0);
    EXPECT_THAT(made.text, HasSubstr("--graceful_timeout"));
  }
  for (const Words& line :
       {Words{"-version"}, {"--version"}, {"version"}, {"serve", "--version"}}) {
    const Invocation made = read(line);
    EXPECT_EQ(made.kind, Kind::kVersion);
    EXPECT_THAT(made.text, MatchesRegex("infergraph [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  }
  expect_failure(read({"--nonsense", "--help"}), 2, "nonsense");
  expect_failure(read({"--threads", "x", "--help"}), 2, "--threads");
}

TEST(CommandLine, LeavesCommandsTheirArguments) {
  const std::pair<const char*, Kind> tools[] = {
      {"check", Kind::kCheck}, {"stub", Kind::kStub}, {"try", Kind::kTry}};
  for (const auto& [name, kind] : tools) {
    Invocation made = read({name, "--nonsense", "g.yaml", "--help"});
    EXPECT_EQ(made.kind, kind);
    EXPECT_THAT(made.tool_args, ElementsAre("--nonsense", "g.yaml", "--help"));
    made = read({"help", name});
    EXPECT_EQ(made.kind, kind);
    EXPECT_THAT(made.tool_args, ElementsAre("--help"));
  }
  expect_failure(read({"--debug", "check", "g.yaml"}), 1,
                 "a command comes first: infergraph check");
}

TEST(CommandLine, AsksWhatWasMeant) {
  const std::pair<Words, std::string> cases[] = {
      {{"chek", "g.yaml"}, "unknown command \"chek\"; did you mean \"check\"?"},
      {{"help", "chek"}, "did you mean \"check\"?"},
      {{"sreve"}, "did you mean \"serve\"?"},
      {{"versoin"}, "did you mean \"version\"?"},
      {{"nonsense"}, "unknown command \"nonsense\"; see"},
      {{"--http_prot", "1"}, "unknown flag --http_prot; did you mean --http_port?"},
      {{"serve", "g.yaml", "--max-connections=1"}, "did you mean --max_connections?"},
      {{"--verison"}, "did you mean --version?"},
      {{"--nonsense"}, "unknown flag --nonsense; see"}};
  for (const auto& [line, mention] : cases) expect_failure(read(line), 2, mention);
}

}  // namespace
}  // namespace infergraph::engine
