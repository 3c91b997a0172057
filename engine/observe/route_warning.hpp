#pragma once

#include <functional>
#include <string>

#include "protocol/seldon/route_oddity.hpp"

namespace infergraph::engine {

/// Warns of the odd answers of the router `node`: of each kind once in the process, however many
/// threads ask the router.
/// Threads: the made function belongs to one.
std::function<void(protocol::RouteOddity)> route_warning(std::string node);

}  // namespace infergraph::engine
