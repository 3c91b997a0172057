// What the fields of a form mean.
#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "protocol/json/json.hpp"
#include "protocol/seldon/form_body.hpp"

namespace infergraph::protocol {

namespace {

constexpr std::string_view kWhole = "json";
constexpr std::string_view kText = "strData";

constexpr std::array<std::string_view, 7> kFields = {"status", "meta",     "data",      "binData",
                                                     kText,    "jsonData", "customData"};

Status refuse(std::string_view why) {
  return Status(Code::kInvalidArgument, "the form " + std::string(why));
}

const FormField* find_whole(const Form& form) {
  const auto whole =
      std::find_if(form.fields.begin(), form.fields.end(),
                   [](const FormField& field) { return same_name(field.name, kWhole); });
  return whole == form.fields.end() ? nullptr : &*whole;
}

}  // namespace

Result<std::string> json_of_form(const Form& form) {
  const FormField* const whole = find_whole(form);
  if (whole == nullptr) return refuse("has no field json");
  return std::string(whole->value);
}

Result<std::string> form_to_json(const Form& form) {
  if (find_whole(form) != nullptr) return json_of_form(form);
  std::string text = "{";
  for (const FormField& field : form.fields) {
    const auto* const known =
        std::find_if(kFields.begin(), kFields.end(),
                     [&field](std::string_view name) { return same_name(field.name, name); });
    if (known == kFields.end()) continue;
    text.append(text.size() > 1 ? ",\"" : "\"").append(*known) += "\":";
    if (*known == kText) {
      if (!is_utf8(field.value)) return refuse("has a strData that is not UTF-8");
      json::append_string(text, field.value);
    } else if (field.file) {
      text += '"';
      append_base64(text, field.value);
      text += '"';
    } else {
      // Looked at by itself, so that no field reaches into the next.
      if (const auto problem = json::check(field.value)) {
        return refuse("field " + std::string(*known) + ": " + *problem);
      }
      text += field.value;
    }
  }
  if (text.size() == 1) return refuse("has neither a field json nor one of a SeldonMessage");
  return text + '}';
}

}  // namespace infergraph::protocol
