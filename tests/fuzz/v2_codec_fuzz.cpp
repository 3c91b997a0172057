// Everything that reads messages of protocol v2. The first byte says what the rest is taken for:
// JSON or proto, a request or an answer; of JSON the second byte how much of the end is binary.
#include <cstdint>

#include "codec_fuzz.hpp"
#include "protocol/v2/codec.hpp"

namespace infergraph::fuzz {
namespace {

void try_metadata(const Payload& payload) {
  for (const Protocol protocol : {Protocol::kSeldon, Protocol::kTensorflow, Protocol::kV2}) {
    for (const Encoding encoding : {Encoding::kJson, Encoding::kProto}) {
      (void)convert_metadata(payload, protocol, encoding, kMost);
      (void)convert_status(payload, protocol, encoding, kMost);
    }
  }
}

// The next request has the tensors of the answer.
void try_chain(Message& answer, const Payload& payload, bool json) {
  const auto chained = json ? chain_v2_json(payload) : chain_v2_proto(payload, "m");
  if (!chained) {
    require(!json && answer.tensors.empty());
    return;
  }
  if (chained->bytes().data() == payload.bytes().data()) return;  // it was a request
  auto next =
      json ? read_v2_json(*chained, Role::kRequest) : read_v2_proto(*chained, Role::kRequest);
  require(next.has_value());
  require_same(answer, *next);
  require(next->traits.id == answer.traits.id);
}

void try_message(const Payload& payload, Role role) {
  const bool json = payload.encoding() == Encoding::kJson;
  (void)read_v2_traits(payload);
  if (const auto chained = json ? chain_v2_json(payload) : chain_v2_proto(payload, "m"); !chained) {
    require(chained.error().message().size() < 4000);
  }
  auto message = json ? read_v2_json(payload, role) : read_v2_proto(payload, role);
  if (!message) {
    require(message.error().message().size() < 4000);
    return;
  }
  if (role == Role::kAnswer) try_chain(*message, payload, json);
  V2Options options;
  options.role = role;
  options.traits = message->traits;
  options.traits.outputs.clear();
  options.model_name = "m";
  for (const bool binary : {false, true}) {
    options.traits.binary_output = binary;
    auto written = write_v2_json(*message, options);
    if (!written) continue;  // strings that are no text, half precision
    auto again = read_v2_json(*written, role);
    require(again.has_value());
    require_same(*message, *again);
  }
  auto written = write_v2_proto(*message, options);
  if (!written) return;
  auto again = read_v2_proto(*written, role);
  require(again.has_value());
  require_same(*message, *again);
}

}  // namespace
}  // namespace infergraph::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace infergraph::fuzz;  // NOLINT(google-build-using-namespace)
  if (size < 2) return 0;
  const Bounded bounded("v2_codec", size, Bound::of_all(50));
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Encoding encoding = (data[0] & 1U) != 0 ? Encoding::kProto : Encoding::kJson;
  const Role role = (data[0] & 2U) != 0 ? Role::kAnswer : Role::kRequest;
  Payload payload = payload_of(bytes, Protocol::kV2, encoding, role);
  if (encoding == Encoding::kJson && data[1] > 0) {
    payload.set_json_size(bytes.size() - std::min<std::size_t>(data[1], bytes.size()));
  }
  try_message(payload, role);
  cross(payload, role);
  if ((data[0] & 4U) != 0) try_metadata(payload);
  return 0;
}
