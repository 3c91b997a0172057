// What small messages name: models in paths and over gRPC, a router's branch, a node's error. The
// first byte says which; of an error it also says how it is packed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "protocol/convert/error_text.hpp"
#include "protocol/convert/model_name.hpp"
#include "protocol/routes.hpp"
#include "protocol/seldon/json.hpp"
#include "protocol/seldon/proto.hpp"
#include "tests/support/bounds.hpp"

namespace {

using namespace infergraph::protocol;  // NOLINT(google-build-using-namespace)
using infergraph::is_utf8;
using infergraph::fuzz::Bound;
using infergraph::fuzz::Bounded;

void require(bool holds) {
  if (!holds) std::abort();
}

void try_path(std::string_view text) {
  const std::string encoded = percent_encoded(text);
  require(encoded.size() <= 3 * text.size());
  require(encoded.find_first_of("/?# \r\n") == std::string::npos);
  require(percent_decoded(encoded) == text);
  const std::string decoded = percent_decoded(text);
  require(decoded.size() <= text.size());
  require(percent_decoded(percent_encoded(decoded)) == decoded);
  for (const Protocol protocol : {Protocol::kSeldon, Protocol::kTensorflow, Protocol::kV2}) {
    for (const Method method : {Method::kPredict, Method::kStatus, Method::kMetadata}) {
      require(rest_path(protocol, method, encoded).size() <= encoded.size() + 64);
    }
  }
}

void try_name(std::string_view wire) {
  for (const Protocol protocol : {Protocol::kSeldon, Protocol::kTensorflow, Protocol::kV2}) {
    if (const auto name = read_model_name(protocol, wire)) {
      require(name->size() <= wire.size() && is_utf8(*name));
    }
  }
}

template <typename T>
void require_short(const Result<T>& result) {
  require(result.has_value() || result.error().message().size() < 1000);
}

void try_route(std::string_view text, bool proto) {
  if (!proto) {
    require_short(read_route(text));
    require_short(read_feedback_routing(text));
  } else {
    require_short(read_route_proto(text));
    require_short(read_feedback_routing_proto(text));
  }
}

void try_error(std::string_view text, unsigned packed) {
  constexpr std::size_t kMost = 200;
  Payload body = Payload::json(std::string(text));
  body.set_status(500);
  if (packed == 1) body.set_content_encoding("gzip");
  if (packed == 2) body.set_content_encoding("deflate");
  require(error_text(body, kMost).size() <= kMost + 64);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Bounded bounded("node_text", size, Bound::of_all(12));
  switch (data[0] % 8U) {
    case 0:
      try_path(text);
      break;
    case 1:
      try_name(text);
      break;
    case 2:
    case 3:
      try_route(text, data[0] % 2U == 1);
      break;
    default:
      try_error(text, data[0] % 4U);
  }
  return 0;
}
