// SeldonMessages to the neutral form, back, and to the other protocols. The first byte says what
// the rest is taken for: JSON or proto, a request or an answer.
#include <cstdint>

#include "codec_fuzz.hpp"
#include "protocol/seldon/codec.hpp"

namespace infergraph::fuzz {
namespace {

void try_message(const Payload& payload) {
  (void)read_seldon_traits(payload);
  auto message = read_seldon(payload);
  if (!message) {
    require(message.error().message().size() < 4000);
    return;
  }
  for (const DataKind kind : {DataKind::kNdarray, DataKind::kTensor, DataKind::kTftensor}) {
    RequestTraits traits = message->traits;
    traits.kind = kind;
    const auto json = write_seldon_json(*message, traits);
    if (json) {
      require(!json::check(json->bytes()).has_value());
      require(read_seldon(*json).has_value() || message->content != Content::kData);
    }
    const auto proto = write_seldon_proto(*message, traits);
    if (proto) require(read_seldon(*proto).has_value());
  }
}

}  // namespace
}  // namespace infergraph::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace infergraph::fuzz;  // NOLINT(google-build-using-namespace)
  if (size < 1) return 0;
  const Bounded bounded("seldon_codec", size, Bound::of_all(30));
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Encoding encoding = (data[0] & 1U) != 0 ? Encoding::kProto : Encoding::kJson;
  const Role role = (data[0] & 2U) != 0 ? Role::kAnswer : Role::kRequest;
  const Payload payload = payload_of(bytes, Protocol::kSeldon, encoding, role);
  try_message(payload);
  cross(payload, role);
  return 0;
}
