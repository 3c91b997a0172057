#pragma once

#include <cstddef>
#include <string>

namespace infergraph::engine {

/// The process as a whole: its signals and limits. What is linked to this has descriptors 0 to 2,
/// opened to /dev/null before main() where they were closed: a socket would get their number, and
/// the log's lines.

/// Writing to who is gone is an error of that write, not the end of the process.
void ignore_broken_pipes();

/// SIGHUP, SIGUSR1 and SIGUSR2 end a process that does nothing about them. They mean nothing yet.
void ignore_idle_signals();

/// Raises the soft limit of open files to the hard one, as Go's runtime does: 1,024 are fewer than
/// a server's connections. The processes that it starts would inherit that; there are none.
/// Gives the limit as it is then.
std::size_t raise_open_files();

/// Starts `count` threads that do nothing, and ends them. Gives what is wrong if that can't be:
/// found here it is one line, while a library that lacks a thread in the middle of its start hangs
/// or aborts.
std::string try_threads(int count);

/// Says why the process can't go on, in one line, and ends it with 1: without an orderly end, which
/// would wait for what has not begun.
[[noreturn]] void give_up(const std::string& why);

}  // namespace infergraph::engine
