// SPDX-License-Identifier: MIT
/* The one event that bench/lttng.c writes a call. LTTng's own headers read it several times, hence the odd guard. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "bench/lttng_provider.h"

#if !defined(IPCTRACE_BENCH_LTTNG_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define IPCTRACE_BENCH_LTTNG_PROVIDER_H

#include <lttng/tracepoint.h>
#include <stdint.h>

LTTNG_UST_TRACEPOINT_EVENT(bench, call,
			   LTTNG_UST_TP_ARGS(int, call, uint64_t, a, uint64_t, b, uint64_t, c, uint64_t, d, int64_t,
					     result),
			   LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(int, call, call)
						       lttng_ust_field_integer(uint64_t, a, a)
							       lttng_ust_field_integer_hex(uint64_t, b, b)
								       lttng_ust_field_integer(uint64_t, c, c)
									       lttng_ust_field_integer(uint64_t, d, d)
										       lttng_ust_field_integer(
											       int64_t, result, result)))

#endif

#include <lttng/tracepoint-event.h>
