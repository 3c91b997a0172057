#include "engine/net/acceptor.hpp"

#include <utility>

#include <boost/asio/ip/v6_only.hpp>

namespace infergraph::engine {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

std::unique_ptr<Acceptor> listen_at(asio::io_context& context, const tcp::endpoint& endpoint,
                                    bool ipv6_only, boost::system::error_code& ec) {
  auto acceptor = std::make_unique<Acceptor>(context);
  acceptor->open(endpoint.protocol(), ec);
  if (!ec) acceptor->set_option(Acceptor::reuse_address(true), ec);
  if (!ec && endpoint.protocol() == tcp::v6()) {
    acceptor->set_option(asio::ip::v6_only(ipv6_only), ec);
  }
  if (!ec) acceptor->bind(endpoint, ec);
  if (!ec) acceptor->listen(Acceptor::max_listen_connections, ec);
  if (!ec) acceptor->non_blocking(true);
  return acceptor;
}

}  // namespace

protocol::Result<std::vector<std::unique_ptr<Acceptor>>> listen_on(
    asio::io_context& context, std::uint16_t port, const std::vector<std::string>& addresses) {
  std::vector<std::unique_ptr<Acceptor>> acceptors;
  boost::system::error_code ec;
  std::string where = "port " + std::to_string(port);
  if (addresses.empty()) {
    acceptors.push_back(listen_at(context, {tcp::v6(), port}, false, ec));
    // A kernel without IPv6.
    if (ec && ec != asio::error::address_in_use) {
      acceptors.back() = listen_at(context, {tcp::v4(), port}, false, ec);
    }
  }
  for (const std::string& text : addresses) {
    const auto address = asio::ip::make_address(text, ec);
    where = text + ", port " + std::to_string(port);
    // An address that is given means itself.
    if (!ec) acceptors.push_back(listen_at(context, {address, port}, true, ec));
    if (ec) break;
    port = acceptors.front()->local_endpoint().port();
  }
  if (ec) {
    return protocol::Status(protocol::Code::kUnavailable,
                            "failed to listen on " + where + ": " + ec.message());
  }
  return acceptors;
}

bool is_shortage(const boost::system::error_code& ec) {
  return ec == asio::error::no_descriptors || ec == asio::error::no_buffer_space ||
         ec == asio::error::no_memory || ec == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace infergraph::engine
