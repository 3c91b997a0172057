#include "engine/node/retry.hpp"

namespace infergraph::engine {

Repeat repeat_after(const FailedTry& failed) {
  switch (failed.reached) {
    case Reached::kNoConnection:
      return failed.other_addresses > 0 ? Repeat::kElsewhere : Repeat::kNo;
    case Reached::kAnswering:
      return Repeat::kNo;
    case Reached::kPerhapsServed:
      if (!may_be_served_twice(failed.method)) return Repeat::kNo;
      break;
    case Reached::kNotServed:
      break;
  }
  return failed.may_be_stale && !failed.is_repeat ? Repeat::kOnFreshConnection : Repeat::kNo;
}

}  // namespace infergraph::engine
