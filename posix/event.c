// SPDX-License-Identifier: MIT
/*
 * posix_trace_event(): the trace point. For any context, signal handlers included; makes no system call but to wake
 * somebody who waits for events, and changes no errno.
 */
#include "posix/streams.h"

/*
 * The stream may be shut down meanwhile: it is held before it is looked whether it is still there. Nothing of it but
 * the count of its users is looked at before.
 */
static void entry_record(uint32_t index, const struct posix_written *written)
{
	struct posix_stream *stream = &posix_entries[index].stream;

	__atomic_fetch_add(&stream->users, 1, __ATOMIC_SEQ_CST);
	if ((__atomic_load_n(&posix_tracing, __ATOMIC_SEQ_CST) >> index & 1) &&
	    stream_wants(stream->shared, written->event))
		stream_record(stream, written);
	__atomic_fetch_sub(&stream->users, 1, __ATOMIC_RELEASE);
}

PUBLIC void posix_trace_event(trace_event_id_t event_id, const void *restrict data_ptr, size_t data_len)
{
	uint32_t tracing = __atomic_load_n(&posix_tracing, __ATOMIC_RELAXED);

	if (__builtin_expect(!tracing, 1))
		return;
	if (event_id != POSIX_TRACE_UNNAMED_USER_EVENT && (event_id < EVENT_USER_FIRST || event_id >= EVENT_CALL_FIRST))
		return;
	const struct posix_written written = {event_id, data_ptr, data_ptr ? data_len : 0,
					      (uint64_t)(uintptr_t)__builtin_return_address(0)};
	for (; tracing; tracing &= tracing - 1)
		entry_record((uint32_t)__builtin_ctz(tracing), &written);
}
