// A caller's metadata and headers on their way to a gRPC node: what goes through is what gRPC
// allows, since grpc++ ends the process for anything else.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/base64.hpp"
#include "engine/grpc/metadata.hpp"
#include "tests/support/bounds.hpp"

namespace {

using infergraph::protocol::HeaderField;
namespace engine = infergraph::engine;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

bool is_printable(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const infergraph::fuzz::Bounded bounded("grpc_metadata", size,
                                          infergraph::fuzz::Bound::of_all(4));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t colon = std::min(text.find(':', 1), text.size());
  const HeaderField field{text.substr(0, colon), text.substr(std::min(colon + 1, text.size()))};
  const bool goes_on = engine::is_end_to_end(field.name);
  if (goes_on) require(!field.name.empty() && field.name.front() != ':');

  std::string key;
  std::string value;
  if (!goes_on || !engine::to_metadata(field, key, value)) return 0;
  require(is_key(key) && key.size() == field.name.size());
  if (key.ends_with("-bin")) {
    require(value.size() <= field.value.size());
    // The bytes are those that the text stood for.
    require(infergraph::decode_base64(infergraph::encode_base64(value)) == value);
  } else {
    require(value == field.value && is_printable(value));
  }
  require(engine::is_legal({key, value}));
  require(engine::is_end_to_end(key));
  return 0;
}
