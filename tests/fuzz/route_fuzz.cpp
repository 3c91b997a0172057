// A router's answer, as JSON and on the wire: a branch or a reason, the same in both where both
// hold it, and odd only where it is.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/convert/convert.hpp"
#include "protocol/json/json.hpp"
#include "protocol/seldon/json.hpp"
#include "protocol/seldon/proto.hpp"
#include "tests/support/bounds.hpp"

namespace {

namespace protocol = infergraph::protocol;
using protocol::Code;
using protocol::Encoding;
using protocol::MessageType;
using protocol::Payload;
using protocol::Result;
using protocol::RouteOddity;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Result<int>& route, RouteOddity oddity) {
  if (route) {
    if (oddity == RouteOddity::kNoData) require(*route == -1);
    return;
  }
  require(oddity == RouteOddity::kNone);
  require(route.error().code() == Code::kInvalidRouting ||
          route.error().code() == Code::kBadUpstream);
  require(!route.error().message().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const infergraph::fuzz::Bounded bounded("route", size, infergraph::fuzz::Bound::of_all(12));
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto of_json = RouteOddity::kNone;
  const Result<int> json = protocol::read_route(text, &of_json);
  check(json, of_json);
  auto of_wire = RouteOddity::kNone;
  check(protocol::read_route_proto(text, &of_wire), of_wire);

  // The same answer in proto, if it is a SeldonMessage.
  if (!json || !text.starts_with('{')) return 0;
  const auto wire = protocol::convert(Payload::json(text), MessageType::kSeldonMessage,
                                      Encoding::kProto, 1 << 20);
  if (!wire) return 0;
  auto of_proto = RouteOddity::kNone;
  const Result<int> proto = protocol::read_route_proto(wire->bytes(), &of_proto);
  check(proto, of_proto);
  return 0;
}
