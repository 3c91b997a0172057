#pragma once

#include <rapidjson/document.h>

#include <boost/system/result.hpp>

#include "engine/net/http_service.hpp"
#include "engine/tools/stub/seldon/answer.hpp"

namespace infergraph::engine {

/// A T, or what the wrapper answers instead.
template <typename T>
using WrapperResult = boost::system::result<T, StubAnswer>;

/// Reads the message of a call as the wrapper does (docs/wire/wrapper.md §2): a multipart
/// form, the field or the argument `json`, or a body whose Content-Type is JSON's. A body that is
/// packed is not unpacked. Threads: any. Errors: 400 for no JSON; 500 for a form that holds none.
WrapperResult<void> read_wrapper_request(const HttpRequest& request, rapidjson::Document& into);

}  // namespace infergraph::engine
