#include "engine/tools/stub/seldon/request.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/seldon/python_json.hpp"
#include "protocol/seldon/form_body.hpp"

namespace infergraph::engine {

using protocol::FormField;

namespace {

constexpr const char* kUrlEncoded = "application/x-www-form-urlencoded";
constexpr const char* kNoJson = "Can't find JSON in data";

StubAnswer internal_error(std::string_view info) {
  return wrapper_error(500, "MICROSERVICE_INTERNAL_ERROR", info);
}

/// json.loads(), whose errors nobody catches.
WrapperResult<void> load_json(std::string_view text, rapidjson::Document& into) {
  if (parse_json(text, into, JsonDialect::kPython)) return {};
  if (!into.HasParseError()) {
    return internal_error("maximum recursion depth exceeded while decoding a JSON document");
  }
  return internal_error("Expecting value: line 1 column 1 (char " +
                        std::to_string(into.GetErrorOffset()) + ")");
}

/// "application/json" of "application/json; charset=utf-8".
std::string mime_type_of(std::string_view content_type) {
  std::string made = protocol::media_type_of(content_type);
  made.erase(std::min(made.find(','), made.size()));
  return made;
}

bool is_json_type(std::string_view type) {
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

rapidjson::Value string_of(std::string_view text, rapidjson::Document& document) {
  return {text.data(), static_cast<rapidjson::SizeType>(text.size()), document.GetAllocator()};
}

/// Each field is a member, which holds JSON but for strData; a file is text, or binData's bytes.
WrapperResult<void> read_multipart(const protocol::Form& form, rapidjson::Document& into) {
  into.SetObject();
  auto& memory = into.GetAllocator();
  const auto add = [&](const FormField& field, rapidjson::Value value) {
    into.AddMember(string_of(field.name, into), value, memory);
  };
  for (const FormField& field : form.fields) {
    if (field.file || last_member(into, field.name) != nullptr) continue;  // the first one counts
    if (field.name == "strData") {
      add(field, string_of(to_utf8(field.value), into));
      continue;
    }
    rapidjson::Document value(&memory);
    if (auto loaded = load_json(field.value, value); !loaded) return loaded;
    add(field, std::move(static_cast<rapidjson::Value&>(value)));
  }
  for (const FormField& field : form.fields) {
    if (!field.file) continue;
    add(field, field.name == "binData" ? string_of(encode_base64(field.value), into)
                                       : string_of(to_utf8(field.value), into));
  }
  return {};
}

/// The first field or argument `json` that isn't empty; "" without one. Keeps `form` alive.
std::string_view json_field(std::string_view body, protocol::Result<protocol::Form>& form) {
  form = protocol::read_form(body, kUrlEncoded);
  if (!form) return {};
  const auto found = std::find_if(form->fields.begin(), form->fields.end(),
                                  [](const FormField& field) { return field.name == "json"; });
  return found == form->fields.end() ? std::string_view() : found->value;
}

}  // namespace

WrapperResult<void> read_wrapper_request(const HttpRequest& request, rapidjson::Document& into) {
  const std::string_view type = request.body.content_type();
  std::string_view body = request.body.bytes();
  if (type.find("multipart/form-data") != std::string_view::npos) {
    const auto form = protocol::read_form(body, type);
    // Flask takes what it can't read for a form without fields.
    return form ? read_multipart(*form, into) : read_multipart({}, into);
  }
  const std::string mime = mime_type_of(type);
  protocol::Result<protocol::Form> form = protocol::Form();
  std::string_view json;
  if (mime == kUrlEncoded) json = json_field(body, form);
  if (json.empty() && !request.query.empty()) json = json_field(request.query, form);
  if (!json.empty()) return load_json(json, into);

  const auto bad_data = [] { return wrapper_error(400, "MICROSERVICE_BAD_DATA", kNoJson); };
  if (!is_json_type(mime) || !request.body.content_encoding().empty()) return bad_data();
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  if (!parse_json(body, into, JsonDialect::kPython)) {
    if (into.HasParseError()) return bad_data();
    return internal_error("maximum recursion depth exceeded while decoding a JSON document");
  }
  if (into.IsNull()) return bad_data();
  return {};
}

}  // namespace infergraph::engine
