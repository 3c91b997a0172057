#pragma once

#include <string>
#include <string_view>

namespace infergraph::engine {

/// Whether every '%' begins the code of a byte that a path may have: any but NUL.
bool is_well_encoded(std::string_view path);

/// Whether every byte of `text` stands for itself in a path (RFC 3986's pchar, and '/'), or is an
/// escape that canonical_path() would write.
bool is_canonical(std::string_view text);

/// The same path with every segment decoded and encoded anew: what may stand for itself does, all
/// else is escaped, in upper case. '/' within a segment stays "%2F", so segments stay what they
/// were. `path` is well encoded.
std::string canonical_path(std::string_view path);

/// True for a segment that stands for this folder or the one above, however it is encoded.
bool is_dotted(std::string_view segment);

/// The path without empty, "." and ".." segments, however these are encoded, as the reference
/// redirects to.
std::string clean_path(std::string_view path);

}  // namespace infergraph::engine
