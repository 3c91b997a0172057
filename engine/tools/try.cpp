#include "engine/tools/try.hpp"

#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <random>

#include "engine/tools/graph_file.hpp"
#include "engine/tools/spec_text.hpp"
#include "engine/tools/stub_fleet.hpp"
#include "engine/tools/tool_args.hpp"
#include "engine/tools/try_message.hpp"
#include "engine/tools/try_report.hpp"
#include "engine/tools/try_walk.hpp"
#include "graph/annotations.hpp"

namespace infergraph::engine {
namespace {

struct TryFlags {
  std::optional<std::string> data;
  std::string request_file;
  bool stub = false;
  bool feedback = false;
  bool json = false;
  bool full = false;
  std::string predictor;
  std::vector<StubOverride> overrides;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
};

std::optional<int> parse(const std::vector<std::string>& args, TryFlags& flags, std::string& file) {
  ToolArgs tool("try FILE [--data DATA | --request FILE] [--stub] [--full] [--json]",
                "Sends one request through a graph and prints the way that it took: the nodes that "
                "it visited,\neach with its time and what went in and out, then the answer. The "
                "nodes must be running, unless\n--stub stands in for them.");
  tool.add_value("data", "DATA",
                 "numbers (1,2,3), rows ([[1,2],[3,4]]) or a whole message; [[1,2,3]] if nothing\n"
                 "is given",
                 [&](std::string_view value) -> std::string {
                   flags.data = message_of_data(value);
                   return flags.data ? "" : "is neither a list, an array nor a JSON object";
                 });
  tool.add_text("request", "FILE", "the message in a file; - reads stdin", flags.request_file);
  tool.add_switch("stub", "call stand-ins on ports of their own, so that nothing need be running",
                  flags.stub);
  tool.add_value("set", "NODE.key=value", set_help() + "\n(with --stub)",
                 [&](std::string_view value) { return read_override(value, flags.overrides); });
  tool.add_switch("feedback", "the message is a Feedback: send it along its routing",
                  flags.feedback);
  tool.add_value("timeout", "DURATION", "for the whole walk (30s)",
                 [&](std::string_view value) -> std::string {
                   const auto duration = read_duration(value);
                   if (!duration || duration->count() == 0) return "is no duration, such as 5s";
                   flags.timeout = *duration;
                   return "";
                 });
  tool.add_text("predictor", "NAME", "whose graph, if FILE has several", flags.predictor);
  tool.add_switch("full", "don't shorten messages to the width of the terminal", flags.full);
  tool.add_switch("json", "print one JSON object", flags.json);
  tool.set_footer("exit code: 0 an answer, 1 a failure or problems in the graph, 2 bad usage");
  return tool.parse(args, file);
}

int fail(int exit_code, std::string_view why) {
  std::cerr << "infergraph try: " << printable(why) << "\n";
  return exit_code;
}

/// The message that the flags mean; none if its file can't be read.
std::optional<std::string> body_of(const TryFlags& flags) {
  if (flags.data) return flags.data;
  if (flags.request_file.empty()) {
    return std::string(flags.feedback ? default_feedback() : default_message());
  }
  if (flags.request_file == "-") {
    return std::string{std::istreambuf_iterator<char>(std::cin), {}};
  }
  std::ifstream file(flags.request_file, std::ios::binary);
  std::string body{std::istreambuf_iterator<char>(file), {}};
  if (!file) return std::nullopt;
  return body;
}

int report(const graph::PredictorSpec& predictor, const TryRecorder& recorder, const TryWalk& walk,
           const TryFlags& flags) {
  const TryOutcome outcome{predictor, recorder, walk.answer, walk.took};
  if (flags.json) {
    print_try_json(std::cout, outcome);
  } else {
    print_try(std::cout, outcome, TextStyle::for_stdout(), flags.full ? 0 : terminal_columns());
  }
  std::cout << std::flush;
  return walk.answer ? 0 : 1;
}

}  // namespace

int run_try(const std::vector<std::string>& args) {
  TryFlags flags;
  std::string file;
  if (const auto code = parse(args, flags, file)) return *code;
  if (flags.data && !flags.request_file.empty()) return fail(2, "--data or --request, not both");
  if (!flags.stub && !flags.overrides.empty()) return fail(2, "--set needs --stub");

  int exit_code = 0;
  auto graph = read_graph_file("try", file, flags.predictor, exit_code);
  if (!graph) return exit_code;
  if (const auto wrong = unknown_override(graph->predictor, flags.overrides); !wrong.empty()) {
    return fail(2, "--set: " + wrong);
  }
  auto body = body_of(flags);
  if (!body) return fail(2, "can't read " + flags.request_file);
  const auto annotated =
      graph::resolve_annotations({}, graph->deployment.annotations, graph->predictor.annotations);
  TryRequest request;
  request.body = *std::move(body);
  request.is_feedback = flags.feedback;
  request.timeout = flags.timeout;
  request.rest_timeout = annotated.rest_timeout;
  request.grpc_timeout = annotated.grpc_timeout;
  if (const auto known = protocol::protocol_of(graph->deployment.protocol)) {
    request.protocol = *known;
  }
  if (graph->deployment.transport == "grpc") request.transport = protocol::Transport::kGrpc;

  // The fleet outlives the walk, and its runtime the fleet.
  Runtime stub_runtime(1);
  std::optional<StubFleet> fleet;
  if (flags.stub) {
    StubFleet::Options options;
    options.transport = graph->deployment.transport;
    options.protocol = request.protocol;
    options.overrides = flags.overrides;
    options.seed = std::random_device{}();
    fleet.emplace(stub_runtime, graph->predictor, options);
    if (!fleet->problems().empty()) return fail(1, fleet->problems().front());
    stub_runtime.start();
    const auto opened = fleet->open(StubFleet::Ports::kFree);
    if (!opened) return fail(1, opened.error().message());
    for (const StubFleet::Seat& seat : fleet->seats()) {
      StubFleet::call_here(seat, graph->predictor.nodes[seat.node]);
    }
  }
  TryRecorder recorder;
  const TryWalk walk = walk_once(graph->predictor, request, recorder);
  return report(graph->predictor, recorder, walk, flags);
}

}  // namespace infergraph::engine
