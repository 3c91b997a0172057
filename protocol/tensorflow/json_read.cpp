#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/utf8.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/tensorflow/members.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

using json::Kind;
using json::Path;

Status bad(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

/// {"b64":"…"} is a value, and not an object of named ones.
bool is_b64(std::string_view name, Kind kind) { return kind == Kind::kString && name == "b64"; }

/// The members of an object of named tensors, of one name the last.
class ColumnFinder final : public json::Visitor {
 public:
  bool enter(const Path& path, Kind) override { return path.depth() == 0; }

  void value(const Path& path, Kind kind, std::string_view text) override {
    if (path.depth() == 0 || is_too_much_) return;
    std::string name = path.key(0);
    is_b64_ = columns_.empty() && is_b64(name, kind);
    const auto [at, is_new] = index_.try_emplace(name, columns_.size());
    if (is_new) {
      is_too_much_ = !afford(kTensorWork);
      columns_.emplace_back(std::move(name), text);
    } else {
      columns_[at->second].second = text;
    }
  }

  std::vector<std::pair<std::string, std::string_view>> columns_;
  bool is_b64_ = false;  // it was no such object
  bool is_too_much_ = false;

 private:
  std::unordered_map<std::string, std::size_t> index_;
};

/// A list of objects of one set of names, turned into a list for each name. Of several members of
/// one name in a row the last counts.
class RowFinder final : public json::Visitor {
 public:
  struct Column {
    std::string_view written;  // as it is in the first row
    std::string name;
    std::vector<std::string_view> cells;
  };

  explicit RowFinder(std::string_view list_path) : list_path_(list_path) {}

  bool enter(const Path& path, Kind kind) override {
    if (problem_ || is_b64_ || path.depth() > 1) return false;
    found_ = 0;
    members_ = 0;
    return path.depth() == 0 || kind == Kind::kObject;
  }

  void value(const Path& path, Kind kind, std::string_view text) override {
    if (problem_ || is_b64_ || path.depth() == 0) return;
    if (path.depth() == 2) return cell(path, kind, text);
    if (kind != Kind::kObject) {
      return refuse(path, "expected an object but found " + std::string(json::name_of(kind)));
    }
    end_row(path);
  }

  std::vector<Column> columns_;
  std::optional<std::string> problem_;
  bool is_b64_ = false;  // the elements are values; so far as they are objects, {"b64":"…"}

 private:
  void cell(const Path& path, Kind kind, std::string_view text) {
    if (members_ == 0) maybe_b64_ = rows_ == 0 && is_b64(path.written_key(1), kind);
    Column* const column = column_at(path);
    ++members_;
    if (problem_) return;
    if (column == nullptr) return refuse(path, "the elements before have no such name");
    if (column->cells.size() == rows_) {
      column->cells.push_back(text);
      ++found_;
    } else {
      column->cells.back() = text;
    }
  }

  // Most writers keep to one order, so that most names are where they were in the first row.
  Column* column_at(const Path& path) {
    const std::string_view written = path.written_key(1);
    if (members_ < columns_.size() && columns_[members_].written == written) {
      return &columns_[members_];
    }
    std::string name = path.key(1);
    const auto found = index_.find(name);
    if (found != index_.end()) return &columns_[found->second];
    if (rows_ > 0) return nullptr;
    if (auto fine = afford(kTensorWork); !fine) {
      refuse(path, fine.error().message());
      return nullptr;
    }
    index_.emplace(name, columns_.size());
    return &columns_.emplace_back(Column{written, std::move(name), {}});
  }

  void end_row(const Path& path) {
    if (rows_ == 0 && members_ == 1 && maybe_b64_) {
      is_b64_ = true;
      return;
    }
    if (found_ == 0) return refuse(path, "expected an object of named values");
    if (found_ < columns_.size()) {
      for (const Column& column : columns_) {
        if (column.cells.size() == rows_) {
          return refuse(path, json::excerpt(column.name) + " is missing");
        }
      }
    }
    ++rows_;
  }

  void refuse(const Path& path, std::string_view why) {
    problem_ = list_path_ + json::excerpt(path.text(), 200) + ": " + std::string(why);
  }

  std::string list_path_;
  std::unordered_map<std::string, std::size_t> index_;
  std::size_t rows_ = 0;     // that have ended
  std::size_t found_ = 0;    // names of the open one
  std::size_t members_ = 0;  // of it
  bool maybe_b64_ = false;
};

std::string_view without_space(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

std::optional<Status> add(Message& message, Result<Tensor> tensor, std::string name) {
  if (!tensor) return tensor.error();
  if (!is_utf8(name)) return bad(tensor->path + ": the name is not UTF-8");
  tensor->name = std::move(name);
  message.tensors.push_back(*std::move(tensor));
  return std::nullopt;
}

std::optional<Status> read_column(Message& message, const RowFinder::Column& column,
                                  const std::string& path) {
  std::size_t size = 2;
  for (const std::string_view cell : column.cells) size += cell.size() + 1;
  std::string list;
  list.reserve(size);
  list += '[';
  for (const std::string_view cell : column.cells) {
    if (list.size() > 1) list += ',';
    list += cell;
  }
  list += ']';
  const std::string name = json::excerpt(column.name);
  auto tensor = read_list(message, message.keep(std::move(list)), path, true);
  if (!tensor) {
    // The name stands behind the row's number.
    std::string why = tensor.error().message();
    if (why.starts_with(path + '[')) why.insert(why.find(']') + 1, '.' + name);
    return bad(std::move(why));
  }
  tensor->path = path + '.' + name;
  return add(message, std::move(tensor), column.name);
}

std::optional<Status> read_rows(Message& message, const TensorflowMember& list,
                                const std::string& path, Role role) {
  if (list.kind != Kind::kArray) {
    return bad(path + ": expected an array but found " + std::string(json::name_of(list.kind)));
  }
  const std::string_view first = without_space(list.text.substr(1));
  if (role == Role::kRequest && first.starts_with(']')) {
    return bad(path + ": expected at least one element");
  }
  if (!first.starts_with('{')) return add(message, read_list(message, list.text, path, true), "");
  RowFinder rows(path);
  (void)json::visit(list.text, rows);  // well-formed: it was read with the whole
  if (rows.problem_) return bad(*std::move(rows.problem_));
  if (rows.is_b64_) return add(message, read_list(message, list.text, path, true), "");
  for (const RowFinder::Column& column : rows.columns_) {
    if (auto problem = read_column(message, column, path)) return problem;
  }
  return std::nullopt;
}

std::optional<Status> read_columns(Message& message, const TensorflowMember& columns,
                                   const std::string& path) {
  ColumnFinder finder;
  if (columns.kind == Kind::kObject) (void)json::visit(columns.text, finder);
  if (columns.kind != Kind::kObject || finder.is_b64_) {
    return add(message, read_list(message, columns.text, path, true), "");
  }
  if (finder.is_too_much_) return bad(path + ": it has too many names for its size");
  for (auto& [name, text] : finder.columns_) {
    auto tensor = read_list(message, text, path + '.' + json::excerpt(name), true);
    if (auto problem = add(message, std::move(tensor), std::move(name))) return problem;
  }
  return std::nullopt;
}

std::optional<Status> give_types(Message& message, const std::vector<TensorInfo>& known) {
  std::unordered_map<std::string_view, DataType> types;
  for (const TensorInfo& info : known) types.emplace(info.name, info.type);
  for (Tensor& tensor : message.tensors) {
    if (tensor.type != DataType::kUnknown) continue;
    const auto found = types.find(tensor.name);
    const bool is_only = known.size() == 1 && message.tensors.size() == 1 && tensor.name.empty();
    if (found == types.end() && !is_only) continue;
    const DataType type = is_only ? known.front().type : found->second;
    if (type == DataType::kUnknown) continue;
    auto typed = with_type(message, std::move(tensor), type);
    if (!typed) return typed.error();
    tensor = *std::move(typed);
  }
  return std::nullopt;
}

}  // namespace

Result<Message> read_tensorflow_json(const Payload& payload, Role role,
                                     const std::vector<TensorInfo>& known) {
  Message message;
  message.source = payload;
  const auto members = find_tensorflow_members(message.source.bytes());
  if (!members) return members.error();
  const bool is_request = role == Role::kRequest;
  const TensorflowMember& rows = is_request ? members->instances : members->predictions;
  const TensorflowMember& columns = is_request ? members->inputs : members->outputs;
  const std::string rows_path = is_request ? "instances" : "predictions";
  const std::string columns_path = is_request ? "inputs" : "outputs";
  if (!rows.is_there() && !columns.is_there()) {
    if (members->error.is_there()) return bad(members->error_text());
    return bad("Missing '" + columns_path + "' or '" + rows_path + "' key");
  }
  if (rows.is_there() && columns.is_there()) {
    return bad("both '" + columns_path + "' and '" + rows_path + "' keys are there");
  }
  auto signature = read_signature_name(*members);
  if (!signature) return signature.error();
  message.signature_name = *std::move(signature);
  message.traits.by_column = columns.is_there();
  auto problem = columns.is_there() ? read_columns(message, columns, columns_path)
                                    : read_rows(message, rows, rows_path, role);
  if (!problem && !known.empty()) problem = give_types(message, known);
  if (problem) return *std::move(problem);
  return message;
}

RequestTraits read_tensorflow_traits(const Payload& request) {
  RequestTraits traits;
  if (request.encoding() == Encoding::kProto) {
    traits.by_column = true;
  } else if (const auto members = find_tensorflow_members(request.bytes())) {
    traits.by_column = members->inputs.is_there() && !members->instances.is_there();
  }
  return traits;
}

}  // namespace infergraph::protocol
