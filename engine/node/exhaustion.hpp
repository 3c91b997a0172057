#pragma once

#include <string>
#include <string_view>

#include <boost/system/error_code.hpp>

#include "protocol/status.hpp"

namespace infergraph::engine {

/// Whether a connection could not be made because this process, or its host, has run out of
/// something: descriptors, memory for sockets. That is overload, and says nothing of the node.
bool is_exhaustion(const boost::system::error_code& ec);

/// The same by the text in which grpc++ tells it.
bool is_exhaustion(std::string_view text);

/// The failure of a call for that reason. No node is named: none is to blame.
protocol::Status exhausted(const std::string& why);

}  // namespace infergraph::engine
