// SPDX-License-Identifier: MIT
/*
 * Made-up addresses are of 2001:db8::/32, which is kept for documentation (RFC 3849) and routed nowhere. Their numbers
 * are written in decimal digits, so that 2001:db8::4711 is process 4711.
 */
#include "reader/capture_end.h"

#include <string.h>
#include <sys/socket.h>

#include "reader/capture_file.h"

/* The ports that nobody is assigned (RFC 6335), so that no dissector takes them for its own. */
#define PORT_FIRST 49152u
#define PORT_COUNT 16384u
/* Beyond so many paths, others are all the same. */
#define PATHS_MAX 262144u

enum made_up { MADE_PROCESS, MADE_PATH, MADE_PAIR, MADE_PIPE };

static uint16_t port_of(uint64_t number)
{
	return (uint16_t)(PORT_FIRST + number % PORT_COUNT);
}

/* The decimal digits of a number as hexadecimal ones, in two groups of an address. */
static void put_digits(uint8_t *groups, uint64_t number)
{
	for (int i = 3; i >= 0; i--, number /= 100)
		groups[i] = (uint8_t)(number % 10 | number / 10 % 10 << 4);
}

static struct packet_end make_end(enum made_up sort, uint64_t number, uint16_t port)
{
	struct packet_end end = {.ip = {0x20, 0x01, 0x0d, 0xb8, 0, (uint8_t)sort}, .port = port};

	put_digits(end.ip + 12, number);
	return end;
}

/* One of two: the number stands before the last group. */
static struct packet_end make_half(enum made_up sort, uint64_t number, uint8_t half)
{
	struct packet_end end = {.ip = {0x20, 0x01, 0x0d, 0xb8, 0, (uint8_t)sort}, .port = PORT_FIRST};

	put_digits(end.ip + 10, number);
	end.ip[15] = half;
	return end;
}

static struct packet_end path_end(struct capture_paths *paths, const char *path, struct text *out)
{
	uint64_t key = map_hash(AF_UNIX, path, strlen(path));
	uint64_t number = (uintptr_t)map_get(&paths->numbers, key);
	struct packet_end end;

	if (number)
		return make_end(MADE_PATH, number, PORT_FIRST);
	if (paths->numbers.count < PATHS_MAX) {
		number = paths->numbers.count + 1ull;
		if (map_put(&paths->numbers, key, (void *)(uintptr_t)number))
			out->failed = true;
	}
	end = make_end(MADE_PATH, number, PORT_FIRST);
	if (number)
		capture_file_name(out, end.ip, path);
	return end;
}

static struct packet_end unix_end(struct capture_paths *paths, const struct endpoint *endpoint, uint32_t pid,
				  uint16_t port, struct text *out)
{
	return endpoint->path[0] ? path_end(paths, endpoint->path, out) : make_end(MADE_PROCESS, pid, port);
}

static bool is_loopback(const struct endpoint *endpoint)
{
	static const uint8_t v6[16] = {[15] = 1};

	return endpoint->family == AF_INET ? endpoint->ip[0] == 127 : !memcmp(endpoint->ip, v6, sizeof(v6));
}

/* An address of which a part is not known; who talks to this very host's loopback is there. */
static struct packet_end internet_end(const struct endpoint *endpoint, const struct endpoint *other, bool is_v6,
				      uint64_t number)
{
	uint16_t family = is_v6 ? AF_INET6 : AF_INET;
	struct packet_end end = {.port = endpoint->port ? endpoint->port : port_of(number)};

	if (endpoint->family == family && !endpoint_is_any(endpoint))
		memcpy(end.ip, endpoint->ip, sizeof(end.ip));
	else if (other->family == family && is_loopback(other))
		memcpy(end.ip, other->ip, sizeof(end.ip));
	return end;
}

static struct capture_ends internet_ends(const struct endpoint *from, const struct endpoint *to, uint64_t number)
{
	struct capture_ends made = {.interface = CAPTURE_IP};

	/* "::" may speak to IPv4: the end that has an address decides */
	made.is_v6 = endpoint_is_any(to) ? from->family == AF_INET6 : to->family == AF_INET6;
	made.ends[0] = internet_end(from, to, made.is_v6, number);
	made.ends[1] = internet_end(to, from, made.is_v6, number);
	return made;
}

struct capture_ends capture_ends(struct capture_paths *paths, const struct talk *talk, struct text *out)
{
	struct capture_ends made = {.is_v6 = true, .interface = CAPTURE_UNIX};
	uint64_t number = talk->number + 1;

	if (talk->carrier == TALK_PIPE) {
		made.interface = CAPTURE_PIPE;
		made.ends[0] = make_half(MADE_PIPE, number, 1); /* as in pipefd[1] */
		made.ends[1] = make_half(MADE_PIPE, number, 0);
	} else if (talk->is_pair) {
		made.ends[0] = make_half(MADE_PAIR, number, 0xa);
		made.ends[1] = make_half(MADE_PAIR, number, 0xb);
	} else if (talk->carrier == TALK_UNIX) {
		made.ends[0] = unix_end(paths, &talk->ends[0], talk->pids[0], port_of(talk->number), out);
		made.ends[1] = unix_end(paths, &talk->ends[1], talk->pids[1], port_of(talk->number), out);
		/* who connects may have bound its end to the same sort of place */
		made.ends[0].port = port_of(talk->number);
	} else {
		made = internet_ends(&talk->ends[0], &talk->ends[1], talk->number);
	}
	return made;
}

struct capture_ends capture_message_ends(struct capture_paths *paths, const struct talk_word *word, struct text *out)
{
	struct capture_ends made = {.is_v6 = true, .interface = CAPTURE_UNIX};

	if (word->talk->carrier == TALK_UDP)
		return internet_ends(&word->from, &word->to, word->talk->number);
	made.ends[0] = unix_end(paths, &word->from, word->is_heard ? 0 : word->by.pid, PORT_FIRST, out);
	made.ends[1] = unix_end(paths, &word->to, word->is_heard ? word->by.pid : 0, PORT_FIRST, out);
	return made;
}
