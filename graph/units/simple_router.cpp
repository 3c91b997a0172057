#include "graph/units/simple_router.hpp"

namespace infergraph::graph {

Awaitable<protocol::Result<int>> SimpleRouter::route(protocol::Payload, CallContext&) {
  co_return 0;
}

}  // namespace infergraph::graph
