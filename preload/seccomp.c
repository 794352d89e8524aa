// SPDX-License-Identifier: MIT
/*
 * A program that puts itself under a seccomp filter has said which system calls it will make, and ours are not among
 * them: from then on the tracer makes none.
 */
#include <stdarg.h>
#include <sys/prctl.h>

#include "events.h"
#include "originals.h"
#include "preload/capture.h"
#include "preload/image.h"

EXPORT int prctl(int option, ...)
{
	unsigned long words[4];
	va_list rest;
	struct capture capture;

	va_start(rest, option);
	for (unsigned i = 0; i < 4; i++)
		words[i] = va_arg(rest, unsigned long);
	va_end(rest);
	if (option == PR_SET_SECCOMP)
		image.view.no_kernel = true;
	if (!CAPTURE_ENABLED(EVENT_prctl))
		return real_prctl(option, words[0], words[1], words[2], words[3]);
	capture.args[0] = (uint64_t)option;
	for (unsigned i = 0; i < 4; i++)
		capture.args[i + 1] = words[i];
	capture_enter(&capture, EVENT_prctl, 5, __builtin_return_address(0));
	int result = real_prctl(option, words[0], words[1], words[2], words[3]);
	capture_leave(&capture, result);
	return result;
}
