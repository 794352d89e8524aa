// SPDX-License-Identifier: MIT
/*
 * Under which addresses the ends of conversations appear in a capture: their own, or where they have none, made-up ones
 * that say what they are. docs/export.md has the table.
 */
#ifndef IPCTRACE_READER_CAPTURE_END_H
#define IPCTRACE_READER_CAPTURE_END_H

#include "reader/map.h"
#include "reader/packet.h"
#include "reader/talk.h"

enum capture_interface { CAPTURE_IP, CAPTURE_UNIX, CAPTURE_PIPE, CAPTURE_INTERFACES };

/* Paths that have got numbers. All zero is none; free with map_clear(). */
struct capture_paths {
	struct map numbers;
};

/* The two ends by side, and over which version they talk. */
struct capture_ends {
	struct packet_end ends[2];
	bool is_v6;
	enum capture_interface interface;
};

/*
 * Of a talk as it is known by now. A path that has got its number just now is added to `out` as the name of its
 * address.
 */
struct capture_ends capture_ends(struct capture_paths *paths, const struct talk *talk, struct text *out);

/* Of one message of a talk whose messages have addresses of their own; side 0 is who sent it. */
struct capture_ends capture_message_ends(struct capture_paths *paths, const struct talk_word *word, struct text *out);

#endif
