#pragma once

#include <string>

namespace infergraph::test {

/// A file of this repository, by its path from the root.
std::string source_file(const std::string& path);

}  // namespace infergraph::test
