// Forms: the first line is the content type, the rest the body. The whole is base64 too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/base64.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/json/json.hpp"
#include "protocol/seldon/form_body.hpp"
#include "tests/support/bounds.hpp"

namespace {

namespace protocol = infergraph::protocol;

void require(bool holds) {
  if (!holds) std::abort();
}

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void try_form(std::string_view type, std::string_view body) {
  const auto form = protocol::read_form(body, type);
  if (!form) {
    require(form.error().code() == protocol::Code::kInvalidArgument);
    return;
  }
  require(form->fields.size() <= protocol::kMaxFormFields);
  bool whole = false;
  for (const auto& field : form->fields) {
    require(lies_in(field.value, body) || lies_in(field.value, *form->decoded));
    whole |= field.name.size() == 4;
  }
  const auto json = protocol::form_to_json(*form);
  if (json && !whole) require(!protocol::json::check(*json).has_value());
}

void try_convert(std::string_view type, std::string_view body) {
  protocol::Payload payload = protocol::Payload::json(std::string(body));
  payload.set_content_type(type);
  for (const auto message :
       {protocol::MessageType::kSeldonMessage, protocol::MessageType::kSeldonMessageList,
        protocol::MessageType::kFeedback}) {
    const auto wire = [&] {
      const infergraph::fuzz::Bounded bounded("form to proto", payload.size());
      auto made = protocol::convert(payload, message, protocol::Encoding::kProto, 1 << 20U);
      if (made) bounded.made(made->size());
      return made;
    }();
    if (!wire) continue;
    const auto json = protocol::convert(*wire, message, protocol::Encoding::kJson, 1 << 20U);
    require(json.has_value());
    require(protocol::convert(*json, message, protocol::Encoding::kProto, 1 << 20U).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const infergraph::fuzz::Bounded bounded("form_body", size, infergraph::fuzz::Bound::of_all(12));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), size);
  const std::string_view body = text.substr(std::min(line + 1, size));
  try_form(text.substr(0, line), body);
  try_convert(text.substr(0, line), body);
  require(*infergraph::decode_base64(infergraph::encode_base64(text)) == text);
  if (const auto bytes = infergraph::decode_base64(text)) {
    require(*infergraph::decode_base64(infergraph::encode_base64(*bytes)) == *bytes);
  }
  return 0;
}
