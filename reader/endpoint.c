// SPDX-License-Identifier: MIT
/*
 * Reads and names socket addresses. The bytes come from a log and may be anything.
 */
#include "reader/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "reader/map.h"

static void parse_unix(struct endpoint *endpoint, const uint8_t *path, size_t size)
{
	if (size >= ENDPOINT_PATH_MAX)
		size = ENDPOINT_PATH_MAX - 1;
	bool abstract = size && !path[0];
	for (size_t i = 0; i < size; i++) {
		if (!path[i] && !abstract)
			break;
		endpoint->path[i] = path[i] < ' ' || path[i] > '~' ? '?' : (char)path[i];
	}
	if (abstract)
		endpoint->path[0] = '@';
}

struct endpoint endpoint_parse(const uint8_t *bytes, size_t size)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct endpoint endpoint = {0};
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (size < sizeof(endpoint.family))
		return endpoint;
	memcpy(&endpoint.family, bytes, sizeof(endpoint.family));
	if (endpoint.family == AF_UNIX) {
		parse_unix(&endpoint, bytes + sizeof(sa_family_t), size - sizeof(sa_family_t));
	} else if (endpoint.family == AF_INET && size >= offsetof(struct sockaddr_in, sin_zero)) {
		memcpy(&in, bytes, offsetof(struct sockaddr_in, sin_zero));
		endpoint.port = ntohs(in.sin_port);
		memcpy(endpoint.ip, &in.sin_addr, 4);
	} else if (endpoint.family == AF_INET6 && size >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		memcpy(&in6, bytes, offsetof(struct sockaddr_in6, sin6_scope_id));
		endpoint.port = ntohs(in6.sin6_port);
		memcpy(endpoint.ip, &in6.sin6_addr, 16);
		if (!memcmp(endpoint.ip, mapped, sizeof(mapped))) {
			endpoint.family = AF_INET;
			memmove(endpoint.ip, endpoint.ip + 12, 4);
			memset(endpoint.ip + 4, 0, 12);
		}
	}
	return endpoint;
}

bool endpoint_is_named(const struct endpoint *endpoint)
{
	if (endpoint->family == AF_UNIX)
		return endpoint->path[0];
	return (endpoint->family == AF_INET || endpoint->family == AF_INET6) && endpoint->port;
}

bool endpoint_is_any(const struct endpoint *endpoint)
{
	static const uint8_t zero[16];

	return !memcmp(endpoint->ip, zero, sizeof(zero));
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->family == b->family && a->port == b->port && !memcmp(a->ip, b->ip, sizeof(a->ip)) &&
	       !strcmp(a->path, b->path);
}

uint64_t endpoint_hash(const struct endpoint *endpoint)
{
	uint64_t hash = map_hash(endpoint->family << 16 | endpoint->port, endpoint->ip, sizeof(endpoint->ip));

	return map_hash(hash, endpoint->path, strlen(endpoint->path));
}

void endpoint_print(const struct endpoint *endpoint, bool any_port, char *text, size_t size)
{
	char ip[INET6_ADDRSTRLEN], port[8] = "*";

	if (!any_port)
		snprintf(port, sizeof(port), "%u", endpoint->port);
	switch (endpoint->family) {
	case AF_UNIX:
		snprintf(text, size, "%s", endpoint->path[0] ? endpoint->path : "unnamed");
		break;
	case AF_INET:
		snprintf(text, size, "%s:%s", inet_ntop(AF_INET, endpoint->ip, ip, sizeof(ip)), port);
		break;
	case AF_INET6:
		snprintf(text, size, "[%s]:%s", inet_ntop(AF_INET6, endpoint->ip, ip, sizeof(ip)), port);
		break;
	case AF_NETLINK:
		snprintf(text, size, "kernel");
		break;
	default:
		snprintf(text, size, "family %u", endpoint->family);
	}
}
