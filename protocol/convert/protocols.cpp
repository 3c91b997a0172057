// Between the protocols: decode, name and type the tensors as the target wants them, encode.
#include <utility>

#include "protocol/convert/codecs.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/convert/enclosed.hpp"
#include "protocol/convert/tensors.hpp"
#include "protocol/gzip.hpp"
#include "protocol/invalid.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

// Who sent what can't be unpacked is for the caller of this to know.
Result<Payload> unpacked(const Payload& payload, std::size_t max_decoded) {
  auto plain = decoded(payload, max_decoded);
  if (plain || plain.error().code() == Code::kTooLarge) return plain;
  return why_ended(invalid(plain.error().message()));
}

// Joins no pieces.
bool is_same_text(const Payload& a, const Payload& b) {
  if (a.protocol() != b.protocol() || a.pieces() != b.pieces()) return false;
  return a.pieces() != nullptr || a.bytes().data() == b.bytes().data();
}

// Only what is whole is remembered: who does the work again, elsewhere, is to find it unread.
// Errors: the work was cut.
Result<RequestTraits> traits_of(KeptRequest* request, std::size_t max_decoded) {
  if (request == nullptr) return RequestTraits();
  if (request->traits) return *request->traits;
  const auto plain = decoded(request->payload, max_decoded);
  RequestTraits traits = plain ? read_traits(*plain) : RequestTraits();
  if (is_cut()) return why_ended(stopped());
  // Others may unpack more of it.
  if (!plain && plain.error().code() == Code::kTooLarge) return traits;
  request->traits = traits;
  return traits;
}

std::size_t extra_of(const Payload& payload, const Target& target) {
  const bool is_packed =
      !payload.content_encoding().empty() ||
      (target.request != nullptr && !target.request->payload.content_encoding().empty());
  return is_packed ? kUnpackedExtra : kWorkExtra;
}

// jsonData that is a body of the target's protocol.
bool is_json_body(const Message& message, const Target& target) {
  return target.protocol != Protocol::kSeldon && message.content == Content::kJsonData &&
         message.value.starts_with('{');
}

Result<Payload> convert_answer(const Payload& answer, const Target& target) {
  const auto given = traits_of(target.request, target.max_decoded);
  if (!given) return given.error();
  if (target.protocol == Protocol::kSeldon && answer.protocol() != Protocol::kSeldon) {
    if (given->content == Content::kJsonData) return to_json_data(answer, target, *given);
    if (given->content == Content::kCustomData) return to_custom_data(answer, target, *given);
  }
  auto message = read_message(answer);
  if (!message) return message.error();
  if (is_json_body(*message, target)) return from_json_data(*message, target);
  RequestTraits traits = target.request != nullptr ? *given : message->traits;
  if (traits.id.empty()) traits.id = message->traits.id;
  if (target.protocol != Protocol::kSeldon) {
    if (auto made = to_tensors(*message, target.protocol); !made) return made.error();
    name_outputs(*message, target, traits);
  }
  if (auto typed = type_tensors(*message, target); !typed) return typed.error();
  return write_message(*message, target, traits);
}

// `plain` is `payload` unpacked.
Result<Payload> convert_request(const Payload& payload, const Payload& plain,
                                const Target& target) {
  auto message = read_message(plain);
  if (!message) return message.error();
  KeptRequest* const kept = target.request;
  if (kept != nullptr && !kept->traits && is_same_text(payload, kept->payload) && !is_cut()) {
    kept->traits = message->traits;
  }
  if (is_json_body(*message, target)) return from_json_data(*message, target);
  if (message->content == Content::kCustomData) return from_custom_data(*message, target);
  RequestTraits traits = message->traits;
  // The messages of others between two nodes of v2 have lost the id.
  if (target.protocol == Protocol::kV2 && traits.id.empty()) {
    auto given = traits_of(kept, target.max_decoded);
    if (!given) return given.error();
    traits.id = std::move(given->id);
  }
  if (target.protocol != Protocol::kSeldon) {
    if (auto made = to_tensors(*message, target.protocol); !made) return made.error();
    name_inputs(*message, target, payload.protocol() == target.protocol);
  }
  if (auto typed = type_tensors(*message, target); !typed) return typed.error();
  return write_message(*message, target, traits);
}

}  // namespace

