#pragma once

#include <string>

#include "engine/api/router.hpp"

namespace infergraph::engine {

/// The page at /api/v1.0/doc/ and /v2/docs/: what can be asked of the engine, and how. Loads
/// nothing from elsewhere.
std::string doc_page(const std::string& metrics_path, const Protocols& protocols);

}  // namespace infergraph::engine
