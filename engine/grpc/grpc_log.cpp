#include "engine/grpc/grpc_log.hpp"

#include <grpc/support/log.h>

#include "engine/observe/log.hpp"

namespace infergraph::engine {

void route_grpc_log() {
  gpr_set_log_function([](gpr_log_func_args* args) {
    log::debug("grpc", {{"severity", gpr_log_severity_string(args->severity)},
                        {"text", args->message},
                        {"file", args->file},
                        {"line", args->line}});
  });
}

}  // namespace infergraph::engine
