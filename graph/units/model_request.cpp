#include "graph/units/model_request.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "protocol/piece_list.hpp"
#include "protocol/tensorflow/metadata.hpp"
#include "protocol/wire/writer.hpp"

namespace infergraph::graph {

using protocol::Method;
using protocol::Payload;
using protocol::Protocol;
using protocol::WireWriter;

namespace {

// ModelSpec model_spec and string model_name, name: all the first field of their messages, and the
// name the first of ModelSpec.
constexpr int kFirst = 1;
constexpr char kFirstTag = 0x0a;

std::string naming(Protocol protocol, const std::string& model) {
  WireWriter writer(model.size() + 16);
  if (protocol == Protocol::kTensorflow) writer.open(kFirst);
  writer.field(kFirst, model);
  if (protocol == Protocol::kTensorflow) writer.close();
  return std::move(writer).finish().value_or("");
}

// Whether a message that begins so names its model. The tag and the length come before a ModelSpec.
bool names_model(Protocol protocol, std::string_view begin) {
  if (!begin.starts_with(kFirstTag)) return false;
  if (protocol == Protocol::kV2) return true;
  std::size_t at = 1;
  while (at < begin.size() && static_cast<unsigned char>(begin[at]) >= 0x80) ++at;
  return at + 1 < begin.size() && begin[at + 1] == kFirstTag;
}

Payload joined(std::vector<Payload> parts, const Payload& request) {
  Payload made(std::make_shared<const protocol::PieceList>(std::move(parts)));
  made.set_encoding(protocol::Encoding::kProto);
  made.set_protocol(request.protocol());
  made.set_origin(request.origin());
  return made;
}

}  // namespace

Payload model_request(Protocol protocol, Method method, protocol::Transport transport,
                      const std::string& model) {
  if (transport == protocol::Transport::kRest || protocol == Protocol::kSeldon) return {};
  std::string wire;
  if (protocol == Protocol::kV2) {
    if (!model.empty()) wire = naming(protocol, model);
  } else if (method == Method::kMetadata) {
    wire = protocol::write_model_metadata_request(model);
  } else {
    wire = protocol::write_model_status_request(model);
  }
  Payload made = Payload::proto(std::move(wire));
  made.set_protocol(protocol);
  return made;
}

// Of a field that is there twice, the last one counts; two messages are merged.
Payload with_model(const Payload& request, const std::string& model) {
  return joined({request, Payload::proto(naming(request.protocol(), model))}, request);
}

Payload with_default_model(const Payload& request, const std::string& model) {
  const auto* pieces = request.pieces();
  const std::string_view begin = pieces == nullptr ? request.bytes() : pieces->front();
  if (names_model(request.protocol(), begin)) return request;
  return joined({Payload::proto(naming(request.protocol(), model)), request}, request);
}

}  // namespace infergraph::graph
