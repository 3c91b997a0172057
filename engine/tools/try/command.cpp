#include "engine/tools/try/command.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <random>

#include "engine/command_line/read_file.hpp"
#include "engine/tools/args.hpp"
#include "engine/tools/check/graph_file.hpp"
#include "engine/tools/spec_text.hpp"
#include "engine/tools/stub/fleet.hpp"
#include "engine/tools/try/message.hpp"
#include "engine/tools/try/report.hpp"
#include "engine/tools/try/walk.hpp"
#include "graph/spec/annotations.hpp"

namespace infergraph::engine {
namespace {

struct TryFlags {
  std::optional<TryData> data;
  std::string request_file;
  bool stub = false;
  bool feedback = false;
  bool json = false;
  bool full = false;
  GraphChoice graph;
  std::vector<StubOverride> overrides;
  std::map<std::string, int> branches;
  std::optional<std::uint64_t> seed;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
};

std::string read_branch(std::string_view text, std::map<std::string, int>& into) {
  const std::size_t equals = text.rfind('=');
  const std::string_view digits = equals == std::string_view::npos ? "" : text.substr(equals + 1);
  int branch = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), branch);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  if (equals == 0 || !whole || branch < -2) return "is not NODE=K, such as router=1";
  into[std::string(text.substr(0, equals))] = branch;
  return "";
}

/// "", or which of the branches can't be taken in the graph.
std::string wrong_branch(const graph::PredictorSpec& predictor,
                         const std::map<std::string, int>& branches) {
  for (const auto& [name, branch] : branches) {
    const auto node = std::ranges::find(predictor.nodes, name, &graph::NodeSpec::name);
    if (node == predictor.nodes.end()) return "no node \"" + name + "\" in the graph";
    const bool routes = node->type == graph::NodeType::kRouter || node->methods.route ||
                        node->implementation == graph::Implementation::kSimpleRouter ||
                        node->implementation == graph::Implementation::kRandomAbTest;
    if (!routes) return "node \"" + name + "\" is no router";
    if (branch >= static_cast<int>(node->children.size())) {
      const std::size_t count = node->children.size();
      return "node \"" + name + "\" has " + std::to_string(count) +
             (count == 1 ? " child" : " children") + ", counted from 0";
    }
  }
  return "";
}

std::optional<int> parse(const std::vector<std::string>& args, TryFlags& flags) {
  ToolArgs tool(
      "try FILE [--data DATA | --request FILE] [--stub] [--full] [--json]",
      "Sends one request through a graph and prints the way that it took: the nodes that "
      "it visited,\neach with its time and what went in and out, then the answer. The "
      "nodes must be running, unless\n--stub stands in for them. FILE is what check takes; - "
      "reads stdin; without it it is ENGINE_PREDICTOR.");
  tool.add_value("data", "DATA",
                 "numbers (1,2,3), rows ([[1,2],[3,4]]) or a whole message, of any protocol; if\n"
                 "nothing is given, one row for the first model that tells its inputs",
                 [&](std::string_view value) -> std::string {
                   flags.data = read_data(value);
                   return flags.data ? "" : "is neither a list, an array nor a JSON object";
                 });
  tool.add_text("request", "FILE", "the message in a file; - reads stdin", flags.request_file);
  tool.add_switch("stub", "call stand-ins on ports of their own, so that nothing need be running",
                  flags.stub);
  tool.add_value("set", "NODE.key=value", set_help() + "\n(with --stub)",
                 [&](std::string_view value) { return read_override(value, flags.overrides); });
  tool.add_value("branch", "NODE=K",
                 "the branch that a router takes, unasked: a child from 0 on, -1 for all, -2 for\n"
                 "none; may be repeated",
                 [&](std::string_view value) { return read_branch(value, flags.branches); });
  tool.add_value("seed", "N", "of the random numbers, of stand-ins and of A/B tests",
                 [&](std::string_view value) { return read_whole(value, flags.seed.emplace()); });
  tool.add_switch("feedback", "the message is a Feedback: send it along its routing",
                  flags.feedback);
  tool.add_value("timeout", "DURATION", "for the whole walk (30s)",
                 [&](std::string_view value) -> std::string {
                   const auto duration = read_duration(value);
                   if (!duration || duration->count() == 0) return "is no duration, such as 5s";
                   flags.timeout = *duration;
                   return "";
                 });
  flags.graph.add_flags(tool);
  tool.add_switch("full", "don't shorten messages to the width of the terminal", flags.full);
  tool.add_switch("json", "print one JSON object", flags.json);
  tool.set_footer("exit code: 0 an answer, 1 a failure or problems in the graph, 2 bad usage");
  return tool.parse(args, flags.graph.file);
}

int fail(int exit_code, std::string_view why) {
  std::cerr << "infergraph try: " << printable(why) << "\n";
  return exit_code;
}

