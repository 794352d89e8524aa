// SPDX-License-Identifier: MIT
/*
 * Numbers in texts that mean the run and not the program: times of day, pids, ports that the kernel chose. They are
 * replaced by words, so that texts of two runs can be compared. Knows no calls.
 */
#ifndef IPCTRACE_READER_CANON_MASK_H
#define IPCTRACE_READER_CANON_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/map.h"
#include "reader/text.h"

/* Ports below are the same in every run. Others are called by as how many-th the program chose them. */
#define MASK_PORT_MIN 1024u

struct mask {
	struct map pids;  /* of the trace */
	struct map ports; /* those that were seen: which of the chosen ones + 1, or PORT_OTHER */
	uint32_t chosen;
	uint32_t most_pid;   /* the largest of the pids */
	struct map ipc;	     /* System V ids */
	uint64_t second;     /* when the trace was made, since the epoch */
	const char *renamed; /* as in struct canon_scope; borrowed; NULL: no names of its own */
	size_t renamed_size;
};

void mask_clear(struct mask *mask);
int mask_add_pid(struct mask *mask, uint32_t pid);
int mask_add_ipc(struct mask *mask, uint32_t id);

/*
 * A port was seen; `is_chosen` when the program said the number. The first time counts: who connects to a port that the
 * kernel chose says its number, too. Those below MASK_PORT_MIN are passed over.
 */
int mask_add_port(struct mask *mask, uint16_t port, bool is_chosen);

/* What the port is that was chosen as the one after `before` others. */
uint32_t mask_port_chosen(uint32_t before);

/* What a port is in every run: itself, or the number of a chosen one beyond all ports, or 0. */
uint32_t mask_port(const struct mask *mask, uint16_t port);

/* Adds `text` to `out`, with words of six letters and digits and more that look drawn by lot, as mkstemp's, replaced.
 */
void mask_chance(const char *text, struct text *out);

/* Whether a word looks drawn by lot: capitals or digits in the middle of it. */
bool word_is_chance(const uint8_t *word, size_t size);

/* Adds `bytes` to `out`, masked. Whether anything was replaced. */
bool mask_bytes(const struct mask *mask, const uint8_t *bytes, size_t size, struct text *out);

#endif
