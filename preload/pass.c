// SPDX-License-Identifier: MIT
/* See pass.h: what the short way leaves to those that can do everything. */
#include "preload/pass.h"
#include "preload/traits.h"

int64_t pass_slowly(struct capture *capture, uint64_t head, void *site, pass_real *real)
{
	const uint64_t *args = capture->args;

	capture_enter_with(capture, head, site);
	return capture_leave(capture, real(args[0], args[1], args[2], args[3]));
}

int64_t pass_otherwise(struct capture *capture, struct passing passing, int64_t result)
{
	capture->slot = passing.slot;
	capture->head = passing.head;
	capture->enter = passing.enter;
	capture->site = (uint64_t)(uintptr_t)passing.site;
	capture->trait = traits[(uint32_t)passing.head - RECORD_CALL];
	return capture_leave(capture, result);
}
