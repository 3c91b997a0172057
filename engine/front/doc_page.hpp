#pragma once

#include <string>

namespace infergraph::engine {

/// The page at /api/v1.0/doc/: what can be asked of the engine, and how. Loads nothing from
/// elsewhere.
std::string doc_page(const std::string& metrics_path);

}  // namespace infergraph::engine
