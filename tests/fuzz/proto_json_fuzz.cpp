// The mapping between JSON and proto, and everything that reads seldon messages on the wire. The
// first byte says which type the rest is, and whether it is JSON.
#include <google/protobuf/util/field_comparator.h>
#include <google/protobuf/util/message_differencer.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inference/grpc_service.pb.h"
#include "protocol/json/json.hpp"
#include "protocol/json/proto_json.hpp"
#include "protocol/seldon/proto.hpp"
#include "protocol/wire/parse.hpp"
#include "seldon/prediction.pb.h"
#include "tensorflow_serving/model_metadata.pb.h"
#include "tests/support/bounds.hpp"

namespace {

namespace protocol = infergraph::protocol;
using google::protobuf::Descriptor;
using google::protobuf::Message;
using infergraph::fuzz::Bounded;

void require(bool holds) {
  if (!holds) std::abort();
}

const Descriptor& type_of(unsigned number) {
  switch (number % 5) {
    case 0:
      return *seldon::protos::SeldonMessage::descriptor();
    case 1:
      return *seldon::protos::Feedback::descriptor();
    case 2:
      return *seldon::protos::SeldonGraphMetadata::descriptor();
    case 3:
      return *inference::ModelInferRequest::descriptor();
    default:
      return *tensorflow::serving::GetModelMetadataResponse::descriptor();
  }
}

std::unique_ptr<Message> parsed(std::string_view wire, const Descriptor& type) {
  std::unique_ptr<Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
  require(protocol::parse(wire, *message));
  return message;
}

bool are_same(std::string_view left, std::string_view right, const Descriptor& type) {
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  return differencer.Compare(*parsed(left, type), *parsed(right, type));
}

// What JSON can be read is written the same ever after.
void try_json(std::string_view json, const Descriptor& type) {
  const auto wire = [&] {
    const Bounded bounded("json_to_proto", json.size());
    auto made = protocol::json_to_proto(json, type);
    if (made) bounded.made(made->size());
    return made;
  }();
  if (!wire) {
    require(wire.error().code() == protocol::Code::kInvalidArgument);
    require(wire.error().message().size() < 1000);
    return;
  }
  const auto written = protocol::proto_to_json(*wire, type);
  require(written.has_value());
  require(!protocol::json::check(*written).has_value());
  const auto again = protocol::json_to_proto(*written, type);
  require(again.has_value());
  require(are_same(*wire, *again, type));
  require(*protocol::proto_to_json(*again, type) == *written);
}

// A Value that is nothing becomes null, and unknown fields are lost; after that, nothing changes.
void try_wire(std::string_view wire, const Descriptor& type) {
  const auto json = [&] {
    const Bounded bounded("proto_to_json", wire.size());
    auto made = protocol::proto_to_json(wire, type);
    if (made) bounded.made(made->size());
    return made;
  }();
  if (!json) return;
  const auto again = protocol::json_to_proto(*json, type);
  if (!again) {
    // One level may be too deep to pass on, or a FieldMask have no JSON of its own.
    const std::string why = again.error().message();
    require(why.find("inside one another") != std::string::npos ||
            why.find(" is no google.protobuf.") != std::string::npos);
    return;
  }
  const auto same = protocol::proto_to_json(*again, type);
  require(same.has_value() && *same == *json);
  require(are_same(*again, *protocol::json_to_proto(*same, type), type));
}

void try_readers(std::string_view wire) {
  static const std::vector<std::pair<std::string_view, int>> kRouting = {{"a", 1}, {"b", -1}};
  (void)protocol::read_route_proto(wire);
  (void)protocol::read_metadata_name(wire);
  const std::string changed = protocol::with_routing_proto(wire, kRouting);
  require(changed.starts_with(wire));
  seldon::protos::SeldonMessage message;
  if (protocol::parse(wire, message)) {
    require(protocol::parse(changed, message));
    require(!message.has_meta() || message.meta().routing().at("a") == 1);
  }
  seldon::protos::Feedback feedback;
  if (protocol::parse(wire, feedback)) {
    const auto routing = protocol::read_feedback_routing_proto(wire);
    const auto& expected = feedback.response().meta().routing();
    require(routing.has_value() && routing->size() == expected.size());
    for (const auto& [name, branch] : *routing) require(expected.at(name) == branch);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const infergraph::fuzz::Bounded bounded("proto_json", size, infergraph::fuzz::Bound::of_all(16));
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Descriptor& type = type_of(data[0] >> 1U);
  if ((data[0] & 1U) == 0) {
    try_json(text, type);
  } else {
    try_wire(text, type);
    try_readers(text);
  }
  return 0;
}
