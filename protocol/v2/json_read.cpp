#include <algorithm>
#include <utility>

#include "base/utf8.hpp"
#include "protocol/invalid.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/v2/codec.hpp"
#include "protocol/v2/members.hpp"
#include "protocol/v2/parameters.hpp"

namespace infergraph::protocol {

namespace {

Result<std::vector<std::int64_t>> read_shape(Message& message, std::string_view text,
                                             const std::string& path) {
  if (text.empty()) return invalid(path + " is missing");
  auto list = read_list(message, text, path);
  if (list) list = with_type(message, *std::move(list), DataType::kInt64);
  if (!list) return list.error();
  if (list->shape.size() != 1 || list->type != DataType::kInt64) {
    return invalid(path + ": expected a list of whole numbers");
  }
  std::vector<std::int64_t> shape(list->data.size() / sizeof(std::int64_t));
  list->data.copy(reinterpret_cast<char*>(shape.data()), list->data.size());
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return invalid(path + ": a dimension is less than 0");
  }
  return shape;
}

// The elements of `data`, flat or nested, as the datatype that the tensor has.
Result<void> read_data(Message& message, Tensor& tensor, std::string_view text,
                       const std::string& path) {
  auto list = read_list(message, text, path);
  if (!list) return list.error();
  const DataType type = tensor.type;
  auto elements = with_type(message, *std::move(list), type);
  if (!elements) return elements.error();
  if (elements->type != type) {
    return invalid(path + ": the elements are not of datatype " + std::string(v2_name(type)));
  }
  const std::size_t found = count_of(elements->shape);
  if (found != count_of(tensor.shape)) {
    return invalid(path + ": expected " + std::to_string(count_of(tensor.shape)) +
                   " elements but found " + std::to_string(found));
  }
  tensor.data = elements->data;
  tensor.strings = std::move(elements->strings);
  return {};
}

// The binary parts, which lie behind the JSON in the order of the tensors.
class BinaryReader {
 public:
  BinaryReader(std::string_view bytes, Role role)
      : bytes_(bytes), what_(role == Role::kRequest ? "input" : "output") {}

  Result<void> read(Message& message, Tensor& tensor, const ParameterValue& size) {
    const std::string where =
        std::string("unexpected size for ") + what_ + " '" + json::excerpt(tensor.name) + "'";
    const std::size_t left = bytes_.size() - at_;
    const auto* length = std::get_if<std::int64_t>(&size);
    if (length == nullptr || *length < 0 || static_cast<std::uint64_t>(*length) > left) {
      return invalid(where + ": binary_data_size is not within the " + std::to_string(left) +
                     " bytes left");
    }
    const std::string_view raw = bytes_.substr(at_, static_cast<std::size_t>(*length));
    at_ += raw.size();
    return from_raw(message, tensor, raw, where);
  }

  // After the last tensor.
  Result<void> finish(const std::string& model_name) const {
    if (at_ == bytes_.size()) return {};
    return invalid(std::string("unexpected additional ") + what_ + " data for model '" +
                   json::excerpt(model_name) + "'");
  }

 private:
  std::string_view bytes_;
  const char* what_;
  std::size_t at_ = 0;
};

Result<void> read_item(Message& message, V2Finder::Item& item, const std::string& path,
                       BinaryReader& binary) {
  Tensor& tensor = item.tensor;
  if (tensor.name.empty()) return invalid(path + ".name is missing");
  const auto type = from_v2_name(item.datatype);
  if (!type) {
    return invalid(
        path + ".datatype: " +
        (item.datatype.empty() ? "is missing" : '"' + json::excerpt(item.datatype) + "\" is none"));
  }
  tensor.type = *type;
  auto shape = read_shape(message, item.shape, path + ".shape");
  if (!shape) return shape.error();
  tensor.shape = *std::move(shape);
  tensor.path = path + ".data";
  if (const ParameterValue* size = find_parameter(tensor.parameters, kBinaryDataSize)) {
    if (auto read = binary.read(message, tensor, *size); !read) return read;
    erase_parameter(tensor.parameters, kBinaryDataSize);
    return {};
  }
  if (item.data.empty()) return invalid(path + ".data is missing");
  return read_data(message, tensor, item.data, path + ".data");
}

}  // namespace

Result<Message> read_v2_json(const Payload& payload, Role role) {
  const std::string_view body = payload.bytes();
  const std::size_t json_size = payload.json_size().value_or(body.size());
  if (json_size > body.size()) {
    return invalid("inference header size should be in range (0, " + std::to_string(body.size()) +
                   "), got: " + std::to_string(json_size));
  }
  if (json_size == 0 && !body.empty()) {
    return invalid("a raw binary request can only be passed on as it is, to a node of protocol v2");
  }
  // Names, ids and parameters may go on to proto, whose strings are UTF-8.
  if (!is_utf8(body.substr(0, json_size))) return invalid("the JSON is not UTF-8");
  V2Finder finder(role);
  if (auto problem = json::visit(body.substr(0, json_size), finder)) {
    return invalid(*std::move(problem));
  }
  if (finder.problem_) return invalid(*std::move(finder.problem_));
  if (!finder.has_list_) {
    return invalid(finder.error_.empty() ? "the message has no " + std::string(finder.list_)
                                         : finder.error_);
  }
  Message message;
  message.source = payload;
  message.model_name = std::move(finder.model_name_);
  message.model_version = std::move(finder.model_version_);
  message.traits.id = std::move(finder.id_);
  message.traits.binary_output = is_on(finder.parameters_, kBinaryDataOutput);
  message.traits.outputs = std::move(finder.requested_);
  message.parameters = std::move(finder.parameters_);
  BinaryReader binary(body.substr(json_size), role);
  for (std::size_t i = 0; i < finder.items_.size(); ++i) {
    const std::string path = std::string(finder.list_) + '[' + std::to_string(i) + ']';
    if (auto read = read_item(message, finder.items_[i], path, binary); !read) {
      return read.error();
    }
    message.tensors.push_back(std::move(finder.items_[i].tensor));
  }
  if (auto finished = binary.finish(message.model_name); !finished) return finished.error();
  return message;
}

RequestTraits read_v2_traits(const Payload& request) {
  RequestTraits traits;
  if (request.encoding() == Encoding::kProto) {
    read_v2_proto_traits(request.bytes(), traits);
    return traits;
  }
  const std::string_view body = request.bytes();
  const std::size_t json_size = std::min(request.json_size().value_or(body.size()), body.size());
  const std::string_view text = body.substr(0, json_size);
  V2Finder finder(Role::kRequest, false);
  // The id may go on to an answer in proto, whose strings are UTF-8.
  if (!is_utf8(text) || json::visit(text, finder)) return traits;
  traits.id = std::move(finder.id_);
  traits.outputs = std::move(finder.requested_);
  traits.binary_output = is_on(finder.parameters_, kBinaryDataOutput);
  return traits;
}

}  // namespace infergraph::protocol
