// SPDX-License-Identifier: MIT
/*
 * A program that puts itself under a seccomp filter has said which system calls it will make, and ours are not among
 * them: from then on the tracer makes none. In strict mode even reading the processor's clock is forbidden, and so is
 * it where the program says so itself.
 */
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "events.h"
#include "originals.h"
#include "preload/capture.h"
#include "preload/image.h"
#include "preload/seccomp.h"

struct sandbox sandbox_enter(bool is_strict)
{
	struct sandbox before = {image.view.no_kernel, image.ticks_source};

	if (image.view.slots && !before.no_kernel)
		stream_map_ahead(&image.view, SLOTS_AHEAD);
	image.view.no_kernel = true;
	if (is_strict)
		ticks_forbid();
	return before;
}

void sandbox_refused(const struct sandbox *before)
{
	image.view.no_kernel = before->no_kernel;
	image.ticks_source = before->ticks_source;
	image_quicken();
}

/* The clock that is forbidden or allowed by the program for itself. */
static void counter_allow(bool is_allowed)
{
	if (!is_allowed)
		ticks_forbid();
	else if (image.ticks_source == TICKS_NONE && !image.view.no_kernel)
		image.ticks_source = live_control.clock_is_tsc ? TICKS_COUNTER : TICKS_KERNEL;
	image_quicken();
}

EXPORT int prctl(int option, ...)
{
	unsigned long words[4];
	struct sandbox before;
	struct capture capture;
	va_list rest;

	va_start(rest, option);
	for (unsigned i = 0; i < 4; i++)
		words[i] = va_arg(rest, unsigned long);
	va_end(rest);
	bool enters = option == PR_SET_SECCOMP, is_traced = CAPTURE_ENABLED(EVENT_prctl);
	capture.slot = NULL;
	capture.args[0] = (uint64_t)option;
	for (unsigned i = 0; i < 4; i++)
		capture.args[i + 1] = words[i];
	if (is_traced)
		capture_enter(&capture, EVENT_prctl, 5, __builtin_return_address(0));
	if (enters)
		before = sandbox_enter(words[0] == SECCOMP_MODE_STRICT);
	if (option == PR_SET_TSC)
		counter_allow(words[0] == PR_TSC_ENABLE);
	int result = real_prctl(option, words[0], words[1], words[2], words[3]);
	if (enters && result != 0)
		sandbox_refused(&before);
	capture_leave(&capture, result);
	return result;
}
