#include "protocol/seldon/data.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "protocol/json/json.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

using json::Kind;
using json::Path;

class MessageFinder final : public json::Visitor {
 public:
  bool enter(const Path& path, Kind kind) override {
    if (kind != Kind::kObject) return false;
    switch (path.depth()) {
      case 0:
        return true;
      case 1:
        return path.is(0, "data");
      case 2:
        return path.is(1, "tensor");
      default:
        return false;
    }
  }

  void value(const Path& path, Kind kind, std::string_view text) override {
    if (kind == Kind::kNull) return;  // proto3 JSON: the same as absent
    switch (path.depth()) {
      case 1:
        member(path, text);
        break;
      case 2:
        data_member(path, text);
        break;
      case 3:
        if (path.is(2, "shape")) found_.tensor_shape = text;
        if (path.is(2, "values")) found_.tensor_values = text;
        break;
      default:
        break;
    }
  }

  MessageText found_;

 private:
  void member(const Path& path, std::string_view text) {
    struct Known {
      std::string_view name;
      Content content;
    };
    static constexpr Known kKnown[] = {{"data", Content::kData},
                                       {"strData", Content::kStrData},
                                       {"binData", Content::kBinData},
                                       {"jsonData", Content::kJsonData},
                                       {"customData", Content::kCustomData}};
    if (path.is(0, "status")) found_.status = text;
    if (path.is(0, "meta")) found_.meta = text;
    for (const Known& known : kKnown) {
      if (!path.is(0, known.name)) continue;
      found_.content = known.content;
      found_.content_text = text;
    }
  }

  void data_member(const Path& path, std::string_view text) {
    if (path.is(1, "names")) found_.names = text;
    if (path.is(1, "tensor")) found_.kind = DataKind::kTensor;
    if (path.is(1, "tftensor")) {
      found_.kind = DataKind::kTftensor;
      found_.tftensor = text;
    }
    if (path.is(1, "ndarray")) {
      found_.kind = DataKind::kNdarray;
      found_.ndarray = text;
    }
  }
};

Kind kind_of(char first) {
  switch (first) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
    case 'f':
      return Kind::kBool;
    case 'n':
      return Kind::kNull;
    default:
      return Kind::kNumber;
  }
}

/// Reads nested arrays of numbers from text that is known to be well-formed JSON, without recursion
/// and in one pass.
class ArrayReader {
 public:
  /// With `sum`, the numbers are added to it, and not kept.
  ArrayReader(std::string_view path, bool proto_numbers, std::vector<double>* sum = nullptr)
      : path_(path), proto_numbers_(proto_numbers), sum_(sum) {}

  Result<NumericArray> read(std::string_view text) {
    if (!text.starts_with('[')) return expected("an array", text);
    if (sum_ == nullptr) array_.values.reserve(text.size() / 8);
    std::size_t at = 0;
    Pauses pauses;
    while (at < text.size()) {
      const char c = text[at];
      std::optional<Status> problem;
      if (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++at;
      } else if (c == '[') {
        problem = open();
        ++at;
      } else if (c == ']') {
        problem = close();
        ++at;
      } else {
        const std::string_view token = scalar_at(text, at);
        problem = number(token);
        at += token.size();
      }
      if (problem) return *problem;
      if (!pauses.may_pass(at)) return stopped();
    }
    return std::move(array_);
  }

 private:
  static constexpr std::size_t kUnknown = std::numeric_limits<std::size_t>::max();

  // A string's end is its first quote that isn't escaped; anything else ends before a delimiter. An
  // object is only named in an error, so its first character will do.
  static std::string_view scalar_at(std::string_view text, std::size_t at) {
    std::size_t end = at + 1;
    if (text[at] == '"') {
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      ++end;
    } else {
      const auto ends = [](char c) { return c == ',' || c == ']' || c <= ' '; };
      while (end < text.size() && !ends(text[end])) ++end;
    }
    return text.substr(at, end - at);
  }

  std::optional<Status> open() {
    if (counts_.size() == numbers_at_) return expected("a number", "[");
    counts_.push_back(0);
    if (counts_.size() > array_.shape.size()) array_.shape.push_back(kUnknown);
    return std::nullopt;
  }

  std::optional<Status> close() {
    const std::size_t found = counts_.back();
    counts_.pop_back();
    std::size_t& length = array_.shape[counts_.size()];
    if (length == kUnknown) {
      length = found;
    } else if (length != found) {
      return Status(Code::kInvalidArgument, where() + ": expected " + std::to_string(length) +
                                                " values but found " + std::to_string(found));
    }
    if (!counts_.empty()) ++counts_.back();
    return std::nullopt;
  }

