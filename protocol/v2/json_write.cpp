#include <string_view>
#include <unordered_map>
#include <utility>

#include "protocol/invalid.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/v2/codec.hpp"
#include "protocol/v2/parameters.hpp"

namespace infergraph::protocol {

namespace {

bool is_half(DataType type) { return type == DataType::kFloat16 || type == DataType::kBfloat16; }

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  if (out.back() != '{') out += ',';
  out.append("\"").append(name).append("\":");
  json::append_string(out, text);
}

void append_separator(std::string& out) {
  if (out.back() != '{' && out.back() != '[') out += ',';
}

// A tensor, and how the answer gives it.
struct Chosen {
  Tensor* tensor;
  bool binary;
};

class Writer {
 public:
  Writer(Message& message, const V2Options& options)
      : message_(message), options_(options), answers_(options.role == Role::kAnswer) {}

  Result<Payload> write() {
    if (auto chosen = choose(); !chosen) return chosen.error();
    out_ = "{";
    if (answers_) {
      append_member(out_, "model_name",
                    message_.model_name.empty() ? options_.model_name : message_.model_name);
      append_member(out_, "model_version", message_.model_version);
    }
    append_member(out_, "id", options_.traits.id);
    Parameters parameters = message_.parameters;
    // An answer's parameters are its own; how it is written was the request's.
    if (answers_) erase_parameter(parameters, kBinaryDataOutput);
    if (!parameters.empty()) {
      append_separator(out_);
      append_parameters(out_, parameters);
    }
    append_separator(out_);
    out_ += answers_ ? "\"outputs\":[" : "\"inputs\":[";
    for (const Chosen& chosen : chosen_) {
      if (auto written = write_tensor(*chosen.tensor, chosen.binary); !written) {
        return written.error();
      }
    }
    out_ += ']';
    if (!answers_) write_requested();
    out_ += '}';
    return finished();
  }

 private:
  Result<void> choose() {
    const auto& outputs = options_.traits.outputs;
    if (!answers_ || outputs.empty()) {
      for (Tensor& tensor : message_.tensors) {
        const bool binary = answers_ ? options_.traits.binary_output : is_half(tensor.type);
        chosen_.push_back({&tensor, binary});
      }
      return {};
    }
    std::unordered_map<std::string_view, Tensor*> tensors;  // that are not chosen yet
    for (Tensor& tensor : message_.tensors) tensors.try_emplace(tensor.name, &tensor);
    for (const RequestedOutput& output : outputs) {
      const auto found = tensors.find(output.name);
      if (found == tensors.end()) {
        return invalid("the answer has no output \"" + json::excerpt(output.name) + '"');
      }
      // Asked for twice, it is given once.
      Tensor* const tensor = std::exchange(found->second, nullptr);
      if (tensor == nullptr) continue;
      const bool said = find_parameter(output.parameters, kBinaryData) != nullptr;
      const bool binary =
          said ? is_on(output.parameters, kBinaryData) : options_.traits.binary_output;
      chosen_.push_back({tensor, binary});
    }
    return {};
  }

  Result<void> write_tensor(Tensor& tensor, bool binary) {
    if (tensor.name.empty()) {
      return invalid("tensor " + std::to_string(&tensor - message_.tensors.data()) +
                     " has no name");
    }
    const std::string which = "tensor \"" + json::excerpt(tensor.name) + '"';
    append_separator(out_);
    out_ += "{\"name\":";
    json::append_string(out_, tensor.name);
    out_ += ",\"shape\":[";
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      if (i > 0) out_ += ',';
      out_ += std::to_string(tensor.shape[i]);
    }
    const std::string_view datatype = v2_name(tensor.type);
    if (datatype.empty()) {
      return invalid(which + ": protocol v2 has no datatype for it");
    }
    out_.append("],\"datatype\":\"").append(datatype) += '"';
    if (is_half(tensor.type) && !binary) {
      return invalid(which + ": datatype " + std::string(datatype) +
                     " has no form in JSON; ask for binary data");
    }
    Parameters parameters = tensor.parameters;
    erase_parameter(parameters, kBinaryDataSize);
    if (binary) {
      const auto raw = to_raw(message_, tensor);
      if (!raw) return raw.error();
      parameters.emplace_back(kBinaryDataSize, static_cast<std::int64_t>(raw->size()));
      binary_.push_back(*raw);
    }
    if (!parameters.empty()) {
      out_ += ',';
      append_parameters(out_, parameters);
    }
    if (!binary) {
      out_ += ",\"data\":";
      if (auto written = append_flat(out_, tensor, {}); !written) return written;
    }
    out_ += '}';
    return {};
  }

  void write_requested() {
    const auto& outputs = options_.traits.outputs;
    if (outputs.empty()) return;
    out_ += ",\"outputs\":[";
    for (const RequestedOutput& output : outputs) {
      append_separator(out_);
      out_ += "{\"name\":";
      json::append_string(out_, output.name);
      if (!output.parameters.empty()) {
        out_ += ',';
        append_parameters(out_, output.parameters);
      }
      out_ += '}';
    }
    out_ += ']';
  }

  Result<Payload> finished() {
    if (binary_.empty()) return Payload::json(std::move(out_));
    const std::size_t json_size = out_.size();
    std::size_t size = json_size;
    for (const RawElements& raw : binary_) size += raw.size();
    out_.reserve(size);
    for (const RawElements& raw : binary_) raw.append_to(out_);
    Payload made = Payload::json(std::move(out_));
    made.set_content_type("application/octet-stream");
    made.set_json_size(json_size);
    return made;
  }

  Message& message_;
  const V2Options& options_;
  const bool answers_;
  std::vector<Chosen> chosen_;
  std::string out_;
  std::vector<RawElements> binary_;
};

}  // namespace

Result<Payload> write_v2_json(Message& message, const V2Options& options) {
  return Writer(message, options).write();
}

}  // namespace infergraph::protocol
