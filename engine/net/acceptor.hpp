#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "protocol/status.hpp"

namespace infergraph::engine {

/// A socket that listens, without Asio's any_executor.
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                    boost::asio::io_context::executor_type>;

/// Listens on `port` of each of `addresses`, which are literals; of all, IPv6 and IPv4, if there
/// are none. Where the system picks a port (0) it is the same on all addresses. Error: the port is
/// taken, an address isn't ours.
protocol::Result<std::vector<std::unique_ptr<Acceptor>>> listen_on(
    boost::asio::io_context& context, std::uint16_t port,
    const std::vector<std::string>& addresses);

/// Whether nobody could be accepted for want of descriptors or of memory.
bool is_shortage(const boost::system::error_code& ec);

}  // namespace infergraph::engine
