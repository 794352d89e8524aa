// SPDX-License-Identifier: MIT
/*
 * See progress.h.
 */
#include "reader/progress.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* ms: before anything is shown, and between two lines. */
#define PATIENCE 1000u
#define INTERVAL 200u

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, bool is_wanted)
{
	*progress = (struct progress){.begin = now_ms(), .is_wanted = is_wanted && isatty(STDERR_FILENO)};
}

void progress_add(struct progress *progress, uint64_t events)
{
	uint64_t now = now_ms();

	atomic_fetch_add(&progress->events, events);
	if (!progress->is_wanted || now < progress->begin + PATIENCE || now < progress->shown + INTERVAL)
		return;
	progress->shown = now;
	fprintf(stderr, "\r%llu events read ", (unsigned long long)atomic_load(&progress->events));
}

void progress_end(const struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
}
