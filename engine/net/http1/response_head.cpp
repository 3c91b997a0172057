#include "engine/net/http1/response_head.hpp"

#include <cstddef>

#include <boost/beast/http/status.hpp>

#include "base/append_number.hpp"

namespace infergraph::engine {

// With its size known, a literal is appended without looking for its end.
using namespace std::string_view_literals;

namespace {

void append_lines(std::string& text, std::span<const protocol::HeaderField> headers) {
  for (const auto& [name, value] : headers) {
    text.append(name).append(": "sv).append(value).append("\r\n"sv);
  }
}

void begin_with_status(std::string& text, int status, bool old_version) {
  text.assign(old_version ? "HTTP/1.0 "sv : "HTTP/1.1 "sv);
  append_number(text, static_cast<std::size_t>(status));
  text += ' ';
  const auto reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  text.append(reason.data(), reason.size());
  text.append("\r\n"sv);
}

}  // namespace

std::string header_lines(std::span<const protocol::HeaderField> headers) {
  std::string lines;
  append_lines(lines, headers);
  return lines;
}

bool has_no_body(int status) { return status == 204 || status == 304 || status / 100 == 1; }

void write_head(std::string& text, const HttpResponse& response, const ResponseHead& head) {
  if (response.status == 200 && !head.old_version) {
    text.assign("HTTP/1.1 200 OK\r\n"sv);  // nearly always
  } else {
    begin_with_status(text, response.status, head.old_version);
  }
  text += head.fixed_lines;
  append_lines(text, head.headers);
  const protocol::Payload& body = response.body;
  if (!body.content_type().empty()) {
    text.append("Content-Type: "sv).append(body.content_type()).append("\r\n"sv);
  }
  if (!body.content_encoding().empty()) {
    text.append("Content-Encoding: "sv).append(body.content_encoding()).append("\r\n"sv);
  }
  text.append("Date: "sv).append(head.date);
  if (!has_no_body(response.status)) {
    text.append("\r\nContent-Length: "sv);
    append_number(text, body.bytes().size());
  }
  if (head.close) {
    text.append("\r\nConnection: close"sv);
  } else if (head.old_version) {
    text.append("\r\nConnection: keep-alive"sv);
  }
  text.append("\r\n\r\n"sv);
}

}  // namespace infergraph::engine
