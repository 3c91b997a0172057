#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/status.hpp"

namespace infergraph::protocol {

/// Most fields of a form; a SeldonMessage has seven.
inline constexpr std::size_t kMaxFormFields = 64;
/// Most bytes of a multipart field's head.
inline constexpr std::size_t kMaxFormHead = 8192;

/// One field of a form. Borrows: the body, or Form::decoded.
struct FormField {
  std::string name;
  std::string_view value;
  bool file = false;  ///< came with a file name
};

/// A form: its fields, in order. Borrows: the body.
struct Form {
  std::vector<FormField> fields;
  std::unique_ptr<const std::string> decoded;
};

/// "application/json" of " Application/JSON; charset=utf-8".
std::string media_type_of(std::string_view content_type);

/// Takes a multipart/form-data (RFC 7578) or application/x-www-form-urlencoded body apart, as
/// `content_type` says. Of a multipart field, what is not name, file name and value is ignored.
/// Threads: any. Errors: kInvalidArgument for what is malformed or over the limits above.
Result<Form> read_form(std::string_view body, std::string_view content_type);

/// A form as the JSON of a SeldonMessage: its field `json`, the whole message; else a field for
/// each of a SeldonMessage's, their names in any case, each holding JSON but strData, which is
/// text. Of files, strData is text and any other is bytes.
/// Source: docs/wire/seldon.md §5, docs/wire/wrapper.md §2. Threads: any.
/// Errors: kInvalidArgument.
Result<std::string> form_to_json(const Form& form);

/// The field `json` alone. Errors: kInvalidArgument when there is none.
Result<std::string> json_of_form(const Form& form);

}  // namespace infergraph::protocol
