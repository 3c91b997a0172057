// An answer as the next request, spliced: the values are neither read nor, when large, copied.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/chain.hpp"
#include "protocol/codec/tensorflow_codec.hpp"
#include "protocol/codec/tensorflow_members.hpp"
#include "protocol/codec/wire_fields.hpp"
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

  // What stands before each tensor lies in one string; the tensors stay where they are.
  std::string heads = first.SerializeAsString();
  std::vector<std::pair<std::size_t, std::string_view>> tensors;  // where the head ends, the entry
  std::size_t size = 0;
  const std::string_view wire = answer.bytes();
  const bool well_formed = for_each_field(wire, [&](const WireField& field) {
    if (field.number != PredictResponse::kOutputsFieldNumber) return true;
    if (!field.is_delimited) return false;
    append_field_head(heads, PredictRequest::kInputsFieldNumber, field.value.size());
    tensors.emplace_back(heads.size(), field.value);
    size += field.value.size();
    return true;
  });
  if (!well_formed) {
    return Status(Code::kInvalidArgument, "the answer is not a PredictResponse");
  }
  if (tensors.empty()) return Status(Code::kInvalidArgument, "the answer has no outputs");
  size += heads.size();
  if (size > kMostWireBytes) return Status(Code::kTooLarge, "the message is more than 2 GiB");

  constexpr std::size_t kSmall = std::size_t{16} * 1024;  // cheaper to copy than to send in pieces
  if (size <= kSmall) {
    std::string request;
    request.reserve(size);
    std::size_t begin = 0;
    for (const auto& [end, entry] : tensors) {
      request.append(heads, begin, end - begin).append(entry);
      begin = end;
    }
    return made_from(answer, Payload::proto(std::move(request)));
  }
  const auto head_owner = std::make_shared<const std::string>(std::move(heads));
  const auto answer_owner = std::make_shared<const Payload>(answer);
  std::vector<Payload> parts;
  parts.reserve(2 * tensors.size());
  std::size_t begin = 0;
  for (const auto& [end, entry] : tensors) {
    parts.emplace_back(head_owner, std::string_view(*head_owner).substr(begin, end - begin));
    parts.emplace_back(answer_owner, entry);
    begin = end;
  }
  Payload request(std::make_shared<const Chain>(std::move(parts)));
  request.set_encoding(Encoding::kProto);
  return made_from(answer, std::move(request));
}

}  // namespace infergraph::protocol