std::size_t bytes_read(const Payload& payload, const KeptRequest* request) {
  const bool reads_request =
      request != nullptr && !request->traits && !is_same_text(payload, request->payload);
  return payload.size() + (reads_request ? request->payload.size() : 0);
}

std::size_t bytes_read(const Payload& payload, const Target& target) {
  // Of what a request takes over there is the id alone, which only v2 has.
  const bool takes_over = target.role == Role::kAnswer || target.protocol == Protocol::kV2;
  return bytes_read(payload, takes_over ? target.request : nullptr);
}

bool is_already(const Payload& payload, const Target& target) {
  if (payload.protocol() != target.protocol || payload.encoding() != target.encoding) return false;
  if (!target.binary && payload.json_size()) return false;
  if (target.protocol == Protocol::kSeldon || target.role == Role::kAnswer) return true;
  const bool renames = target.model != nullptr && !target.model->input_names.empty();
  return role_of(payload) == Role::kRequest && !renames;
}

Result<Payload> convert(const Payload& payload, const Target& target) {
  if (payload.protocol() == Protocol::kSeldon && target.protocol == Protocol::kSeldon) {
    return convert(payload, MessageType::kSeldonMessage, target.encoding, target.max_decoded);
  }
  if (is_already(payload, target)) return payload;
  const WorkScope scope(bytes_read(payload, target), extra_of(payload, target));
  const auto plain = unpacked(payload, target.max_decoded);
  if (!plain) return plain.error();
  const auto finish = [&](Result<Payload> made) -> Result<Payload> {
    if (!made) return why_ended(made.error());
    if (made) {
      made->set_protocol(target.protocol);
      made->set_origin(payload.origin());
      made->set_model(payload.model());
    }
    return made;
  };
  const bool same_protocol = payload.protocol() == target.protocol;
  if (target.operation != Operation::kPredict) {
    if (!same_protocol || target.operation == Operation::kMultiInference ||
        role_of(payload) != target.role) {
      return invalid(
          "classify, regress and multi-inference are for a model of protocol tensorflow");
    }
    static const ModelProfile kNobody;
    return finish(convert_examples(*plain, target.role, target.operation == Operation::kRegress,
                                   target.encoding,
                                   target.model == nullptr ? kNobody : *target.model));
  }
  const bool renames = target.model != nullptr && !target.model->input_names.empty();
  const bool chains = target.role == Role::kRequest && role_of(payload) == Role::kAnswer;
  if (same_protocol && payload.encoding() == target.encoding && chains && !renames) {
    return finish(chain_message(*plain, target));
  }
  return finish(target.role == Role::kAnswer ? convert_answer(*plain, target)
                                             : convert_request(payload, *plain, target));
}

Result<Message> decode(const Payload& answer, std::size_t max_decoded) {
  const WorkScope scope(answer);
  const auto plain = unpacked(answer, max_decoded);
  if (!plain) return plain.error();
  auto message = read_message(*plain);
  if (!message) return why_ended(message.error());
  return message;
}

Result<Payload> encode(Message& answer, const Payload& like) {
  const WorkScope scope(like);
  Target same;
  same.protocol = like.protocol();
  same.encoding = like.encoding();
  same.role = Role::kAnswer;
  if (same.protocol != Protocol::kSeldon) name_outputs(answer, same, answer.traits);
  if (auto typed = type_tensors(answer, same); !typed) return typed.error();
  const RequestTraits traits = answer.traits;
  auto made = write_message(answer, same, traits);
  if (!made) return why_ended(made.error());
  made->set_protocol(like.protocol());
  made->set_origin(like.origin());
  made->set_model(like.model());
  return made;
}

Result<Payload> adapt_answer(const Payload& answer, const ModelProfile& model,
                             std::size_t max_decoded) {
  const WorkScope scope(answer);
  auto message = decode(answer, max_decoded);
  if (!message) return message.error();
  if (auto picked = pick_outputs(*message, model); !picked) return picked.error();
  return encode(*message, answer);
}

}  // namespace infergraph::protocol
