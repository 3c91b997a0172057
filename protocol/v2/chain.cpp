// An answer of protocol v2 as the next request, its tensors unread.
#include <memory>
#include <utility>
#include <vector>

#include "inference/grpc_service.pb.h"
#include "protocol/invalid.hpp"
#include "protocol/json/json.hpp"
#include "protocol/piece_list.hpp"
#include "protocol/v2/codec.hpp"
#include "protocol/wire/fields.hpp"

namespace infergraph::protocol {

namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using json::Kind;
using json::Path;

constexpr std::size_t kMostError = 400;

// The members of an answer, in their order.
class MemberFinder final : public json::Visitor {
 public:
  struct Member {
    std::string_view key;  // as the request has it
    std::string_view text;
  };

  bool enter(const Path& path, Kind kind) override {
    is_object_ = is_object_ || (path.depth() == 0 && kind == Kind::kObject);
    return path.depth() == 0 && kind == Kind::kObject;
  }
  void value(const Path& path, Kind kind, std::string_view text) override {
    if (path.depth() != 1) return;
    if (path.is(0, "inputs")) {
      // Beside outputs it could only be null or the like, and there must be no two.
      has_inputs_ = has_inputs_ || kind == Kind::kArray;
      return;
    }
    if (path.is(0, "outputs") && kind == Kind::kArray) has_outputs_ = true;
    if (path.is(0, "error") && kind == Kind::kString) {
      error_ = json::excerpt(json::read_string(text), kMostError);
    }
    // Of the model that answered; the next one is another.
    if (path.is(0, "model_name") || path.is(0, "model_version")) return;
    members_.push_back({path.is(0, "outputs") ? "inputs" : path.written_key(0), text});
  }

  std::vector<Member> members_;
  bool is_object_ = false;
  bool has_inputs_ = false;
  bool has_outputs_ = false;
  std::string error_;
};

Payload as_request(Payload made, const Payload& answer) {
  made.set_protocol(answer.protocol());
  made.set_origin(answer.origin());
  return made;
}

}  // namespace

Result<Payload> chain_v2_json(const Payload& answer) {
  const std::string_view body = answer.bytes();
  const std::size_t json_size = answer.json_size().value_or(body.size());
  if (json_size > body.size()) return invalid("the JSON is said to be longer than the body");
  MemberFinder finder;
  if (auto problem = json::visit(body.substr(0, json_size), finder)) {
    return invalid(*std::move(problem));
  }
  if (finder.has_inputs_) return answer;
  if (!finder.has_outputs_) {
    return invalid(!finder.error_.empty() ? finder.error_
                   : finder.is_object_    ? "the answer has neither outputs nor inputs"
                                          : "the answer is no object");
  }
  std::string request = "{";
  request.reserve(body.size() + 16);
  for (const auto& [key, text] : finder.members_) {
    if (request.size() > 1) request += ',';
    request.append("\"").append(key).append("\":").append(text);
  }
  request += '}';
  const std::size_t new_size = request.size();
  request += body.substr(json_size);
  Payload made = Payload::json(std::move(request));
  if (answer.json_size()) {
    made.set_content_type("application/octet-stream");
    made.set_json_size(new_size);
  }
  return as_request(std::move(made), answer);
}

Result<Payload> chain_v2_proto(const Payload& answer, const std::string& model_name) {
  // The two messages have most fields at the same numbers.
  static_assert(int{ModelInferRequest::kIdFieldNumber} == int{ModelInferResponse::kIdFieldNumber});
  static_assert(int{ModelInferRequest::kInputsFieldNumber} ==
                int{ModelInferResponse::kOutputsFieldNumber});
  static_assert(int{ModelInferRequest::kParametersFieldNumber} ==
                int{ModelInferResponse::kParametersFieldNumber});
  constexpr std::size_t kSmall = 4096;  // cheaper to copy than to send in pieces

  std::string small;
  append_field(small, ModelInferRequest::kModelNameFieldNumber, model_name);
  std::vector<Payload> parts;
  const auto flush = [&] {
    if (!small.empty()) parts.push_back(Payload::proto(std::exchange(small, {})));
  };
  const auto owner = std::make_shared<const Payload>(answer);
  const auto take = [&](std::string_view bytes) {
    if (bytes.size() <= kSmall) {
      small += bytes;
      return;
    }
    flush();
    parts.emplace_back(owner, bytes);
  };
  bool has_outputs = false;
  const bool well_formed = for_each_field(owner->bytes(), [&](const WireField& field) {
    switch (field.number) {
      case ModelInferResponse::kModelNameFieldNumber:
      case ModelInferResponse::kModelVersionFieldNumber:
      // Not known of an answer; in a request it would be a tensor.
      case ModelInferRequest::kRawInputContentsFieldNumber:
        break;
      case ModelInferResponse::kRawOutputContentsFieldNumber:
        if (!field.is_delimited) break;
        append_field_head(small, ModelInferRequest::kRawInputContentsFieldNumber,
                          field.value.size());
        take(field.value);
        break;
      default:
        has_outputs = has_outputs || field.number == ModelInferResponse::kOutputsFieldNumber;
        take(field.whole);
    }
    return true;
  });
  if (!well_formed) return invalid("the answer is not a ModelInferResponse");
  if (!has_outputs) return invalid("the answer has no outputs");
  if (parts.empty()) return as_request(Payload::proto(std::move(small)), answer);
  flush();
  Payload made(std::make_shared<const PieceList>(std::move(parts)));
  made.set_encoding(Encoding::kProto);
  return as_request(std::move(made), answer);
}

}  // namespace infergraph::protocol
