// SPDX-License-Identifier: MIT
/*
 * What the log of a POSIX trace stream says of the stream: its attributes, its event types, how it went.
 */
#ifndef IPCTRACE_FORMAT_POSIX_OBJECT_H
#define IPCTRACE_FORMAT_POSIX_OBJECT_H

#include <stdint.h>
#include <msgpack.h>

struct posix_event_type {
	uint32_t id;
	const char *name;
};

/* Numbers are those of include/trace.h. */
struct object_posix {
	const char *name, *version;
	uint64_t created; /* ns since the epoch */
	uint32_t inherited, stream_policy, log_policy;
	uint64_t stream_size, data_size, log_size;
	uint32_t stream_status, stream_full, stream_overrun, flush_error, log_overrun, log_full;
	uint32_t types_count;
	const struct posix_event_type *types; /* those of the program */
};

/* 0, or -ENOMEM when the packer's buffer could not grow. */
int object_pack_posix(msgpack_packer *out, const struct object_posix *posix);

#endif
