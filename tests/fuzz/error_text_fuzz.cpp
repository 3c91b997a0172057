// What hostile nodes say when they fail: the texts that callers get of it are UTF-8, well-formed
// and no longer than callers take.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "google/rpc/status.pb.h"
#include "protocol/convert/error_text.hpp"
#include "protocol/convert/status_map.hpp"
#include "protocol/json/json.hpp"
#include "tests/support/bounds.hpp"

namespace {

using infergraph::is_utf8;
using infergraph::protocol::GrpcCode;
using infergraph::protocol::GrpcStatus;
using infergraph::protocol::Payload;
using infergraph::protocol::Protocol;
using infergraph::protocol::Status;
namespace protocol = infergraph::protocol;
namespace json = infergraph::protocol::json;

// What callers take of all metadata by default.
constexpr std::size_t kCallersLimit = 8192;
constexpr std::size_t kMostText = 512;

void require(bool holds) {
  if (!holds) std::abort();
}

void look_at(const Status& failure) {
  const GrpcStatus made = protocol::grpc_status(failure);
  require(is_utf8(made.message));
  std::size_t wire = (made.details.size() + 2) / 3 * 4;
  for (const char c : made.message) wire += c >= 0x20 && c <= 0x7e && c != '%' ? 1U : 3U;
  const std::string node = protocol::failed_node(failure);
  for (const char c : node) require(c >= 0x20 && c <= 0x7e);
  require(wire + node.size() < kCallersLimit);
  for (const Protocol protocol : {Protocol::kSeldon, Protocol::kTensorflow, Protocol::kV2}) {
    const Payload body = protocol::error_body(failure, protocol);
    if (failure.answer() && failure.answer()->protocol() == protocol) continue;  // its very own
    require(is_utf8(body.bytes()));
    require(!json::check(body.bytes()));
  }
}

}  // namespace

// The first byte chooses the status, the second where the text is cut in two.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const infergraph::fuzz::Bounded bounded("error_text", size, infergraph::fuzz::Bound::of_all(40));
  if (size < 2) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = text.size() * data[1] / 256;
  const std::string first = text.substr(0, cut);
  const std::string second = text.substr(cut);

  Payload answer = Payload::json(text);
  answer.set_status(300 + data[0] % 300);
  answer.set_content_type(first);
  require(is_utf8(infergraph::protocol::error_text(answer, kMostText)));
  look_at(Status::from_upstream("n", answer));
  answer.set_protocol(data[0] % 2 == 0 ? Protocol::kTensorflow : Protocol::kV2);
  answer.set_content_encoding(data[0] % 3 == 0 ? "gzip" : "");
  look_at(Status::from_upstream(first, answer));

  const auto code = static_cast<GrpcCode>(1 + data[0] % 16);
  look_at(Status::from_upstream("n", GrpcStatus{code, first, second}));
  google::rpc::Status details;
  details.set_code(5);
  details.add_details()->set_value(first);
  details.add_details()->set_value(second);
  look_at(Status::from_upstream(second, GrpcStatus{code, text, details.SerializeAsString()}));
  look_at(Status(static_cast<infergraph::protocol::Code>(1 + data[0] % 14), first, second));
  return 0;
}
