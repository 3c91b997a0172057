#include "tests/support/paths.hpp"

namespace infergraph::test {

// The only unit that knows where the tree lies, so that the others compile the same everywhere.
std::string source_file(const std::string& path) { return INFERGRAPH_SOURCE_DIR "/" + path; }

}  // namespace infergraph::test
