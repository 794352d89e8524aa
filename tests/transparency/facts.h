// SPDX-License-Identifier: MIT
/*
 * What the subjects of these tests share: a way to state how often they made a call, and to give up.
 *
 * A line "made CALL COUNT" on standard output (or in the file that FACTS names, when the count differs from run to run)
 * is compared with the log by run_transparency.py; a COUNT with a '+' is a lower bound. Only stdio is used for it:
 * libc's own calls are not traced, so stating a fact changes none.
 */
#ifndef IPCTRACE_TESTS_TRANSPARENCY_FACTS_H
#define IPCTRACE_TESTS_TRANSPARENCY_FACTS_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void fact_made(const char *call, unsigned long count)
{
	printf("made %s %lu\n", call, count);
}

/* For counts that are not the same in two runs. */
static inline void fact_made_now(const char *call, unsigned long count)
{
	const char *path = getenv("FACTS");
	FILE *file = path ? fopen(path, "a") : NULL;

	if (!file)
		return;
	fprintf(file, "made %s %lu\n", call, count);
	fclose(file);
}

static inline void __attribute__((format(printf, 1, 2), noreturn)) give_up(const char *what, ...)
{
	int error = errno;
	va_list more;

	va_start(more, what);
	printf("FAILED: ");
	vprintf(what, more);
	printf(" (%s)\n", strerror(error));
	va_end(more);
	fflush(stdout);
	exit(99);
}

/* An address at which there is nothing, without the compiler knowing it. */
static inline void *address_bad(void)
{
	static void *volatile bad = (void *)16;

	return bad;
}

static inline int must(int result, const char *what)
{
	if (result < 0)
		give_up("%s", what);
	return result;
}

#endif
