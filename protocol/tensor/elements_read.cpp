// From JSON lists and raw bytes to tensors.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "base/base64.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

static_assert(std::endian::native == std::endian::little, "raw elements are little-endian");

constexpr std::int64_t kUnset = -1;

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

constexpr bool ends_token(char c) { return c == ',' || c == ']' || c == '}' || is_space(c); }

// What a character is to a number token; looked up, since lists are long.
enum class Class : std::uint8_t { kOther, kWhole, kEnd };
constexpr auto kClasses = [] {
  std::array<Class, 256> classes{};
  for (unsigned c = 0; c < classes.size(); ++c) {
    const char letter = static_cast<char>(c);
    if (ends_token(letter)) classes[c] = Class::kEnd;
    if ((letter >= '0' && letter <= '9') || letter == '-') classes[c] = Class::kWhole;
  }
  return classes;
}();

// Behind the string that begins at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"';) at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

class ListReader {
 public:
  ListReader(Message& message, std::string_view text, std::string path, bool b64)
      : message_(message), text_(text), b64_(b64) {
    tensor_.path = std::move(path);
  }

  Result<Tensor> read() && {
    Pauses pauses;
    while (at_ < text_.size() && !problem_) {
      step(text_[at_]);
      if (!pauses.may_pass(at_)) return stopped();
    }
    if (problem_) return *std::move(problem_);
    for (std::int64_t& length : tensor_.shape) length = std::max<std::int64_t>(length, 0);
    switch (kind_) {
      case Kind::kNone:
      case Kind::kNumbers:
        tensor_.data = text_;
        tensor_.is_whole = is_whole_;
        break;
      case Kind::kBools:
        tensor_.type = DataType::kBool;
        tensor_.data = message_.keep(std::move(bools_));
        break;
      case Kind::kStrings:
        tensor_.type = DataType::kBytes;
        break;
    }
    return std::move(tensor_);
  }

 private:
  enum class Kind : std::uint8_t { kNone, kNumbers, kBools, kStrings };

  void step(char c) {
    if (c == ',' || is_space(c)) {
      ++at_;
    } else if (c == '[') {
      open();
    } else if (c == ']') {
      close();
    } else if (c == '"') {
      string();
    } else if (c == '{') {
      object();
    } else if (c == 't' || c == 'f') {
      if (!begin(Kind::kBools, "a boolean")) return;
      bools_ += c == 't' ? '\1' : '\0';
      at_ += c == 't' ? 4 : 5;
    } else if (c == 'n') {
      refuse("null");
    } else {
      number();
    }
  }

  void open() {
    if (static_cast<std::int64_t>(counts_.size()) == elements_at_) return refuse("an array");
    counts_.push_back(0);
    if (counts_.size() > tensor_.shape.size()) tensor_.shape.push_back(kUnset);
    ++at_;
  }

  void close() {
    const std::int64_t found = counts_.back();
    counts_.pop_back();
    std::int64_t& length = tensor_.shape[counts_.size()];
    if (length == kUnset) {
      length = found;
    } else if (length != found) {
      problem_ = Status(Code::kInvalidArgument, where() + ": expected " + std::to_string(length) +
                                                    (length == 1 ? " value" : " values") +
                                                    " but found " + std::to_string(found));
      return;
    }
    if (!counts_.empty()) ++counts_.back();
    ++at_;
  }

  // An element of `kind` begins: all are of one, and equally deep.
  bool begin(Kind kind, const char* found) {
    if (elements_at_ == kUnset && counts_.size() == tensor_.shape.size()) {
      elements_at_ = static_cast<std::int64_t>(counts_.size());
    }
    if (static_cast<std::int64_t>(counts_.size()) != elements_at_) {
      expected("an array", found);
      return false;
    }
    if (kind_ == Kind::kNone) kind_ = kind;
    if (kind_ != kind) {
      refuse(found);
      return false;
    }
    if (!counts_.empty()) ++counts_.back();
    return true;
  }

  void number() {
    if (!begin(Kind::kNumbers, "a number")) return;
    const char* at = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    while (at != end && kClasses[static_cast<unsigned char>(*at)] == Class::kWhole) ++at;
    if (at != end && kClasses[static_cast<unsigned char>(*at)] == Class::kOther) {
      is_whole_ = false;
      while (at != end && kClasses[static_cast<unsigned char>(*at)] != Class::kEnd) ++at;
    }
    at_ = static_cast<std::size_t>(at - text_.data());
  }

  void string() {
    const std::size_t end = string_end(text_, at_);
    if (!begin(Kind::kStrings, "a string")) return;
    const std::string_view escaped = text_.substr(at_ + 1, end - at_ - 2);
    const bool plain = escaped.find('\\') == std::string_view::npos;
    tensor_.strings.push_back(plain ? escaped : message_.keep(json::unescaped(escaped)));
    at_ = end;
  }

  // {"b64":"…"}: a name, and a string that ends the object.
  void object() {
    if (!b64_) return refuse("an object");
    std::size_t at = skip_space(at_ + 1);
    const std::size_t key_end = at < text_.size() && text_[at] == '"' ? string_end(text_, at) : at;
    const bool named = text_.substr(at, key_end - at) == "\"b64\"";
    at = skip_space(key_end);
    if (!named || at >= text_.size() || text_[at] != ':') return refuse("an object");
    at = skip_space(at + 1);
    if (at >= text_.size() || text_[at] != '"') return refuse("an object without base64");
    const std::size_t value_end = string_end(text_, at);
    const std::size_t end = skip_space(value_end);
    if (end >= text_.size() || text_[end] != '}') return refuse("an object of several members");
    auto bytes = decode_base64(json::unescaped(text_.substr(at + 1, value_end - at - 2)));
    if (!bytes) return expected("base64", "another string");
    if (!begin(Kind::kStrings, "a string")) return;
    tensor_.strings.push_back(message_.keep(*std::move(bytes)));
    at_ = end + 1;
  }

