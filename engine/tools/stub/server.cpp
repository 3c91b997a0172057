#include "engine/tools/stub/server.hpp"

#include <algorithm>

#include "protocol/convert/model_name.hpp"

namespace infergraph::engine {

bool StubServer::names_model(const HttpRequest& request) const {
  std::string asked;
  if (request.body.encoding() == protocol::Encoding::kJson) {
    asked = model_in(request.path);
  } else if (auto name = protocol::read_model_name(protocol(), request.body.bytes())) {
    asked = *std::move(name);
  }
  return std::ranges::find(models(), asked) != models().end();
}

}  // namespace infergraph::engine
