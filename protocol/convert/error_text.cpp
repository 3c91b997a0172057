#include "protocol/convert/error_text.hpp"

#include <string_view>

#include "base/utf8.hpp"
#include "protocol/gzip.hpp"
#include "protocol/json/json.hpp"

namespace infergraph::protocol {

namespace {

// No component says more than this when it fails.
constexpr std::size_t kMaxUnpacked = std::size_t{1} << 20;
// What is longer is no short JSON with a text in it, and isn't searched for one.
constexpr std::size_t kMostSearched = std::size_t{64} << 10;

class TextFinder final : public json::Visitor {
 public:
  bool enter(const json::Path& path, json::Kind kind) override {
    return kind == json::Kind::kObject &&
           (path.depth() == 0 || (path.depth() == 1 && path.is(0, "status")));
  }
  void value(const json::Path& path, json::Kind kind, std::string_view text) override {
    if (kind != json::Kind::kString) return;
    if (path.is({"error"}) || path.is({"status", "info"})) {
      found_ = json::read_string(text);
    }
  }

  std::string found_;
};

// What replaces a byte is longer than it.
std::string excerpt_of(std::string_view text, std::size_t most) {
  return json::excerpt(to_utf8(json::excerpt(text, most)), most);
}

}  // namespace

std::string error_text(const Payload& body, std::size_t most) {
  const std::string status = "the node answered " + std::to_string(body.status());
  const auto plain = decoded(body, kMaxUnpacked);
  if (!plain || plain->empty()) return status;
  TextFinder finder;
  if (plain->size() <= kMostSearched && !json::visit(plain->bytes(), finder) &&
      !finder.found_.empty()) {
    return excerpt_of(finder.found_, most);
  }
  return status + ": " + excerpt_of(plain->bytes(), most);
}

}  // namespace infergraph::protocol
