// What nodes say of their models and of their state, to every protocol and encoding. The first byte
// says what it is taken for: JSON or proto, of which protocol, metadata or status.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "codec_fuzz.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/v2/codec.hpp"
#include "tests/support/bounds.hpp"

namespace infergraph::fuzz {
namespace {

void require_short(const Status& status) { require(status.message().size() < 4000); }

// What can be read of a node's own metadata is no more than what it sent.
void try_signature(const Payload& metadata) {
  const Bounded bounded("a signature", metadata.size());
  if (metadata.protocol() == Protocol::kSeldon) return;
  const auto signature = metadata.protocol() == Protocol::kV2
                             ? read_v2_metadata(metadata)
                             : read_tensorflow_metadata(metadata, "");
  if (!signature) require_short(signature.error());
}

template <typename Convert>
void try_all(const Payload& payload, Convert convert) {
  for (const Protocol protocol : {Protocol::kSeldon, Protocol::kTensorflow, Protocol::kV2}) {
    for (const Encoding encoding : {Encoding::kJson, Encoding::kProto}) {
      const Bounded bounded("metadata", payload.size());
      const auto made = convert(payload, protocol, encoding, kMost);
      if (!made) {
        require_short(made.error());
        continue;
      }
      bounded.made(made->size());
      const bool is_new = made->bytes().data() != payload.bytes().data();
      if (encoding == Encoding::kJson && is_new && !made->empty()) {
        require(!json::check(made->bytes()).has_value());
      }
      // What was made can be read.
      if (is_new && !made->empty()) {
        const Encoding other = encoding == Encoding::kJson ? Encoding::kProto : Encoding::kJson;
        const auto again = convert(*made, protocol, other, kMost);
        if (!again) require_short(again.error());
      }
    }
  }
}

}  // namespace
}  // namespace infergraph::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace infergraph::fuzz;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr std::array kProtocols = {Protocol::kSeldon, Protocol::kTensorflow, Protocol::kV2};
  const unsigned how = data[0];
  const Encoding encoding = (how & 1U) != 0 ? Encoding::kProto : Encoding::kJson;
  const Protocol protocol = kProtocols[(how >> 2U) % kProtocols.size()];
  Payload payload = payload_of(bytes, protocol, encoding, Role::kAnswer);
  if ((how & 16U) != 0) {
    ModelProfile model;
    model.name = "m";
    payload.set_model(std::make_shared<const ModelProfile>(model));
  }
  const Bounded bounded("metadata_fuzz", size, Bound::of_all(24));
  if ((how & 2U) != 0) {
    try_all(payload, convert_status);
  } else {
    try_signature(payload);
    try_all(payload, convert_metadata);
  }
  return 0;
}
