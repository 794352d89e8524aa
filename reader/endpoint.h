// SPDX-License-Identifier: MIT
/*
 * One end's socket address, reduced to what identifies it: IPv4 written as IPv6 is IPv4 again, and the path of an
 * AF_UNIX socket is text ('@' first when abstract). Nothing here knows what sockets are used for.
 */
#ifndef IPCTRACE_READER_ENDPOINT_H
#define IPCTRACE_READER_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENDPOINT_PATH_MAX 112

struct endpoint {
	uint16_t family; /* AF_UNSPEC: not known */
	uint16_t port;	 /* host order; AF_NETLINK: 0 */
	uint8_t ip[16];
	char path[ENDPOINT_PATH_MAX]; /* AF_UNIX; empty when unnamed. Bytes that do not print are '?' */
};

/* Reads a sockaddr of `size` bytes; family AF_UNSPEC when it is too short to say anything. */
struct endpoint endpoint_parse(const uint8_t *bytes, size_t size);

/* Whether this names one place: a port, or a path. */
bool endpoint_is_named(const struct endpoint *endpoint);

/* Whether the address part is the wildcard. */
bool endpoint_is_any(const struct endpoint *endpoint);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
uint64_t endpoint_hash(const struct endpoint *endpoint);

/* `127.0.0.1:6379`, `[::1]:80`, `/run/x.sock`; with `any_port` the port is `*`. Always ends with NUL. */
void endpoint_print(const struct endpoint *endpoint, bool any_port, char *text, size_t size);

#endif
