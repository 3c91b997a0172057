#include "protocol/seldon/form_body.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "base/ascii.hpp"

namespace infergraph::protocol {

namespace {

Status malformed(std::string_view why) {
  return Status(Code::kInvalidArgument, "malformed form: " + std::string(why));
}

/// `a; b=c; d="e;f"`: what comes first, and the parameters, their names in lower case.
struct Parameters {
  std::string first;
  std::map<std::string, std::string> named;
};

std::optional<Parameters> read_parameters(std::string_view text) {
  Parameters read;
  std::size_t at = std::min(text.find(';'), text.size());
  read.first = lowered(trimmed(text.substr(0, at)));
  while (at < text.size()) {
    ++at;  // the semicolon
    const std::size_t end_of_name = std::min(text.find_first_of("=;", at), text.size());
    const std::string name = lowered(trimmed(text.substr(at, end_of_name - at)));
    at = end_of_name;
    std::string value;
    if (at < text.size() && text[at] == '=') {
      at = std::min(text.find_first_not_of(" \t", at + 1), text.size());
      if (at < text.size() && text[at] == '"') {
        ++at;
        while (at < text.size() && text[at] != '"') {
          // Browsers of old sent Windows paths with bare backslashes.
          const bool escape = text[at] == '\\' && at + 1 < text.size() &&
                              (text[at + 1] == '"' || text[at + 1] == '\\');
          if (escape) ++at;
          value += text[at++];
        }
        if (at == text.size()) return std::nullopt;
        at = std::min(text.find(';', at), text.size());
      } else {
        const std::size_t end = std::min(text.find(';', at), text.size());
        value = trimmed(text.substr(at, end - at));
        at = end;
      }
    }
    if (!name.empty()) read.named.emplace(name, std::move(value));
  }
  return read;
}

/// Takes a multipart body apart, front to back.
class MultipartReader {
 public:
  MultipartReader(std::string_view body, std::string_view boundary)
      : body_(body), delimiter_("\r\n--" + std::string(boundary)) {}

  Result<Form> read() {
    Form form;
    const std::string_view first = std::string_view(delimiter_).substr(2);
    at_ = body_.starts_with(first) ? first.size() : behind(delimiter_);
    while (true) {
      if (at_ == kNone) return malformed("a boundary is missing");
      if (body_.substr(at_, 2) == "--") return form;
      at_ = std::min(body_.find_first_not_of(" \t", at_), body_.size());
      if (body_.substr(at_, 2) != "\r\n") return malformed("text behind a boundary");
      if (form.fields.size() == kMaxFormFields) return malformed("too many fields");
      Result<FormField> field = next();
      if (!field) return field.error();
      form.fields.push_back(*std::move(field));
    }
  }

 private:
  static constexpr std::size_t kNone = std::string_view::npos;

  std::size_t behind(std::string_view what) const {
    const std::size_t found = body_.find(what, at_);
    return found == kNone ? kNone : found + what.size();
  }

  // Reads from the line break behind a boundary to behind the next boundary.
  Result<FormField> next() {
    FormField field;
    bool named = false;
    at_ += 2;
    const std::size_t limit = at_ + kMaxFormHead;
    while (body_.substr(at_, 2) != "\r\n") {
      const std::size_t end = body_.substr(0, limit).find("\r\n", at_);
      if (end == kNone) return malformed("a field's head does not end");
      const std::string_view line = body_.substr(at_, end - at_);
      at_ = end + 2;
      const std::size_t colon = line.find(':');
      if (colon == kNone) return malformed("a field's head has a line without a colon");
      const std::string name = lowered(line.substr(0, colon));
      const auto value = read_parameters(line.substr(colon + 1));
      if (!value) return malformed("a quote does not end");
      if (name == "content-disposition" && value->named.contains("name")) {
        named = true;
        field.name = value->named.at("name");
        field.file = value->named.contains("filename") || value->named.contains("filename*");
      }
      if (name == "content-transfer-encoding" && value->first != "binary" &&
          value->first != "8bit" && value->first != "7bit") {
        return malformed("the transfer encoding " + value->first + " is not read");
      }
    }
    if (!named) return malformed("a field has no name");
    // An empty value's line break is the one that the head ends with.
    const std::size_t head_end = at_ + 2;
    const std::size_t end = body_.find(delimiter_, at_);
    if (end == kNone) return malformed("a boundary is missing");
    if (end > at_) field.value = body_.substr(head_end, end - head_end);
    at_ = end + delimiter_.size();
    return field;
  }

  std::string_view body_;
  std::string delimiter_;
  std::size_t at_ = 0;
};

// Appends what a name or a value of a form decodes to; false for a percent sign without digits.
bool append_percent_decoded(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      out += ' ';
    } else if (text[at] != '%') {
      out += text[at];
    } else {
      unsigned byte = 0;
      const std::string_view digits = text.substr(at + 1, 2);
      const char* const last = digits.data() + digits.size();
      const auto [end, error] = std::from_chars(digits.data(), last, byte, 16);
      if (digits.size() != 2 || end != last || error != std::errc()) return false;
      out += static_cast<char>(byte);
      at += 2;
    }
  }
  return true;
}

Result<Form> read_urlencoded(std::string_view body) {
  Form form;
  // Decoded text is never longer, so the views into it stay where they are.
  auto decoded = std::make_unique<std::string>();
  decoded->reserve(body.size());
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(pair.size() + 1, body.size()));
    if (pair.empty()) continue;
    if (form.fields.size() == kMaxFormFields) return malformed("too many fields");
    const std::size_t equals = std::min(pair.find('='), pair.size());
    FormField field;
    const std::size_t begin = decoded->size();
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (!append_percent_decoded(field.name, pair.substr(0, equals)) ||
        !append_percent_decoded(*decoded, value)) {
      return malformed("% without two hexadecimal digits");
    }
    field.value = std::string_view(*decoded).substr(begin);
    form.fields.push_back(std::move(field));
  }
  form.decoded = std::move(decoded);
  return form;
}

}  // namespace

std::string media_type_of(std::string_view content_type) {
  return lowered(trimmed(content_type.substr(0, content_type.find(';'))));
}

Result<Form> read_form(std::string_view body, std::string_view content_type) {
  const auto type = read_parameters(content_type);
  if (!type) return malformed("the content type has a quote that does not end");
  if (type->first != "multipart/form-data") return read_urlencoded(body);
  constexpr std::size_t kMaxBoundary = 70;  // RFC 2046 §5.1.1
  const auto boundary = type->named.find("boundary");
  if (boundary == type->named.end() || boundary->second.empty() ||
      boundary->second.size() > kMaxBoundary) {
    return malformed("the content type has no boundary of 1 to 70 characters");
  }
  return MultipartReader(body, boundary->second).read();
}

}  // namespace infergraph::protocol
