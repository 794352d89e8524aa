// SPDX-License-Identifier: MIT
/*
 * The heads of IP packets with TCP or UDP in them, with their checksums. Knows nothing of who sends them.
 */
#ifndef IPCTRACE_READER_PACKET_H
#define IPCTRACE_READER_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest head: IPv6, TCP with its options. */
#define PACKET_HEAD_MAX 72u
/* Of TCP, the most that fits into one packet of either version. */
#define PACKET_SEGMENT_MAX 65495u

enum { PACKET_FIN = 1, PACKET_SYN = 2, PACKET_RST = 4, PACKET_PSH = 8, PACKET_ACK = 16 };

struct packet_end {
	uint8_t ip[16]; /* the first 4 of IPv4 */
	uint16_t port;
};

struct packet {
	bool is_v6, is_udp;
	struct packet_end from, to;
	uint32_t sequence, acknowledged; /* TCP */
	uint8_t flags;			 /* TCP; a SYN allows long segments, and much that is under way */
};

/*
 * Writes the head of a packet of `size` bytes of payload, of which `kept` are at `payload`. The checksum of one that is
 * not kept whole cannot be known: it is zero, or all ones where it must not be that. Returns the length of the head, at
 * most PACKET_HEAD_MAX.
 */
size_t packet_head(uint8_t *head, const struct packet *packet, const uint8_t *payload, size_t kept, size_t size);

#endif
