// SPDX-License-Identifier: MIT
/*
 * The attributes of a POSIX trace stream: what is behind a trace_attr_t.
 */
#ifndef IPCTRACE_POSIX_ATTRIBUTES_H
#define IPCTRACE_POSIX_ATTRIBUTES_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "trace.h"
#include "posix/record.h"

#define ATTRIBUTES_MAGIC 0x74617270u

#define DATA_SIZE_MAX	(64u << 10) /* what max-data-size may be */
#define STREAM_SIZE_MAX (256u << 20)

struct posix_attributes {
	uint32_t magic;
	int inherited;
	int log_policy;
	int stream_policy; /* 0: not set; what it is then depends on whether there is a log */
	uint64_t stream_size, data_size, log_size;
	struct timespec created;
	char version[TRACE_NAME_MAX];
	char name[TRACE_NAME_MAX];
};

_Static_assert(sizeof(struct posix_attributes) <= sizeof(trace_attr_t), "attributes fit their public type");

/* As posix_trace_attr_init() leaves them. */
struct posix_attributes attributes_default(void);

/* Those behind `attr`; NULL when it was not initialised. */
const struct posix_attributes *attributes_of(const trace_attr_t *attr);

/* For posix_trace_get_attr(). */
void attributes_store(trace_attr_t *attr, const struct posix_attributes *attributes);

#endif
