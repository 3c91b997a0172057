#pragma once

#include <cstdint>

/// Stands in for the global operator new of this program: it can be told to fail.
namespace infergraph::test {

/// The allocation that comes as the `nth` from now on, of any thread but the exempt, throws
/// std::bad_alloc; those after it work again. 0: none.
void fail_allocation(std::uint64_t nth);
/// Whether that is yet to come.
bool is_to_fail();
/// Whether that has happened; no more will.
bool has_failed();

/// This thread's allocations neither count nor fail; or do so again.
void exempt_this_thread(bool is_exempt = true);

/// Allocations that were made and are not freed, of all threads.
std::int64_t live_allocations();

}  // namespace infergraph::test
