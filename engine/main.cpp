// infergraph: an inference graph executor. From here a request goes its way: HttpListener →
// HttpSession → RestApi → ApiCore → Predictor → Walker → RemoteUnit → RestNode and back
// (docs/life_of_a_request.md).

#include <malloc.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "engine/command_line/graph_source.hpp"
#include "engine/command_line/invocation.hpp"
#include "engine/grpc/log.hpp"
#include "engine/host/process.hpp"
#include "engine/observe/log.hpp"
#include "engine/server.hpp"
#include "engine/tools/check/command.hpp"
#include "engine/tools/stub/command.hpp"
#include "engine/tools/try/command.hpp"

namespace infergraph::engine {
namespace {

// What has gRPC in it needs threads before it can say that it has none.
void expect_threads(const Options& options) {
  const std::string wrong = try_threads(Server::most_threads_at_start(options));
  if (!wrong.empty()) give_up(wrong);
}

// How long the last lines of the log may take to be read.
constexpr auto kLastLines = std::chrono::seconds(1);

int serve(const Invocation& invocation, const Environment& environment) {
  Options options = invocation.options;
  auto graph = load_graph(options, environment);
  if (!graph) {
    std::fprintf(stderr, "infergraph: %s\n", graph.error().message().c_str());
    return 1;
  }
  expect_threads(options);
  ignore_idle_signals();
  configure_logging(options.log_level, options.debug);
  log::start_writer();
  for (const std::string& notice : invocation.notices) log::warn(notice);
  for (const std::string& warning : graph->warnings) log::warn(warning);
  const int code = Server(options, graph->predictor, graph->annotations).run();
  log::flush(kLastLines);
  return code;
}

// What was printed may have had no room; who reads no further (`| head`) has what he wanted.
int end_of_output(int code) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good()) return code;
  pollfd reader{STDOUT_FILENO, 0, 0};
  const bool is_gone = ::poll(&reader, 1, 0) == 1 && (reader.revents & (POLLERR | POLLHUP)) != 0;
  if (!is_gone) std::fputs("infergraph: can't write to stdout\n", stderr);
  return is_gone || code != 0 ? code : 1;
}

int run(int argc, const char* const* argv) {
  const Environment environment = process_environment();
  const Invocation invocation = parse_command_line(argc, argv, environment);
  switch (invocation.kind) {
    case Invocation::Kind::kServe:
      return serve(invocation, environment);
    case Invocation::Kind::kCheck:
      return end_of_output(run_check(invocation.tool_args, environment));
    case Invocation::Kind::kStub:
      expect_threads({});
      return end_of_output(run_stub(invocation.tool_args, environment));
    case Invocation::Kind::kTry:
      return end_of_output(run_try(invocation.tool_args, environment));
    case Invocation::Kind::kHelp:
    case Invocation::Kind::kVersion:
      std::fputs(invocation.text.c_str(), stdout);
      return end_of_output(0);
    case Invocation::Kind::kError:
      break;
  }
  std::fputs(invocation.usage.c_str(), stdout);
  std::fflush(stdout);
  std::fputs(invocation.text.c_str(), stderr);
  return invocation.exit_code;
}

}  // namespace
}  // namespace infergraph::engine

int main(int argc, char** argv) {
  // One heap for all threads: with one each, large messages that cross threads leave holes that
  // only their own thread could fill. What is hot is recycled by its thread, so nobody waits for a
  // lock.
  mallopt(M_ARENA_MAX, 1);
  infergraph::engine::ignore_broken_pipes();
  infergraph::engine::route_grpc_log();
  try {
    return infergraph::engine::run(argc, argv);
  } catch (const std::exception& error) {  // start-up only; the data path throws nothing
    std::fprintf(stderr, "infergraph: %s\n", error.what());
    return 1;
  }
}
