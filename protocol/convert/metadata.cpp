// What nodes say of their models, and of their state, from one protocol to another.
#include "protocol/tensorflow/metadata.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "inference/grpc_service.pb.h"
#include "protocol/convert/convert.hpp"
#include "protocol/gzip.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/v2/codec.hpp"
#include "protocol/wire/parse.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

// A model's card, whatever the protocol. Seldon's and v2's JSON have the same members.
struct Card {
  std::string name;
  std::string versions = "[]";  // JSON
  std::string platform;
  Signature signature;
};

class CardReader final : public json::Visitor {
 public:
  explicit CardReader(Card& card) : card_(card) {}

  bool enter(const json::Path& path, json::Kind kind) override {
    return path.depth() == 0 && kind == json::Kind::kObject;
  }
  void value(const json::Path& path, json::Kind kind, std::string_view text) override {
    if (kind == json::Kind::kString && path.is({"name"})) card_.name = json::read_string(text);
    if (kind == json::Kind::kString && path.is({"platform"}))
      card_.platform = json::read_string(text);
    if (kind == json::Kind::kArray && path.is({"versions"})) card_.versions = text;
  }

 private:
  Card& card_;
};

Result<Card> read_v2_card(const Payload& metadata) {
  Card card;
  auto signature = read_v2_metadata(metadata);
  if (!signature) return signature.error();
  card.signature = *std::move(signature);
  if (metadata.encoding() == Encoding::kJson) {
    CardReader reader(card);
    (void)json::visit(metadata.bytes(), reader);
    return card;
  }
  inference::ModelMetadataResponse message;
  (void)parse(metadata.bytes(), message);
  card.name = message.name();
  card.platform = message.platform();
  card.versions = "[";
  for (const std::string& version : message.versions()) {
    if (card.versions.size() > 1) card.versions += ',';
    json::append_string(card.versions, version);
  }
  card.versions += ']';
  return card;
}

Result<Card> read_tensorflow_card(const Payload& metadata) {
  Card card;
  const bool known = metadata.model() != nullptr;
  auto signature =
      read_tensorflow_metadata(metadata, known ? metadata.model()->signature_name : "");
  // A model without that signature has a card without inputs.
  if (!signature && signature.error().code() != Code::kInvalidArgument) return signature.error();
  if (signature) card.signature = *std::move(signature);
  card.name = known ? metadata.model()->name : std::string(metadata.origin());
  card.platform = "tensorflow_savedmodel";
  return card;
}

void append_infos(std::string& out, std::string_view key, const std::vector<TensorInfo>& infos) {
  out.append(",\"").append(key).append("\":[");
  for (std::size_t i = 0; i < infos.size(); ++i) {
    out += i > 0 ? ",{\"name\":" : "{\"name\":";
    json::append_string(out, infos[i].name);
    out.append(R"(,"datatype":")").append(v2_name(infos[i].type)).append(R"(","shape":[)");
    for (std::size_t k = 0; k < infos[i].shape.size(); ++k) {
      if (k > 0) out += ',';
      out += std::to_string(infos[i].shape[k]);
    }
    out += "]}";
  }
  out += ']';
}

std::string write_card(const Card& card) {
  std::string out = "{\"name\":";
  json::append_string(out, card.name);
  out.append(",\"versions\":").append(card.versions).append(",\"platform\":");
  json::append_string(out, card.platform);
  append_infos(out, "inputs", card.signature.inputs);
  append_infos(out, "outputs", card.signature.outputs);
  return out + '}';
}

Payload with(Payload made, Protocol protocol, std::string_view origin) {
  made.set_protocol(protocol);
  made.set_origin(origin);
  return made;
}

