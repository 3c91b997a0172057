#include <utility>

#include "protocol/codec/elements.hpp"
#include "protocol/codec/v2_codec.hpp"
#include "protocol/codec/v2_parameters.hpp"
#include "protocol/json.hpp"

namespace infergraph::protocol {

namespace {

using json::Kind;
using json::Path;

Status invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

std::string plain(std::string_view quoted) {
  return json::unescaped(quoted.substr(1, quoted.size() - 2));
}

// Where the parts of a request or an answer lie; `data` is not looked into.
class V2Finder final : public json::Visitor {
 public:
  struct Item {
    Tensor tensor;
    std::string datatype;
    std::string_view shape;
    std::string_view data;
  };

  explicit V2Finder(Role role)
      : list_(role == Role::kRequest ? "inputs" : "outputs"), role_(role) {}

  bool enter(const Path& path, Kind kind) override {
    switch (path.depth()) {
      case 0:
        if (kind != Kind::kObject) refuse(path, "an object", kind);
        return kind == Kind::kObject;
      case 1:
        if (path.is(0, list_)) {
          has_list_ = kind == Kind::kArray;
          return has_list_;
        }
        return path.is(0, "parameters") ||
               (role_ == Role::kRequest && path.is(0, "outputs") && kind == Kind::kArray);
      case 2:
        if (path.is(0, list_)) items_.emplace_back();
        if (path.is(0, list_) && kind != Kind::kObject) refuse(path, "an object", kind);
        if (is_requested(path)) requested_.emplace_back();
        return kind == Kind::kObject && !path.is(0, "parameters");
      case 3:
        return path.is(2, "parameters") && kind == Kind::kObject;
      default:
        return false;
    }
  }

  void value(const Path& path, Kind kind, std::string_view text) override {
    if (kind == Kind::kNull || problem_) return;
    switch (path.depth()) {
      case 1:
        member(path, kind, text);
        break;
      case 2:
        if (path.is(0, "parameters")) add(parameters_, path, 1, kind, text);
        break;
      case 3:
        if (path.is(0, list_) && !items_.empty()) {
          item_member(path, kind, text);
        } else if (is_requested(path) && path.is(2, "name") && kind == Kind::kString) {
          requested_.back().name = plain(text);
        }
        break;
      case 4:
        if (!path.is(2, "parameters")) break;
        if (path.is(0, list_)) {
          add(items_.back().tensor.parameters, path, 3, kind, text);
        } else if (is_requested(path)) {
          add(requested_.back().parameters, path, 3, kind, text);
        }
        break;
      default:
        break;
    }
  }

  std::string_view list_;
  Role role_;
  bool has_list_ = false;
  std::string id_;
  std::string model_name_;
  std::string model_version_;
  std::string error_;
  Parameters parameters_;
  std::vector<RequestedOutput> requested_;
  std::vector<Item> items_;
  std::optional<std::string> problem_;

 private:
  bool is_requested(const Path& path) const {
    return role_ == Role::kRequest && path.is(0, "outputs");
  }

  void member(const Path& path, Kind kind, std::string_view text) {
    if (kind != Kind::kString) {
      if (path.is(0, list_) && kind != Kind::kArray) refuse(path, "an array", kind);
      return;
    }
    if (path.is(0, "id")) id_ = plain(text);
    if (path.is(0, "model_name")) model_name_ = plain(text);
    if (path.is(0, "model_version")) model_version_ = plain(text);
    if (path.is(0, "error")) error_ = plain(text);
  }

  void item_member(const Path& path, Kind kind, std::string_view text) {
    Item& item = items_.back();
    if (path.is(2, "name") && kind == Kind::kString) item.tensor.name = plain(text);
    if (path.is(2, "datatype") && kind == Kind::kString) item.datatype = plain(text);
    if (path.is(2, "shape")) item.shape = text;
    if (path.is(2, "data")) item.data = text;
  }

  void add(Parameters& into, const Path& path, std::size_t level, Kind kind,
           std::string_view text) {
    auto value = read_parameter(kind, text);
    if (value) {
      into.emplace_back(path.key(level), *std::move(value));
    } else {
      refuse(path, "a string, a number or a boolean", kind);
    }
  }

  void refuse(const Path& path, std::string_view what, Kind found) {
    if (problem_) return;
    const std::string where = path.text();
    problem_ = (where.empty() ? "the message" : where) + ": expected " + std::string(what) +
               " but found " + std::string(json::name_of(found));
  }
};

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
  explicit BinaryReader(std::string_view bytes) : bytes_(bytes) {}

  Result<void> read(Tensor& tensor, const ParameterValue& size) {
    const auto* length = std::get_if<std::int64_t>(&size);
    if (length == nullptr || *length < 0 ||
        static_cast<std::uint64_t>(*length) > bytes_.size() - at_) {
      return invalid("unexpected size for input '" + tensor.name + "': binary_data_size is " +
                     "not within the " + std::to_string(bytes_.size() - at_) + " bytes left");
    }
    const std::string_view raw = bytes_.substr(at_, static_cast<std::size_t>(*length));
    at_ += raw.size();
    return from_raw(tensor, raw, "unexpected size for input '" + tensor.name + "'");
  }

  bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

Result<void> read_item(Message& message, V2Finder::Item& item, const std::string& path,
                       BinaryReader& binary) {
  Tensor& tensor = item.tensor;
  if (tensor.name.empty()) return invalid(path + ".name is missing");
  const auto type = from_v2_name(item.datatype);
  if (!type) {
    return invalid(path + ".datatype: " +
                   (item.datatype.empty() ? "is missing" : "\"" + item.datatype + "\" is none"));
  }
  tensor.type = *type;
  auto shape = read_shape(message, item.shape, path + ".shape");
  if (!shape) return shape.error();
  tensor.shape = *std::move(shape);
  tensor.path = path + ".data";
  if (const ParameterValue* size = find_parameter(tensor.parameters, kBinaryDataSize)) {
    if (auto read = binary.read(tensor, *size); !read) return read;
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
  if (!json::is_utf8(body.substr(0, json_size))) return invalid("the JSON is not UTF-8");
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
  BinaryReader binary(body.substr(json_size));
  for (std::size_t i = 0; i < finder.items_.size(); ++i) {
    const std::string path = std::string(finder.list_) + '[' + std::to_string(i) + ']';
    if (auto read = read_item(message, finder.items_[i], path, binary); !read) {
      return read.error();
    }
    message.tensors.push_back(std::move(finder.items_[i].tensor));
  }
  if (!binary.at_end()) {
    return invalid("unexpected additional input data for model '" + message.model_name + "'");
  }
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
  V2Finder finder(Role::kRequest);
  if (json::visit(body.substr(0, json_size), finder)) return traits;
  traits.id = std::move(finder.id_);
  traits.outputs = std::move(finder.requested_);
  traits.binary_output = is_on(finder.parameters_, kBinaryDataOutput);
  return traits;
}

}  // namespace infergraph::protocol
