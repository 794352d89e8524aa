// SPDX-License-Identifier: MIT
/*
 * AddressSanitizer's runtime refuses to run when another library was loaded before it. It asks programs for their
 * default options through this function, before it looks; ours chains to its interceptors as to anybody's.
 */
#include "preload/capture.h"

EXPORT const char *__asan_default_options(void);

EXPORT const char *__asan_default_options(void)
{
	return "verify_asan_link_order=0";
}