// {"name", …} of v2 as ModelMetadataResponse.
Result<Payload> v2_card_to_proto(const Card& card) {
  inference::ModelMetadataResponse message;
  message.set_name(card.name);
  message.set_platform(card.platform);
  const auto add = [](const std::vector<TensorInfo>& infos, auto& into) {
    for (const TensorInfo& info : infos) {
      auto& tensor = *into.Add();
      tensor.set_name(info.name);
      tensor.set_datatype(std::string(v2_name(info.type)));
      for (const std::int64_t dimension : info.shape) tensor.add_shape(dimension);
    }
  };
  add(card.signature.inputs, *message.mutable_inputs());
  add(card.signature.outputs, *message.mutable_outputs());
  class Versions final : public json::Visitor {
   public:
    explicit Versions(inference::ModelMetadataResponse& into) : into_(into) {}
    bool enter(const json::Path& path, json::Kind) override { return path.depth() == 0; }
    void value(const json::Path& path, json::Kind kind, std::string_view text) override {
      if (path.depth() == 1 && kind == json::Kind::kString) {
        into_.add_versions(json::read_string(text));
      }
    }

   private:
    inference::ModelMetadataResponse& into_;
  } versions(message);
  (void)json::visit(card.versions, versions);
  return Payload::proto(message.SerializeAsString());
}

}  // namespace

Result<Payload> convert_metadata(const Payload& metadata, Protocol protocol, Encoding encoding,
                                 std::size_t max_decoded) {
  if (metadata.protocol() == protocol && metadata.encoding() == encoding) return metadata;
  const WorkScope scope(metadata);
  const auto plain = decoded(metadata, max_decoded);
  if (!plain) return Status(Code::kInvalidArgument, plain.error().message());
  if (plain->protocol() == protocol && protocol == Protocol::kSeldon) {
    return convert(*plain, MessageType::kModelMetadata, encoding, max_decoded);
  }
  if (plain->protocol() == protocol && protocol == Protocol::kTensorflow) {
    auto made = convert_tensorflow_metadata(*plain, encoding);
    if (!made) return made;
    return with(*std::move(made), protocol, metadata.origin());
  }
  Result<Payload> source = *plain;
  if (plain->protocol() == Protocol::kSeldon) {
    source = convert(*plain, MessageType::kModelMetadata, Encoding::kJson, max_decoded);
    if (!source) return source;
  }
  auto card = plain->protocol() == Protocol::kTensorflow ? read_tensorflow_card(*source)
                                                         : read_v2_card(*source);
  if (!card) return Status(Code::kInvalidArgument, card.error().message());
  std::size_t work = 0;
  for (const auto* infos : {&card->signature.inputs, &card->signature.outputs}) {
    for (const TensorInfo& info : *infos) work += kTensorWork + kDimensionWork * info.shape.size();
  }
  if (auto fine = afford(work); !fine) return fine.error();
  Result<Payload> made = Payload::json(write_card(*card));
  if (protocol == Protocol::kTensorflow) {
    made = write_tensorflow_metadata(card->name, card->signature, encoding);
  } else if (encoding == Encoding::kProto) {
    made = protocol == Protocol::kV2
               ? v2_card_to_proto(*card)
               : convert(*made, MessageType::kModelMetadata, encoding, max_decoded);
  }
  if (!made) return made;
  return with(*std::move(made), protocol, metadata.origin());
}

Result<Payload> convert_status(const Payload& status, Protocol protocol, Encoding encoding,
                               std::size_t max_decoded) {
  if (status.protocol() == protocol && status.encoding() == encoding) return status;
  const WorkScope scope(status);
  const auto plain = decoded(status, max_decoded);
  if (!plain) return Status(Code::kInvalidArgument, plain.error().message());
  const bool proto = encoding == Encoding::kProto;
  if (protocol == Protocol::kTensorflow) {
    // A node of another protocol that answers is one version that is available.
    static constexpr std::string_view kAvailable =
        R"({"model_version_status":[{"version":"1","state":"AVAILABLE","status":)"
        R"({"error_code":"OK","error_message":""}}]})";
    Payload own = *plain;
    if (plain->protocol() != protocol) {
      own = with(Payload::json(std::string(kAvailable)), protocol, status.origin());
      if (!proto) return own;
    }
    auto made = convert_tensorflow_status(own, encoding);
    if (!made) return made;
    return with(*std::move(made), protocol, status.origin());
  }
  if (protocol == Protocol::kV2) {
    // ModelReadyResponse{ready: true}; over REST an empty body says the same.
    return with(proto ? Payload::proto("\x08\x01") : Payload(), protocol, status.origin());
  }
  if (status.protocol() == Protocol::kSeldon) {
    return convert(*plain, MessageType::kSeldonMessage, encoding, max_decoded);
  }
  return with(Payload::json(R"({"meta":{},"strData":"healthy"})"), protocol, status.origin());
}

}  // namespace infergraph::protocol
