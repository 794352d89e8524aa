// SPDX-License-Identifier: MIT
/*
 * A sample makes one call, once with success and once without, and says on stdout which lines `ipctrace print -e CALL`
 * must print of it. run_sample.py records it and compares. stdio's own calls are not traced, so saying disturbs
 * nothing.
 */
#ifndef IPCTRACE_TESTS_SAMPLE_H
#define IPCTRACE_TESTS_SAMPLE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One expected line. */
#define expect(...) (printf(__VA_ARGS__), putchar('\n'))

/* The result of a call that has just failed, as it is printed. Valid until the next use. */
static inline const char *failure(void)
{
	static char text[128];

	snprintf(text, sizeof(text), "-1 %s (%s)", strerrorname_np(errno), strerror(errno));
	return text;
}

/* The sample cannot be made here: its setting is missing. */
static inline void sample_need(int is_there, const char *what)
{
	if (is_there)
		return;
	fprintf(stderr, "cannot prepare the sample: %s: %s\n", what, strerror(errno));
	exit(77);
}

static inline struct sockaddr_in sample_loopback(in_port_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* A loopback address as it is printed. Valid until the next use. */
static inline const char *sample_inet(in_port_t port)
{
	static char text[128];

	snprintf(text, sizeof(text), "{sa_family=AF_INET, sin_port=htons(%u), sin_addr=inet_addr(\"127.0.0.1\")}",
		 port);
	return text;
}

/* A socket bound to a free loopback port. */
static inline int sample_bound(int type, in_port_t *port)
{
	struct sockaddr_in address = sample_loopback(0);
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, type, 0);

	sample_need(fd >= 0 && !bind(fd, (struct sockaddr *)&address, size) &&
			    !getsockname(fd, (struct sockaddr *)&address, &size),
		    "a bound socket");
	*port = ntohs(address.sin_port);
	return fd;
}

/* A listening socket on a free loopback port. */
static inline int sample_listening(in_port_t *port)
{
	int fd = sample_bound(SOCK_STREAM, port);

	sample_need(!listen(fd, 5), "a listening socket");
	return fd;
}

/* A socket connected to `port`; its own port in *own. */
static inline int sample_connected(in_port_t port, in_port_t *own)
{
	struct sockaddr_in address = sample_loopback(port);
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sample_need(fd >= 0 && !connect(fd, (struct sockaddr *)&address, size) &&
			    !getsockname(fd, (struct sockaddr *)&address, &size),
		    "a connected socket");
	*own = ntohs(address.sin_port);
	return fd;
}

/* Two connected UNIX sockets of `type`. */
static inline void sample_pair(int type, int pair[2])
{
	sample_need(!socketpair(AF_UNIX, type, 0, pair), "a pair of sockets");
}

#endif
