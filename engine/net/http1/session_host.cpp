#include "engine/net/http1/session_host.hpp"

#include <array>
#include <ctime>

#include "engine/net/http1/response_head.hpp"

namespace infergraph::engine {

SessionHost::SessionHost(IoThread& io_thread, HttpService& its_service, MessageLimits its_limits,
                         SessionTimeouts its_timeouts)
    : io(io_thread),
      service(its_service),
      limits(its_limits),
      timeouts(its_timeouts),
      fixed_lines(header_lines(its_service.fixed_headers().fields())) {}

std::string_view SessionHost::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> text{};
    const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    date_.assign(text.data(), size);
  }
  return date_;
}

}  // namespace infergraph::engine
