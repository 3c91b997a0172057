#pragma once

namespace infergraph::engine {

/// Makes a listening TCP socket deaf to whoever begins a handshake from now on: their SYNs are
/// dropped, and they try again later, then elsewhere. Handshakes that have begun still complete,
/// also those that the kernel keeps in a SYN cookie. Connections accepted from now on inherit the
/// filter, where it changes nothing.
///
/// Errors: false where the kernel has no such filter; then nothing has changed.
bool drop_new_handshakes(int listener);

}  // namespace infergraph::engine
