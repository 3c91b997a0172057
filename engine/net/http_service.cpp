#include "engine/net/http_service.hpp"

#include "base/ascii.hpp"

namespace infergraph::engine {

std::string_view HttpRequest::header(std::string_view name, bool* present) const {
  for (const protocol::HeaderField& field : headers) {
    if (same_name(field.name, name)) {
      if (present != nullptr) *present = true;
      return field.value;
    }
  }
  if (present != nullptr) *present = false;
  return {};
}

const protocol::HeaderList& HttpService::fixed_headers() const {
  static const protocol::HeaderList none;
  return none;
}

}  // namespace infergraph::engine
