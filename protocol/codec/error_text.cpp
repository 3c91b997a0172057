#include "protocol/codec/error_text.hpp"

#include <string_view>

#include "protocol/gzip.hpp"
#include "protocol/json.hpp"

namespace infergraph::protocol {

namespace {

// No component says more than this when it fails.
constexpr std::size_t kMaxUnpacked = std::size_t{1} << 20;

class TextFinder final : public json::Visitor {
 public:
  bool enter(const json::Path& path, json::Kind kind) override {
    return kind == json::Kind::kObject &&
           (path.depth() == 0 || (path.depth() == 1 && path.is(0, "status")));
  }
  void value(const json::Path& path, json::Kind kind, std::string_view text) override {
    if (kind != json::Kind::kString) return;
    if (path.is({"error"}) || path.is({"status", "info"})) {
      found_ = json::unescaped(text.substr(1, text.size() - 2));
    }
  }

  std::string found_;
};

}  // namespace

std::string error_text(const Payload& body, std::size_t most) {
  const std::string status = "the node answered " + std::to_string(body.status());
  const auto plain = decoded(body, kMaxUnpacked);
  if (!plain || plain->empty()) return status;
  TextFinder finder;
  if (!json::visit(plain->bytes(), finder) && !finder.found_.empty()) {
    return json::excerpt(finder.found_, most);
  }
  std::string text = json::excerpt(plain->bytes(), most);
  return json::is_utf8(text) ? status + ": " + text : status;
}

}  // namespace infergraph::protocol
