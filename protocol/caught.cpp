#include "protocol/caught.hpp"

#include <exception>
#include <new>

namespace infergraph::protocol {

Status caught() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return {Code::kInternal, "out of memory"};
  } catch (const std::exception& error) {
    try {
      return {Code::kInternal, error.what()};
    } catch (...) {
      return {Code::kInternal, "out of memory"};
    }
  } catch (...) {
    return {Code::kInternal, "it threw"};
  }
}

}  // namespace infergraph::protocol