/// The message in the file of --request.
protocol::Result<std::string> read_request(const std::string& file) {
  if (file == "-") return std::string{std::istreambuf_iterator<char>(std::cin), {}};
  return read_file(file);
}

/// Fills in the message that the flags mean, and its protocol. `predictor` is as it will be called:
/// the models may be asked for their inputs.
void make_message(const graph::PredictorSpec& predictor, const TryFlags& flags,
                  std::optional<std::string> given, TryRequest& request) {
  if (!given && flags.data && flags.data->is_message) given = flags.data->text;
  // Feedback is protocol seldon's alone.
  if (!given && flags.feedback) given = default_feedback();
  if (given) {
    request.protocol = flags.feedback ? protocol::Protocol::kSeldon
                                      : protocol_of_message(*given).value_or(request.protocol);
    request.body = *std::move(given);
    return;
  }
  const auto inputs = ask_for_inputs(predictor, request);
  request.body = flags.data ? message_of_rows(request.protocol, flags.data->text, inputs)
                            : default_message(request.protocol, inputs);
}

int report(const graph::PredictorSpec& predictor, const TryRecorder& recorder, const TryWalk& walk,
           const TryFlags& flags) {
  const TryOutcome outcome{predictor, recorder, walk.answer, walk.took};
  if (flags.json) {
    print_try_json(std::cout, outcome);
  } else {
    print_try(std::cout, outcome, TextStyle::for_stdout(), flags.full ? 0 : terminal_columns());
    const bool is_nobody_there =
        !walk.answer && walk.answer.error().code() == protocol::Code::kUnavailable;
    if (is_nobody_there && !flags.stub) {
      std::cout << "start the node, or have stand-ins answer for the nodes: --stub\n";
    }
  }
  std::cout << std::flush;
  return walk.answer ? 0 : 1;
}

}  // namespace

int run_try(const std::vector<std::string>& args, const Environment& environment) {
  TryFlags flags;
  if (const auto code = parse(args, flags)) return *code;
  if (flags.data && !flags.request_file.empty()) return fail(2, "--data or --request, not both");
  if (flags.graph.file == "-" && flags.request_file == "-") {
    return fail(2, "the graph or the message can be on stdin, not both");
  }
  if (!flags.stub && !flags.overrides.empty()) return fail(2, "--set needs --stub");

  int exit_code = 0;
  auto graph = read_graph_file("try", flags.graph, environment, exit_code);
  if (!graph) return exit_code;
  if (const auto wrong = unknown_override(graph->predictor, flags.overrides); !wrong.empty()) {
    return fail(2, "--set: " + wrong);
  }
  if (const auto wrong = wrong_branch(graph->predictor, flags.branches); !wrong.empty()) {
    return fail(2, "--branch: " + wrong);
  }
  std::optional<std::string> given;
  if (!flags.request_file.empty()) {
    auto read = read_request(flags.request_file);
    if (!read) return fail(2, "can't read " + flags.request_file + ": " + read.error().message());
    given = *std::move(read);
  }
  const auto annotated =
      graph::resolve_annotations({}, graph->deployment.annotations, graph->predictor.annotations);
  TryRequest request;
  request.is_feedback = flags.feedback;
  request.timeout = flags.timeout;
  request.rest_timeout = annotated.rest_timeout;
  request.grpc_timeout = annotated.grpc_timeout;
  if (const auto known = protocol::protocol_of(graph->deployment.protocol)) {
    request.protocol = request.graph_protocol = *known;
  }
  request.seed = flags.seed;
  request.branches = flags.branches;
  if (graph->deployment.transport == "grpc") request.transport = protocol::Transport::kGrpc;

  // The fleet outlives the walk, and its runtime the fleet.
  Runtime stub_runtime(1);
  std::optional<StubFleet> fleet;
  if (flags.stub) {
    StubFleet::Options options;
    options.transport = graph->deployment.transport;
    options.protocol = request.graph_protocol;
    options.overrides = flags.overrides;
    options.seed = flags.seed ? *flags.seed : std::random_device{}();
    fleet.emplace(stub_runtime, graph->predictor, options);
    if (!fleet->problems().empty()) return fail(1, fleet->problems().front());
    stub_runtime.start();
    const auto opened = fleet->open(StubFleet::Ports::kFree);
    if (!opened) return fail(1, opened.error().message());
    for (const StubFleet::StandIn& stand_in : fleet->stand_ins()) {
      StubFleet::call_here(stand_in, graph->predictor.nodes[stand_in.node]);
    }
  }
  make_message(graph->predictor, flags, std::move(given), request);
  TryRecorder recorder;
  const TryWalk walk = walk_once(graph->predictor, request, recorder);
  return report(graph->predictor, recorder, walk, flags);
}

}  // namespace infergraph::engine
