#pragma once

namespace infergraph::engine {

/// What grpc++ has to say goes to our log, as debug lines: by itself it writes lines of another
/// form to stderr, and waits for who reads them. What of it concerns users we say ourselves; only
/// what it says before it aborts the process is an error. To be called before grpc++ is used.
void route_grpc_log();

}  // namespace infergraph::engine
