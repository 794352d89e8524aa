// SPDX-License-Identifier: MIT
/*
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng), in the byte order of this machine, added to a text. Knows
 * nothing of what is in the packets.
 */
#ifndef IPCTRACE_READER_CAPTURE_FILE_H
#define IPCTRACE_READER_CAPTURE_FILE_H

#include "reader/text.h"

/* The head of the file, and then one of each interface, in the order of their numbers; its packets are raw IP. */
void capture_file_begin(struct text *out, const char *application, const char *machine, const char *comment);
void capture_file_interface(struct text *out, const char *name, const char *description);

/* A name for an IPv6 address. */
void capture_file_name(struct text *out, const uint8_t ip[16], const char *name);

/*
 * A packet at `time`, ns since the epoch: a head and `kept` of `size` bytes behind it. `comment` need not end with NUL.
 */
struct capture_packet {
	uint32_t interface;
	uint64_t time;
	const uint8_t *head;
	size_t head_size;
	const uint8_t *payload;
	size_t kept, size;
	const char *comment;
	size_t comment_size;
};

void capture_file_packet(struct text *out, const struct capture_packet *packet);

#endif
