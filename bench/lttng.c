// SPDX-License-Identifier: MIT
/*
 * What somebody would write who wanted the same from LTTng-UST: wrappers that make one event a call, with its arguments
 * and result.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "bench/lttng_provider.h"

#define EXPORT __attribute__((visibility("default")))

enum { CALL_recv, CALL_send, CALL_writev, CALL_readv, CALL_semop, CALL_msgsnd, CALL_msgrcv, CALL_mmap, CALL_munmap };

#define WRAP(type, name, parameters, a, b, c, d, ...)                                                              \
	static type(*real_##name) parameters;                                                                      \
	EXPORT type name parameters                                                                                \
	{                                                                                                          \
		if (!real_##name)                                                                                  \
			real_##name = (__typeof__(real_##name))dlsym(RTLD_NEXT, #name);                            \
		type result = real_##name(__VA_ARGS__);                                                            \
		lttng_ust_tracepoint(bench, call, CALL_##name, (uint64_t)a, (uint64_t)b, (uint64_t)c, (uint64_t)d, \
				     (int64_t)result);                                                             \
		return result;                                                                                     \
	}

WRAP(ssize_t, recv, (int fd, void *bytes, size_t size, int flags), fd, bytes, size, flags, fd, bytes, size, flags)
WRAP(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), fd, bytes, size, flags, fd, bytes, size, flags)
WRAP(ssize_t, writev, (int fd, const struct iovec *parts, int count), fd, parts, count, 0, fd, parts, count)
WRAP(ssize_t, readv, (int fd, const struct iovec *parts, int count), fd, parts, count, 0, fd, parts, count)
WRAP(int, semop, (int id, struct sembuf *operations, size_t count), id, operations, count, 0, id, operations, count)
WRAP(int, msgsnd, (int id, const void *message, size_t size, int flags), id, message, size, flags, id, message, size,
     flags)
WRAP(ssize_t, msgrcv, (int id, void *message, size_t size, long type, int flags), id, message, size, type, id, message,
     size, type, flags)

/* LTTng maps memory itself while it starts; only what comes after that is recorded. */
static int is_started;

#define WRAP_MEMORY(type, name, parameters, a, b, c, d, ...)                                                  \
	static type(*real_##name) parameters;                                                                 \
	EXPORT type name parameters                                                                           \
	{                                                                                                     \
		if (!real_##name)                                                                             \
			real_##name = (__typeof__(real_##name))dlsym(RTLD_NEXT, #name);                       \
		type result = real_##name(__VA_ARGS__);                                                       \
		if (is_started)                                                                               \
			lttng_ust_tracepoint(bench, call, CALL_##name, (uint64_t)a, (uint64_t)b, (uint64_t)c, \
					     (uint64_t)d, (int64_t)result);                                   \
		return result;                                                                                \
	}

WRAP_MEMORY(void *, mmap, (void *at, size_t size, int access, int flags, int fd, off_t offset), at, size, access, flags,
	    at, size, access, flags, fd, offset)
WRAP_MEMORY(int, munmap, (void *at, size_t size), at, size, 0, 0, at, size)

__attribute__((constructor)) static void start(void)
{
	is_started = 1;
}