  std::optional<Status> number(std::string_view token) {
    if (numbers_at_ == kUnknown && counts_.size() == array_.shape.size()) {
      numbers_at_ = counts_.size();
    }
    if (counts_.size() != numbers_at_) return expected("an array", token);
    const Kind kind = kind_of(token.front());
    const bool readable = kind == Kind::kNumber || (kind == Kind::kString && proto_numbers_);
    const std::optional<double> value = readable ? json::to_proto_double(token) : std::nullopt;
    if (!value && kind == Kind::kNumber) {
      return Status(Code::kInvalidArgument, where() + ": the number is too big for a double");
    }
    if (!value) return expected("a number", token);
    if (sum_ == nullptr) {
      array_.values.push_back(*value);
    } else if (numbers_ < sum_->size()) {
      (*sum_)[numbers_] += *value;
    }
    ++numbers_;
    ++counts_.back();
    return std::nullopt;
  }

  Status expected(std::string_view what, std::string_view found) const {
    return Status(Code::kInvalidArgument,
                  where() + ": expected " + std::string(what) + " but found " +
                      std::string(found.empty() ? "none" : json::name_of(kind_of(found.front()))));
  }

  std::string where() const {
    std::string text(path_);
    for (const std::size_t count : counts_) text += '[' + std::to_string(count) + ']';
    return text;
  }

  std::string_view path_;
  bool proto_numbers_;
  std::vector<double>* sum_;
  std::size_t numbers_ = 0;
  NumericArray array_;
  std::vector<std::size_t> counts_;    // elements so far of each open array
  std::size_t numbers_at_ = kUnknown;  // how deep numbers stand, once there was one
};

Result<NumericArray> read_tensor(const MessageText& message, std::vector<double>* sum) {
  const auto list = [](std::string_view path, std::string_view text,
                       std::vector<double>* into) -> Result<NumericArray> {
    if (text.empty()) return NumericArray{{0}, {}};  // proto3 JSON leaves an empty list out
    Result<NumericArray> read = ArrayReader(path, true, into).read(text);
    if (read && read->shape.size() != 1) {
      return Status(Code::kInvalidArgument, std::string(path) + ": expected a flat list");
    }
    return read;
  };
  const Result<NumericArray> shape = list("data.tensor.shape", message.tensor_shape, nullptr);
  if (!shape) return shape.error();
  Result<NumericArray> values = list("data.tensor.values", message.tensor_values, sum);
  if (!values) return values.error();

  NumericArray tensor;
  std::size_t product = 1;
  bool overflow = false;
  for (std::size_t i = 0; i < shape->values.size(); ++i) {
    const std::optional<int> length = json::to_int(shape->values[i]);
    if (!length || *length < 0) {
      return Status(Code::kInvalidArgument, "data.tensor.shape[" + std::to_string(i) +
                                                "]: expected a whole number of elements");
    }
    tensor.shape.push_back(static_cast<std::size_t>(*length));
    overflow |= __builtin_mul_overflow(product, tensor.shape.back(), &product);
  }
  const std::size_t found = values->shape.front();
  if (!tensor.shape.empty() && (overflow || product != found)) {
    return Status(Code::kInvalidArgument,
                  "data.tensor.values: expected " +
                      (overflow ? std::string("more") : std::to_string(product)) +
                      " values but found " + std::to_string(found));
  }
  tensor.values = std::move(values->values);
  return tensor;
}

void append_list(std::string& out, std::span<const double> values, bool proto_numbers) {
  const std::string_view quote = proto_numbers ? "\"" : "";
  bool first = true;
  for (const double value : values) {
    if (!std::exchange(first, false)) out += ',';
    if (std::isfinite(value)) {
      json::append_double(out, value);
    } else {
      const std::string_view name = std::isnan(value) ? "NaN"
                                    : value > 0       ? "Infinity"
                                                      : "-Infinity";
      out.append(quote).append(name).append(quote);
    }
  }
}

}  // namespace

Result<MessageText> read_message(std::string_view json) {
  MessageFinder finder;
  if (const auto problem = json::visit(json, finder)) {
    return Status(Code::kInvalidArgument, *problem);
  }
  return finder.found_;
}

Result<NumericArray> read_numbers(const MessageText& message) {
  if (message.kind == DataKind::kTensor) return read_tensor(message, nullptr);
  return ArrayReader("data.ndarray", false).read(message.ndarray);
}

Result<std::vector<std::size_t>> add_numbers(const MessageText& message, NumericArray& sum) {
  auto read = message.kind == DataKind::kTensor
                  ? read_tensor(message, &sum.values)
                  : ArrayReader("data.ndarray", false, &sum.values).read(message.ndarray);
  if (!read) return read.error();
  return std::move(read->shape);
}

void append_numbers(std::string& out, DataKind kind, const NumericArray& numbers) {
  const std::size_t rows = numbers.shape[0];
  const std::size_t columns = numbers.shape[1];
  if (kind == DataKind::kTensor) {
    out += R"("tensor":{"shape":[)" + std::to_string(rows) + ',' + std::to_string(columns) +
           R"(],"values":[)";
    // Not row by row: a tensor without values may claim any number of rows.
    append_list(out, numbers.values, true);
    out += "]}";
    return;
  }
  out += R"("ndarray":[)";
  for (std::size_t row = 0; row < rows; ++row) {
    out += row > 0 ? ",[" : "[";
    append_list(out, std::span(numbers.values).subspan(row * columns, columns), false);
    out += ']';
  }
  out += ']';
}

}  // namespace infergraph::protocol
