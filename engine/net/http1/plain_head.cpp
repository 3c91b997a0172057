#include "engine/net/http1/plain_head.hpp"

#include <array>
#include <cstring>

#include "base/ascii.hpp"

namespace infergraph::engine {
namespace {

// What a byte may stand in.
constexpr std::uint8_t kToken = 1;   // a verb, a field's name
constexpr std::uint8_t kTarget = 2;  // a request's target
constexpr std::uint8_t kText = 4;    // a field's value, a reason

constexpr std::array<std::uint8_t, 256> kPlaces = [] {
  std::array<std::uint8_t, 256> made{};
  for (std::size_t byte = 0x21; byte < made.size(); ++byte) made[byte] = kTarget | kText;
  made['\t'] = made[' '] = kText;
  made[0x7f] = 0;
  for (const char byte : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) {
    made[static_cast<unsigned char>(byte)] |= kToken;
  }
  return made;
}();

bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

// True if each of eight bytes is one of ASCII's, from `first` to '~'.
bool are_ascii(const char* bytes, char first) {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  std::uint64_t eight = 0;
  std::memcpy(&eight, bytes, sizeof eight);
  // A byte that is too small borrows, and one that is too large carries, into its highest bit.
  const std::uint64_t out =
      (eight - kEach * static_cast<unsigned char>(first)) | (eight + kEach) | eight;
  return (out & (kEach << 7)) == 0;
}

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  const char* at() const { return at_; }
  bool ended() const { return at_ == end_; }
  /// The next byte; there must be one.
  char front() const { return *at_; }

  std::string_view take(std::uint8_t place) {
    const char* const begin = at_;
    if (place != kToken) {
      const char first = place == kTarget ? '!' : ' ';
      while (end_ - at_ >= 8 && are_ascii(at_, first)) at_ += 8;
    }
    while (at_ != end_ && (kPlaces[static_cast<unsigned char>(*at_)] & place) != 0) ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }
  bool skip(std::string_view text) {
    if (static_cast<std::size_t>(end_ - at_) < text.size()) return false;
    if (std::memcmp(at_, text.data(), text.size()) != 0) return false;
    at_ += text.size();
    return true;
  }
  void skip_blanks() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
  }

 private:
  const char* at_;
  const char* end_;
};

// The usual spelling is compared at once.
template <std::size_t kSize>
bool is(std::string_view name, const char (&usual)[kSize]) {
  return name.size() == kSize - 1 &&
         (std::memcmp(name.data(), usual, kSize - 1) == 0 || same_name(name, usual));
}

bool read_length(std::string_view value, std::optional<std::uint64_t>& length) {
  constexpr std::size_t kMostDigits = 18;  // more could be more than the number holds
  if (length || value.empty() || value.size() > kMostDigits) return false;
  std::uint64_t sum = 0;
  for (const char digit : value) {
    if (digit < '0' || digit > '9') return false;
    sum = 10 * sum + static_cast<std::uint64_t>(digit - '0');
  }
  length = sum;
  return true;
}

// Sorted by their length, since most names have none that a field of ours has.
bool read_field(std::string_view name, std::string_view value, MessageHead& head,
                Block::Fields& fields, std::optional<std::uint64_t>& length) {
  switch (name.size()) {
    case 4:
      if (!is(name, "Host")) break;
      if (head.has_host) return false;
      head.has_host = true;
      head.host = value;
      return true;
    case 10:
      if (is(name, "Keep-Alive")) return true;
      if (!is(name, "Connection")) break;
      if (is(value, "keep-alive")) return true;
      if (!is(value, "close")) return false;
      head.closes = true;
      return true;
    case 12:
      if (!is(name, "Content-Type")) break;
      if (head.content_type.empty()) head.content_type = value;
      return true;
    case 14:
      if (!is(name, "Content-Length")) break;
      return read_length(value, length);
    case 16:
      if (is(name, "Proxy-Connection")) return false;
      if (!is(name, "Content-Encoding")) break;
      if (head.content_encoding.empty()) head.content_encoding = value;
      return true;
    case 2:
    case 6:
    case 7:
    case 17:
    case 18:
    case 19:
      if (is(name, "TE") || is(name, "Expect") || is(name, "Trailer") || is(name, "Upgrade") ||
          is(name, "Transfer-Encoding") || is(name, "Proxy-Authenticate") ||
          is(name, "Proxy-Authorization")) {
        return false;
      }
      break;
    default:
      break;
  }
  fields.push_back({name, value});
  return true;
}

bool read_request_line(Cursor& cursor, MessageHead& head) {
  head.verb = cursor.take(kToken);
  if (head.verb.empty() || !cursor.skip(" ")) return false;
  head.target = cursor.take(kTarget);
  return !head.target.empty() && cursor.skip(" HTTP/1.1\r\n");
}

// Of a status that an answer with a body may have.
bool read_status_line(Cursor& cursor, MessageHead& head) {
  if (!cursor.skip("HTTP/1.1 ")) return false;
  const std::string_view text = cursor.take(kText);
  if (text.size() < 4 || text[3] != ' ' || text[0] < '2') return false;
  for (const char digit : text.substr(0, 3)) {
    if (digit < '0' || digit > '9') return false;
    head.status = 10 * head.status + (digit - '0');
  }
  return head.status != 204 && head.status != 304 && cursor.skip("\r\n");
}

}  // namespace

template <bool kRequest>
std::size_t read_plain_head(std::string_view bytes, MessageHead& head, Block::Fields& fields,
                            std::optional<std::uint64_t>& length) {
  Cursor cursor(bytes);
  if (!(kRequest ? read_request_line(cursor, head) : read_status_line(cursor, head))) return 0;
  while (!cursor.skip("\r\n")) {
    const std::string_view name = cursor.take(kToken);
    if (name.empty() || !cursor.skip(":")) return 0;
    cursor.skip_blanks();
    std::string_view value = cursor.take(kText);
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    // A blank behind the line's end goes on with the value.
    if (!cursor.skip("\r\n") || cursor.ended() || is_blank(cursor.front())) return 0;
    if (!read_field(name, value, head, fields, length)) return 0;
  }
  if (!length) {
    if (!kRequest) return 0;  // it goes on until the connection ends, or in chunks
    length = 0;
  }
  return static_cast<std::size_t>(cursor.at() - bytes.data());
}

template std::size_t read_plain_head<true>(std::string_view, MessageHead&, Block::Fields&,
                                           std::optional<std::uint64_t>&);
template std::size_t read_plain_head<false>(std::string_view, MessageHead&, Block::Fields&,
                                            std::optional<std::uint64_t>&);

}  // namespace infergraph::engine
