#include "engine/grpc/metadata.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "protocol/v2/json_size.hpp"

namespace infergraph::engine {
namespace {

// Of one hop or of the body in HTTP or gRPC, or set by grpc++ itself.
constexpr std::array<std::string_view, 18> kOfTheHop = {"accept",
                                                        "accept-encoding",
                                                        "connection",
                                                        "content-encoding",
                                                        "content-length",
                                                        "content-type",
                                                        "expect",
                                                        "host",
                                                        "keep-alive",
                                                        "proxy-connection",
                                                        "te",
                                                        "transfer-encoding",
                                                        "trailer",
                                                        "upgrade",
                                                        "user-agent",
                                                        "seldon-puid",
                                                        "date",
                                                        protocol::kJsonSizeHeader};

bool is_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool is_value_char(char c) { return c >= 0x20 && c <= 0x7e; }

}  // namespace

bool is_end_to_end(std::string_view key) {
  if (key.empty() || key.front() == ':') return false;
  if (key.size() >= 5 && same_name(key.substr(0, 5), "grpc-")) return false;
  return std::none_of(kOfTheHop.begin(), kOfTheHop.end(),
                      [key](std::string_view other) { return same_name(key, other); });
}

bool is_legal(const protocol::HeaderField& entry) {
  return std::all_of(entry.name.begin(), entry.name.end(), is_key_char) &&
         (entry.name.ends_with("-bin") ||
          std::all_of(entry.value.begin(), entry.value.end(), is_value_char));
}

bool to_metadata(const protocol::HeaderField& header, std::string& key, std::string& value) {
  key.resize(header.name.size());
  std::transform(header.name.begin(), header.name.end(), key.begin(), lower);
  value = header.value;
  if (!is_legal({key, value})) return false;
  if (!key.ends_with("-bin")) return true;
  auto bytes = decode_base64(header.value);
  if (!bytes) return false;
  value = *std::move(bytes);
  return true;
}

}  // namespace infergraph::engine
