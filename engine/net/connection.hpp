#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "base/async/awaitable.hpp"
#include "base/async/event.hpp"
#include "engine/net/block.hpp"
#include "engine/net/ticker.hpp"

namespace infergraph::engine {

/// A socket bound to the executor of one I/O thread; any_io_executor would cost a virtual call and
/// a reference count at every operation.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// A head and a body on their way out, written with one system call where the kernel lets us.
class Outgoing {
 public:
  Outgoing(std::string_view head, std::string_view body);
  bool done() const { return first_ == parts_.size(); }
  /// Nothing of it has been written yet.
  bool untouched() const { return untouched_; }
  void advance(std::size_t written);
  const iovec* parts() const { return parts_.data() + first_; }
  std::size_t count() const { return parts_.size() - first_; }

 private:
  void skip_empty();

  std::array<iovec, 2> parts_;
  std::size_t first_ = 0;
  bool untouched_ = true;
};

/// A TCP connection that always has a read pending, into the block of the message that comes next.
/// So the end of the peer is noticed at once, idle or in the middle of a walk, without a system
/// call more than reading takes anyway.
///
/// Threads: one. Reference counted without atomics: a pending read holds it.
class Connection
    : public boost::intrusive_ref_counter<Connection, boost::sp_adl_block::thread_unsafe_counter> {
 public:
  /// Told what comes while no coroutine waits for it.
  class Watcher {
   public:
    virtual void on_bytes_or_end() = 0;

   protected:
    ~Watcher() = default;
  };

  explicit Connection(Socket socket);
  virtual ~Connection() = default;

  Socket& socket() { return socket_; }
  /// The watcher must stay alive until it is replaced; null for none.
  void set_watcher(Watcher* watcher) { watcher_ = watcher; }

  /// Bytes go into `block` from now on. No read may be pending, unless it is the same block.
  void set_block(std::shared_ptr<Block> block) { block_ = std::move(block); }
  const std::shared_ptr<Block>& block() const { return block_; }

  /// Sees to it that a read is pending, if there is room and the peer has not ended.
  void start_read();
  bool ended() const { return ended_; }
  /// Why it ended; end-of-file for an orderly end.
  boost::system::error_code end_reason() const { return end_reason_; }
  /// Sleeps until bytes come, the end, or wake(). Look at ended() before.
  auto wait() { return event_.wait(); }
  /// Wakes who waits, for a reason of the waker's own.
  void wake() { event_.notify(); }

  /// Writes what the kernel takes now. True when everything has gone; false with `ec` unset when
  /// the kernel is full.
  bool write_now(Outgoing& outgoing, boost::system::error_code& ec);
  /// Writes the rest, however long it takes. `progress`'s deadline moves on with each step by
  /// `timeout`, unless that is zero. `until_answer`: gives up without an error as soon as the peer
  /// sends something or ends. Ends with an error when close() is called meanwhile.
  Awaitable<boost::system::error_code> write_rest(Outgoing& outgoing, Timed& progress,
                                                  Clock::duration timeout, bool until_answer);

  /// True when bytes, or the end, wait in the kernel.
  bool has_unread();
  /// True when the peer is known to have gone, found by asking the kernel: for the request that
  /// must not be sent twice, and for a caller who isn't read from because he has sent more already.
  bool peer_has_gone();

  /// Ends everything pending with an error, soon and not from within the call.
  void close();

 private:
  void on_read(boost::system::error_code ec, std::size_t count);

  Socket socket_;
  std::shared_ptr<Block> block_;
  Event event_;
  Watcher* watcher_ = nullptr;
  boost::system::error_code end_reason_;
  bool reading_ = false;
  bool awaiting_room_ = false;
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace infergraph::engine
