// SPDX-License-Identifier: MIT
/*
 * What the samples share: printing the line that is expected of a call, giving up, and a few things to call upon.
 *
 * A sample makes its call and prints, from its own variables, the line that `ipctrace print` must show for it. It must
 * not look at a trace, and it makes its own call as often as it prints a line, never in passing.
 */
#ifndef IPCTRACE_TESTS_SAMPLE_H
#define IPCTRACE_TESTS_SAMPLE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRINTS_CALL __attribute__((format(printf, 2, 3)))

/* Lines leave at once: what follows may be a fork, an exec or an _exit. */
__attribute__((constructor)) static void output_begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/* The machine cannot do what the sample shows. */
__attribute__((noreturn)) static inline void sample_skip(const char *reason)
{
	fprintf(stderr, "%s: %s\n", reason, strerror(errno));
	exit(77);
}

/* What the sample needs beside its own call; its result. Sandboxes refuse this and that, and may have no network. */
#define must(call) must_succeed((long)(call), #call)
static inline long must_succeed(long result, const char *call)
{
	if (result != -1)
		return result;
	if (errno == ENOSYS || errno == EPERM || errno == ENETUNREACH || errno == EADDRNOTAVAIL)
		sample_skip(call);
	perror(call);
	exit(1);
}

/* The call, and " = " in the column in which the reader has it. */
static inline void expect_call(const char *call, va_list values)
{
	char text[16384];

	vsnprintf(text, sizeof(text), call, values);
	printf("%-39s = ", text);
}

/* " EBADF (Bad file descriptor)" behind what is already there. */
static inline void expect_reason(int error)
{
	if (error)
		printf(" %s (%s)", strerrorname_np(error), strerror(error));
	printf("\n");
	errno = error;
}

/* A call of which -1 says that it failed, with errno as the call left it. */
PRINTS_CALL static inline void expect(long result, const char *call, ...)
{
	int error = errno;
	va_list values;

	va_start(values, call);
	expect_call(call, values);
	va_end(values);
	printf("%ld", result);
	if (result == -1)
		expect_reason(error);
	else
		printf("\n");
}

/* The same with a result whose parts have names. */
__attribute__((format(printf, 3, 4))) static inline void expect_named(long result, const char *names, const char *call,
								      ...)
{
	va_list values;

	va_start(values, call);
	expect_call(call, values);
	va_end(values);
	printf(strncmp(names, "flags ", 6) ? "%ld (%s)\n" : "%#lx (%s)\n", result, names);
}

/* The same with an address as its result; NULL and MAP_FAILED say that it failed. */
PRINTS_CALL static inline void expect_address(const void *result, const char *call, ...)
{
	int error = errno;
	va_list values;

	va_start(values, call);
	expect_call(call, values);
	va_end(values);
	printf(!result ? "NULL" : result == MAP_FAILED ? "-1" : "%p", result);
	if (!result || result == MAP_FAILED)
		expect_reason(error);
	else
		printf("\n");
}

/* A call that returns its error number. */
PRINTS_CALL static inline void expect_error(int error, const char *call, ...)
{
	va_list values;

	va_start(values, call);
	expect_call(call, values);
	va_end(values);
	printf("%d", error);
	if (error)
		expect_reason(error);
	else
		printf("\n");
}

/* A result that is not a number: "?" of a call that does not return, or a name. */
PRINTS_CALL static inline void expect_text(const char *result, const char *call, ...)
{
	va_list values;

	va_start(values, call);
	expect_call(call, values);
	va_end(values);
	printf("%s\n", result);
}

/* A file of this folder with `content` in it, open for reading and writing, at its beginning. */
static inline int file_with(const char *name, const char *content)
{
	int fd = (int)must(open(name, O_RDWR | O_CREAT | O_TRUNC, 0600));
	FILE *file = fopen(name, "w");

	if (!file || fputs(content, file) < 0 || fclose(file)) {
		perror(name);
		exit(1);
	}
	return fd;
}

/* From here on no descriptor can be had: EMFILE. */
static inline void forbid_descriptors(void)
{
	const struct rlimit none = {0, 0};

	must(setrlimit(RLIMIT_NOFILE, &none));
}

/* "/ipctrace-sample-PID": for what lives in names of the whole machine. */
static inline const char *own_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "/ipctrace-sample-%d", (int)getpid());
	return name;
}

#define PAGE 4096

/* Pages to read and write. */
static inline char *pages_of(unsigned count)
{
	return (char *)must(mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* Two sockets that are connected. */
struct ends {
	int near, far;
};

static inline struct ends pair_of(int type)
{
	int fds[2];

	must(socketpair(AF_UNIX, type, 0, fds));
	return (struct ends){fds[0], fds[1]};
}

static inline struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A socket on a free port of the loopback interface, and its address. */
static inline int socket_on_loopback(int type, struct sockaddr_in *address)
{
	int fd = (int)must(socket(AF_INET, type, 0));
	socklen_t size = sizeof(*address);

	*address = loopback(0);
	must(bind(fd, (struct sockaddr *)address, size));
	must(getsockname(fd, (struct sockaddr *)address, &size));
	return fd;
}

/* How a sockaddr is printed; the text is good until the fourth call from here. */
static inline const char *address_text(const struct sockaddr_in *address)
{
	static char texts[4][128];
	static unsigned next;
	char *text = texts[next++ % 4];

	snprintf(text, sizeof(texts[0]), "{sa_family=AF_INET, sin_port=htons(%u), sin_addr=inet_addr(\"%s\")}",
		 ntohs(address->sin_port), inet_ntoa(address->sin_addr));
	return text;
}

#endif