  std::size_t skip_space(std::size_t at) const {
    while (at < text_.size() && is_space(text_[at])) ++at;
    return at;
  }

  void refuse(const char* found) {
    switch (kind_) {
      case Kind::kNone:
        return expected(b64_ ? "a value" : "a number, a boolean or a string", found);
      case Kind::kNumbers:
        return expected("a number", found);
      case Kind::kBools:
        return expected("a boolean", found);
      case Kind::kStrings:
        return expected("a string", found);
    }
  }

  void expected(const char* what, const char* found) {
    problem_ =
        Status(Code::kInvalidArgument, where() + ": expected " + what + " but found " + found);
  }

  std::string where() const {
    std::string text = tensor_.path;
    for (const std::int64_t count : counts_) text += '[' + std::to_string(count) + ']';
    return text;
  }

  Message& message_;
  std::string_view text_;
  bool b64_;
  std::size_t at_ = 0;
  Tensor tensor_;
  Kind kind_ = Kind::kNone;
  bool is_whole_ = true;
  std::string bools_;
  std::vector<std::int64_t> counts_;   // elements so far of each open list
  std::int64_t elements_at_ = kUnset;  // how deep elements stand, once there was one
  std::optional<Status> problem_;
};

Status wrong_size(const Tensor& tensor, const std::string& where, std::size_t found) {
  const std::size_t count = count_of(tensor.shape);
  return {Code::kInvalidArgument, where + ": expected " + std::to_string(count) + " elements of " +
                                      std::string(tensorflow_name(tensor.type)).substr(3) +
                                      " but found " + std::to_string(found) + " bytes"};
}

}  // namespace

Result<Tensor> read_list(Message& message, std::string_view text, std::string path, bool b64) {
  return ListReader(message, text, std::move(path), b64).read();
}

std::string_view Tokens::next() {
  std::size_t at = 0;
  while (at < text_.size() && (text_[at] == '[' || ends_token(text_[at]))) ++at;
  std::size_t end = at;
  while (end < text_.size() && kClasses[static_cast<unsigned char>(text_[end])] != Class::kEnd) {
    ++end;
  }
  const std::string_view token = text_.substr(at, end - at);
  text_.remove_prefix(end);
  return token;
}

Result<void> from_raw(Message& message, Tensor& tensor, std::string_view raw,
                      const std::string& where) {
  const std::size_t count = count_of(tensor.shape);
  if (tensor.type != DataType::kBytes) {
    std::size_t needed = 0;
    const bool overflow = __builtin_mul_overflow(count, size_of(tensor.type), &needed);
    if (overflow || needed != raw.size()) return wrong_size(tensor, where, raw.size());
    const auto is_bool = [](char byte) { return byte == 0 || byte == 1; };
    if (tensor.type == DataType::kBool && !std::all_of(raw.begin(), raw.end(), is_bool)) {
      std::string bools(raw);
      for (char& byte : bools) byte = byte == 0 ? 0 : 1;
      raw = message.keep(std::move(bools));
    }
    tensor.data = raw;
    return {};
  }
  std::size_t at = 0;
  while (at < raw.size()) {
    std::uint32_t length = 0;
    if (raw.size() - at < sizeof length) return wrong_size(tensor, where, raw.size());
    std::memcpy(&length, raw.data() + at, sizeof length);
    at += sizeof length;
    if (raw.size() - at < length) return wrong_size(tensor, where, raw.size());
    tensor.strings.push_back(raw.substr(at, length));
    at += length;
  }
  if (tensor.strings.size() != count) return wrong_size(tensor, where, raw.size());
  return {};
}

void RawElements::append_to(std::string& out) const {
  if (times == 1) {
    out += bytes;
    return;
  }
  // In pieces of some size: elements are small.
  constexpr std::size_t kPiece = 4096;
  std::string piece;
  std::size_t left = times;
  if (bytes.size() < kPiece) {
    const std::size_t in_piece = std::min(times, kPiece / std::max<std::size_t>(bytes.size(), 1));
    piece.reserve(in_piece * bytes.size());
    for (std::size_t i = 0; i < in_piece; ++i) piece += bytes;
    for (; left >= in_piece; left -= in_piece) out += piece;
  }
  for (; left > 0; --left) out += bytes;
}

Result<RawElements> repeated(const Tensor& tensor, std::string_view element) {
  const std::size_t count = count_of(tensor.shape);
  std::size_t size = 0;
  if (__builtin_mul_overflow(element.size(), count, &size)) {
    size = std::numeric_limits<std::size_t>::max();
  }
  if (auto fine = afford(size); !fine) return about(tensor, fine.error());
  return RawElements{element, count};
}

Result<RawElements> to_raw(Message& message, const Tensor& tensor) {
  if (tensor.type != DataType::kBytes) {
    if (tensor.is_constant) return repeated(tensor, tensor.data);
    return RawElements{tensor.data};
  }
  std::size_t size = 0;
  for (const std::string_view element : tensor.strings) size += 4 + element.size();
  std::string raw;
  raw.reserve(size);
  for (const std::string_view element : tensor.strings) {
    const auto length = static_cast<std::uint32_t>(element.size());
    raw.append(reinterpret_cast<const char*>(&length), sizeof length).append(element);
  }
  const std::string_view bytes = message.keep(std::move(raw));
  if (tensor.is_constant) return repeated(tensor, bytes);
  return RawElements{bytes};
}

}  // namespace infergraph::protocol
