#pragma once

#include <string>
#include <string_view>

namespace infergraph::protocol {

/// `bytes` as one member of gzip (RFC 1952), packed quickly rather than tightly; "" when there is
/// no memory for it. Threads: any.
std::string gzipped(std::string_view bytes);

}  // namespace infergraph::protocol
