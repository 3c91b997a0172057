// An answer as the next request, spliced: the values are neither read nor, when large, copied.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/piece_list.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/tensorflow/members.hpp"
#include "protocol/wire/fields.hpp"
#include "tensorflow_serving/predict.pb.h"

namespace infergraph::protocol {

namespace {

using tensorflow::serving::PredictRequest;
using tensorflow::serving::PredictResponse;

/// A part of a text and what comes in its place.
struct Edit {
  std::string_view part;
  std::string replacement;
};

std::string quoted(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

Payload made_from(const Payload& answer, Payload made) {
  made.set_protocol(answer.protocol());
  made.set_origin(answer.origin());
  return made;
}

}  // namespace

Result<Payload> chain_tensorflow_json(const Payload& answer, const ModelProfile& profile) {
  const std::string_view body = answer.bytes();
  const auto members = find_tensorflow_members(body);
  if (!members) return members.error();
  if (members->instances.is_there() || members->inputs.is_there()) return answer;

  const bool by_row = members->predictions.is_there();
  if (by_row == members->outputs.is_there()) {
    const std::string error = members->error_text();
    return Status(Code::kInvalidArgument, by_row ? "both 'predictions' and 'outputs' keys are there"
                                          : error.empty()
                                              ? "Missing 'predictions' or 'outputs' key"
                                              : "Missing 'predictions' or 'outputs' key: " + error);
  }
  std::vector<Edit> edits;
  edits.push_back(by_row ? Edit{members->predictions.key, "instances"}
                         : Edit{members->outputs.key, "inputs"});
  const TensorflowMember& signature = members->signature_name;
  if (!profile.signature_name.empty()) {
    if (signature.is_there()) {
      edits.push_back({signature.text, quoted(profile.signature_name)});
    } else {
      // Before the first member: there is one, so a comma follows.
      edits.push_back({body.substr(body.find('{') + 1, 0),
                       "\"signature_name\":" + quoted(profile.signature_name) + ','});
    }
  }
  std::sort(edits.begin(), edits.end(), [](const Edit& left, const Edit& right) {
    return left.part.data() < right.part.data();
  });

  std::string request;
  request.reserve(body.size() + profile.signature_name.size() + 64);
  std::size_t copied = 0;
  for (const Edit& edit : edits) {
    const auto at = static_cast<std::size_t>(edit.part.data() - body.data());
    request += body.substr(copied, at - copied);
    request += edit.replacement;
    copied = at + edit.part.size();
  }
  request += body.substr(copied);
  return made_from(answer, Payload::json(std::move(request)));
}

Result<Payload> chain_tensorflow_proto(const Payload& answer, const ModelProfile& profile) {
  PredictRequest first;
  first.mutable_model_spec()->set_name(profile.name);
  first.mutable_model_spec()->set_signature_name(profile.signature_name);
  if (!profile.output.empty()) first.add_output_filter(profile.output);

  // What is small is copied together; what is large stays where it is.
  constexpr std::size_t kSmall = std::size_t{16} << 10U;
  std::string small = first.SerializeAsString();
  std::vector<Payload> parts;
  const auto flush = [&] {
    if (!small.empty()) parts.push_back(Payload::proto(std::exchange(small, {})));
  };
  const auto owner = std::make_shared<const Payload>(answer);
  std::size_t size = 0;
  bool has_tensors = false;
  const bool well_formed = for_each_field(owner->bytes(), [&](const WireField& field) {
    if (field.number != PredictResponse::kOutputsFieldNumber) return true;
    if (!field.is_delimited) return false;
    has_tensors = true;
    size += field.whole.size();
    append_field_head(small, PredictRequest::kInputsFieldNumber, field.value.size());
    if (field.value.size() <= kSmall) {
      small += field.value;
    } else {
      flush();
      parts.emplace_back(owner, field.value);
    }
    return true;
  });
  if (!well_formed) {
    return Status(Code::kInvalidArgument, "the answer is not a PredictResponse");
  }
  if (!has_tensors) return Status(Code::kInvalidArgument, "the answer has no outputs");
  constexpr std::size_t kMostHead = std::size_t{1} << 16U;
  if (size > kMostWireBytes - kMostHead) {
    return Status(Code::kTooLarge, "the message is more than 2 GiB");
  }
  if (parts.empty()) return made_from(answer, Payload::proto(std::move(small)));
  flush();
  Payload request(std::make_shared<const PieceList>(std::move(parts)));
  request.set_encoding(Encoding::kProto);
  return made_from(answer, std::move(request));
}

}  // namespace infergraph::protocol
