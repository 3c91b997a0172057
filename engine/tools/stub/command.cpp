#include "engine/tools/stub/command.hpp"

#include <csignal>
#include <iostream>
#include <optional>
#include <random>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "engine/tools/args.hpp"
#include "engine/tools/check/graph_file.hpp"
#include "engine/tools/stub/fleet.hpp"
#include "engine/tools/stub/report.hpp"

namespace infergraph::engine {
namespace {

// After the last request, answers that are under way get this long.
constexpr auto kDrain = std::chrono::milliseconds(500);

struct StubFlags {
  bool json = false;
  bool print = false;
  GraphChoice graph;
  std::vector<StubOverride> overrides;
  std::uint64_t count = 0;  ///< 0: no end
  std::optional<std::uint64_t> seed;
};

std::optional<int> parse(const std::vector<std::string>& args, StubFlags& flags) {
  ToolArgs tool(
      "stub FILE [--set NODE.key=value]... [--print] [--count N] [--json]",
      "Stands in for every remote node of a graph, each on the port of its endpoint on "
      "this machine:\nmodels, transformers, routers and combiners that answer in shape, as "
      "a component made with Seldon's\nPython wrapper, as TensorFlow Serving or as a "
      "server of protocol v2. Until Ctrl-C; then prints\nwhat each was asked. FILE is what check "
      "takes; - reads stdin; without it it is ENGINE_PREDICTOR.");
  tool.add_value("set", "NODE.key=value", set_help(),
                 [&](std::string_view value) { return read_override(value, flags.overrides); });
  tool.add_switch("print", "print each request with what came in and what went out", flags.print);
  tool.add_value("count", "N", "stop after N requests", [&](std::string_view value) {
    const std::string wrong = read_whole(value, flags.count);
    return wrong.empty() && flags.count == 0 ? "is less than 1" : wrong;
  });
  tool.add_value("seed", "N", "of the random numbers; without it each run has others",
                 [&](std::string_view value) { return read_whole(value, flags.seed.emplace()); });
  flags.graph.add_flags(tool);
  tool.add_switch("json", "print one JSON object a line", flags.json);
  tool.set_footer(
      "A node's parameters stub_latency, stub_jitter, stub_error_rate, stub_route, stub_payload,\n"
      "stub_personality and stub_weights do what --set does, which stands over them.\n\n"
      "exit code: 0 stopped, 1 problems in the graph or a taken port, 2 bad usage");
  return tool.parse(args, flags.graph.file);
}

int fail(std::string_view why) {
  std::cerr << "infergraph stub: " << printable(why) << "\n";
  return 1;
}

}  // namespace

int run_stub(const std::vector<std::string>& args, const Environment& environment) {
  StubFlags flags;
  if (const auto code = parse(args, flags)) return *code;
  int exit_code = 0;
  const auto graph = read_graph_file("stub", flags.graph, environment, exit_code);
  if (!graph) return exit_code;
  if (const auto wrong = unknown_override(graph->predictor, flags.overrides); !wrong.empty()) {
    std::cerr << "infergraph stub: --set: " << printable(wrong) << "\n";
    return 2;
  }

  // Signals and the last of --count wake this thread; the stand-ins run on another.
  boost::asio::io_context main_loop;
  boost::asio::signal_set signals(main_loop, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) { main_loop.stop(); });

  StubReport report(std::cout, TextStyle::for_stdout(), flags.json);
  StubFleet::Options options;
  options.transport = graph->deployment.transport;
  options.protocol =
      protocol::protocol_of(graph->deployment.protocol).value_or(protocol::Protocol::kSeldon);
  options.overrides = flags.overrides;
  options.seed = flags.seed ? *flags.seed : std::random_device{}();
  std::uint64_t answered = 0;
  options.on_event = [&](const StubEvent& event) {
    if (flags.print) report.print_event(event);
    if (++answered == flags.count) main_loop.stop();
  };

  Runtime runtime(1);
  StubFleet fleet(runtime, graph->predictor, options);
  if (!fleet.problems().empty()) return fail(fleet.problems().front());
  if (fleet.stand_ins().empty()) return fail("the graph has no node that could be stood in for");

  runtime.start();
  const auto opened = fleet.open(StubFleet::Ports::kOwn);
  if (!opened) {
    const protocol::Status why = opened.error();
    return fail((why.node().empty() ? "" : "node \"" + why.node() + "\": ") + why.message());
  }
  report.print_listening(fleet);
  main_loop.run();
  fleet.close(kDrain);
  runtime.stop();
  report.print_counts(fleet);
  return 0;
}

}  // namespace infergraph::engine
