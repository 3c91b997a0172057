#include "engine/observe/tell_exception.hpp"

#include "engine/observe/log.hpp"
#include "protocol/caught.hpp"

namespace infergraph::engine {

void tell_exception(std::string_view where, metrics::CounterCell* counter) noexcept {
  const protocol::Status what = protocol::caught();
  if (counter != nullptr) counter->add();
  try {
    log::error_limited("exception", {{"where", where}, {"what", what.message()}});
  } catch (...) {
    // No memory for the line either: the counter has it.
  }
}

}  // namespace infergraph::engine
