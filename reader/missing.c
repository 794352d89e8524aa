// SPDX-License-Identifier: MIT
/*
 * See missing.h.
 */
#include "reader/missing.h"

#include <stdio.h>

int missing_say(struct trace *trace, const char *path, const char *done, bool quiet)
{
	const struct trace_loss *loss = trace_loss(trace);
	uint64_t lost = loss->is_closed ? loss->end.lost_full + loss->end.lost_without_slot + loss->end.lost_write +
						  loss->end.lost_invalid
					: loss->lost;
	bool is_damaged = loss->damage_regions || loss->damaged_frames || loss->lost_uncounted;

	if (quiet)
		return is_damaged ? 4 : 0;
	if (!loss->events && !is_damaged)
		fprintf(stderr, "ipctrace: %s: no calls were recorded\n", path);
	if (lost)
		fprintf(stderr, "ipctrace: %s: %lu calls were lost while recording\n", path, (unsigned long)lost);
	if (is_damaged)
		fprintf(stderr, "ipctrace: %s: the trace is damaged, what could be read was %s; see ipctrace check\n",
			path, done);
	return is_damaged ? 4 : 0;
}
