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

/* From here on a port says nothing about what the program wanted: it was handed out, or looked for. */
#define MASK_PORT_MIN 32768u

struct mask {
	struct map pids;  /* of the trace */
	struct map ports; /* >= MASK_PORT_MIN that were seen */
	uint64_t second;  /* when the trace was made, since the epoch */
};

void mask_clear(struct mask *mask);
int mask_add_pid(struct mask *mask, uint32_t pid);

/* Ports below MASK_PORT_MIN are passed over. */
int mask_add_port(struct mask *mask, uint16_t port);

/* Adds `bytes` to `out`, masked. Whether anything was replaced. */
bool mask_bytes(const struct mask *mask, const uint8_t *bytes, size_t size, struct text *out);

#endif
