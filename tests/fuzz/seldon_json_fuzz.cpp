// Everything that reads seldon JSON, on one text; zero bytes part it into the children of a
// combiner.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "graph/units/average_combiner.hpp"
#include "protocol/json/json.hpp"
#include "protocol/seldon/data.hpp"
#include "protocol/seldon/json.hpp"
#include "tests/support/bounds.hpp"

namespace {

using infergraph::fuzz::Bound;
using infergraph::fuzz::Bounded;
using infergraph::graph::AverageCombiner;
using infergraph::protocol::DataKind;
using infergraph::protocol::MessageText;
using infergraph::protocol::NumericArray;
using infergraph::protocol::Payload;
using infergraph::protocol::Result;
namespace json = infergraph::protocol::json;
namespace protocol = infergraph::protocol;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Every scalar with its path, less those of meta.routing.
class Flattener final : public json::Visitor {
 public:
  bool enter(const json::Path& path, json::Kind) override { return !path.is({"meta", "routing"}); }
  void value(const json::Path& path, json::Kind kind, std::string_view text) override {
    if (path.depth() == 1 && path.is(0, "meta")) meta_ = text;
    const bool container = kind == json::Kind::kObject || kind == json::Kind::kArray;
    if (!container && !path.is({"meta", "routing"}))
      all_ += path.text().append("=").append(text) += '\n';
  }
  std::string all_;
  std::string_view meta_;
};

void try_with_routing(std::string_view text) {
  static const std::vector<std::pair<std::string_view, int>> kRouting = {{"a", 1}, {"b\"\n", -1}};
  const std::string changed = *protocol::with_routing(text, kRouting);
  Flattener before;
  const bool malformed = json::visit(text, before).has_value();
  if (changed == text) return;
  require(!malformed);
  Flattener after;
  require(!json::visit(changed, after));
  require(before.all_ == after.all_);
  const auto meta_at = static_cast<std::size_t>(before.meta_.data() - text.data());
  require(changed.starts_with(text.substr(0, meta_at)));
  require(changed.ends_with(text.substr(meta_at + before.meta_.size())));
  require(*protocol::with_routing(changed, kRouting) == changed);
  // What was written is what feedback would read back.
  const auto routing = protocol::read_feedback_routing(R"({"response":)" + changed + '}');
  if (routing) require(routing->at("a") == 1 && routing->at("b\"\n") == -1);
}

void try_numbers(std::string_view text) {
  const Result<MessageText> message = protocol::read_message(text);
  if (!message || (message->kind != DataKind::kTensor && message->kind != DataKind::kNdarray))
    return;
  const Result<NumericArray> numbers = protocol::read_numbers(*message);
  if (!numbers || numbers->shape.size() != 2) return;
  std::string written = R"({"data":{)";
  protocol::append_numbers(written, message->kind, *numbers);
  written += "}}";
  const Result<MessageText> again = protocol::read_message(written);
  require(again.has_value());
  const Result<NumericArray> reread = protocol::read_numbers(*again);
  require(reread.has_value() && reread->values.size() == numbers->values.size());
  // An ndarray without rows has lost its number of columns.
  require(numbers->shape[0] == 0 || reread->shape == numbers->shape);
  for (std::size_t i = 0; i < numbers->values.size(); ++i) {
    require(std::isnan(numbers->values[i]) ||
            std::memcmp(&numbers->values[i], &reread->values[i], sizeof(double)) == 0);
  }
}

void try_combiner(std::string_view text) {
  std::vector<Payload> answers;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    answers.push_back(Payload::json(std::string(text.substr(at, end - at))));
    at = end + 1;
  }
  const Bounded bounded("average", text.size());
  static boost::asio::io_context loop;
  AverageCombiner unit(1 << 20);
  infergraph::graph::CallContext context;
  std::optional<Result<Payload>> result;
  boost::asio::co_spawn(loop, unit.aggregate(std::move(answers), context),
                        [&](const std::exception_ptr& thrown, Result<Payload> combined) {
                          require(!thrown);
                          result = std::move(combined);
                        });
  loop.restart();
  loop.run();
  require(result.has_value());
  if (*result) bounded.made((*result)->size());
  if (*result) require(protocol::read_message((*result)->bytes()).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bounded bounded("seldon_json", size, Bound::of_all(30));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)protocol::read_route(text);
  (void)protocol::read_feedback_routing(text);
  try_with_routing(text);
  try_numbers(text);
  try_combiner(text);
  std::string escaped;
  json::append_string(escaped, text);
  Flattener any;
  require(!json::visit(escaped, any));
  return 0;
}
