// SPDX-License-Identifier: MIT
/*
 * The least that an LD_PRELOAD tracer can be: wrappers that only pass on. Built with SHIM_CLOCK, they read the clock
 * twice, which is what the cost of ipctrace is compared with; with SHIM_COUNTER the processor's counter, which is the
 * least that whoever tells when a call began and ended must do.
 */
#include <dlfcn.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#ifdef SHIM_CLOCK
static inline void look(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
}
#elif defined(SHIM_COUNTER)
static inline void look(void)
{
	__asm__ volatile("rdtsc" : : : "rax", "rdx");
}
#else
static inline void look(void)
{
}
#endif

#define EXPORT __attribute__((visibility("default")))
#define WRAP(type, name, parameters, ...)               \
	static type(*real_##name) parameters;           \
	EXPORT type name parameters                     \
	{                                               \
		look();                                 \
		type result = real_##name(__VA_ARGS__); \
		look();                                 \
		return result;                          \
	}

WRAP(ssize_t, recv, (int fd, void *bytes, size_t size, int flags), fd, bytes, size, flags)
WRAP(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), fd, bytes, size, flags)
WRAP(ssize_t, writev, (int fd, const struct iovec *parts, int count), fd, parts, count)
WRAP(ssize_t, readv, (int fd, const struct iovec *parts, int count), fd, parts, count)
WRAP(int, semop, (int id, struct sembuf *operations, size_t count), id, operations, count)
WRAP(int, msgsnd, (int id, const void *message, size_t size, int flags), id, message, size, flags)
WRAP(ssize_t, msgrcv, (int id, void *message, size_t size, long type, int flags), id, message, size, type, flags)
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), fd, message, flags)
WRAP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), fd, message, flags)
WRAP(int, epoll_wait, (int fd, struct epoll_event *events, int count, int limit), fd, events, count, limit)
WRAP(int, poll, (struct pollfd * ends, nfds_t count, int limit), ends, count, limit)
WRAP(void *, mmap, (void *at, size_t size, int access, int flags, int fd, off_t offset), at, size, access, flags, fd,
     offset)
WRAP(int, munmap, (void *at, size_t size), at, size)

#define RESOLVE(name) real_##name = (__typeof__(real_##name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void resolve(void)
{
	RESOLVE(recv);
	RESOLVE(send);
	RESOLVE(writev);
	RESOLVE(readv);
	RESOLVE(semop);
	RESOLVE(msgsnd);
	RESOLVE(msgrcv);
	RESOLVE(sendmsg);
	RESOLVE(recvmsg);
	RESOLVE(epoll_wait);
	RESOLVE(poll);
	RESOLVE(mmap);
	RESOLVE(munmap);
}
