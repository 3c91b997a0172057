#include "engine/node/exhaustion.hpp"

#include <algorithm>
#include <array>

namespace infergraph::engine {

namespace errc = boost::system::errc;

namespace {

constexpr std::array kExhaustion = {errc::too_many_files_open, errc::too_many_files_open_in_system,
                                    errc::not_enough_memory, errc::no_buffer_space};

}  // namespace

bool is_exhaustion(const boost::system::error_code& ec) {
  return std::any_of(kExhaustion.begin(), kExhaustion.end(),
                     [&ec](errc::errc_t code) { return ec == code; });
}

bool is_exhaustion(std::string_view text) {
  return std::any_of(kExhaustion.begin(), kExhaustion.end(), [text](errc::errc_t code) {
    return text.find(errc::make_error_code(code).message()) != std::string_view::npos;
  });
}

protocol::Status exhausted(const std::string& why) {
  return {protocol::Code::kOverloaded, "the engine can't open another connection: " + why};
}

}  // namespace infergraph::engine
