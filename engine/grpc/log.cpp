#include "engine/grpc/log.hpp"

#include <grpc/support/log.h>

#include <chrono>
#include <string_view>

#include "engine/observe/log.hpp"

namespace infergraph::engine {

namespace {

// What the library says before it aborts the process, which is the last chance to know why.
constexpr std::string_view kLastWords = "assertion failed";
constexpr auto kLastLines = std::chrono::seconds(1);

}  // namespace

void route_grpc_log() {
  gpr_set_log_function([](gpr_log_func_args* args) {
    if (std::string_view(args->message).starts_with(kLastWords)) {
      log::error("gRPC's library gives up",
                 {{"text", args->message}, {"file", args->file}, {"line", args->line}});
      log::flush(kLastLines);
      return;
    }
    log::debug("grpc", {{"severity", gpr_log_severity_string(args->severity)},
                        {"text", args->message},
                        {"file", args->file},
                        {"line", args->line}});
  });
}

}  // namespace infergraph::engine
