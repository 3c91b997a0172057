#include "engine/tools/try_message.hpp"

#include "engine/tools/json_text.hpp"

namespace infergraph::engine {
namespace {

std::string ndarray_message(std::string_view array) {
  return R"({"data":{"ndarray":)" + std::string(array) + "}}";
}

}  // namespace

std::optional<std::string> message_of_data(std::string_view data) {
  rapidjson::Document read;
  if (parse_json(data, read, JsonDialect::kPython)) {
    if (read.IsObject()) return std::string(data);
    if (read.IsNumber()) return ndarray_message("[[" + std::string(data) + "]]");
    if (!read.IsArray()) return std::nullopt;
    const bool is_rows = !read.Empty() && read[0].IsArray();
    if (is_rows || read.Empty()) return ndarray_message(data);
    return ndarray_message("[" + std::string(data) + "]");
  }
  const std::string listed = "[" + std::string(data) + "]";
  if (!parse_json(listed, read, JsonDialect::kPython) || read.Empty()) return std::nullopt;
  // "[1,2],[3,4]" are rows without the brackets around them.
  return ndarray_message(read[0].IsArray() ? listed : "[" + listed + "]");
}

std::string_view default_message() { return R"({"data":{"ndarray":[[1,2,3]]}})"; }

std::string_view default_feedback() {
  return R"({"request":{"data":{"ndarray":[[1,2,3]]}},"response":{},"reward":1})";
}

}  // namespace infergraph::engine
