#pragma once

#include <string>

#include "protocol/status.hpp"

namespace infergraph::engine {

/// All bytes of a file. Errors: the system's reason, or that it is a directory; without the name.
protocol::Result<std::string> read_file(const std::string& name);

}  // namespace infergraph::engine
