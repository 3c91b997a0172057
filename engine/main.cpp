// infergraph: an inference graph executor. From here a request's way is
// HttpListener → HttpSession → RestApi → Predictor → Walker → RemoteUnit → RestNode and back
// (docs/life_of_a_request.md).

#include <malloc.h>

#include <cstdio>
#include <exception>

#include "engine/graph_source.hpp"
#include "engine/invocation.hpp"
#include "engine/observe/log.hpp"
#include "engine/server.hpp"
#include "engine/tools/check.hpp"
#include "engine/tools/stub.hpp"
#include "engine/tools/try.hpp"

namespace infergraph::engine {
namespace {

int serve(const Invocation& invocation, const Environment& environment) {
  Options options = invocation.options;
  auto graph = load_graph(options, environment);
  if (!graph) {
    std::fprintf(stderr, "infergraph: %s\n", graph.error().message().c_str());
    return 1;
  }
  configure_logging(options);
  for (const std::string& notice : invocation.notices) log::warn(notice);
  for (const std::string& warning : graph->warnings) log::warn(warning);
  return Server(options, graph->predictor, graph->annotations).run();
}

int run(int argc, const char* const* argv) {
  const Environment environment = process_environment();
  const Invocation invocation = parse_command_line(argc, argv, environment);
  switch (invocation.kind) {
    case Invocation::Kind::kServe:
      return serve(invocation, environment);
    case Invocation::Kind::kCheck:
      return run_check(invocation.tool_args);
    case Invocation::Kind::kStub:
      return run_stub(invocation.tool_args);
    case Invocation::Kind::kTry:
      return run_try(invocation.tool_args);
    case Invocation::Kind::kHelp:
    case Invocation::Kind::kVersion:
      std::fputs(invocation.text.c_str(), stdout);
      return 0;
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
  try {
    return infergraph::engine::run(argc, argv);
  } catch (const std::exception& error) {  // start-up only; the data path throws nothing
    std::fprintf(stderr, "infergraph: %s\n", error.what());
    return 1;
  }
}
