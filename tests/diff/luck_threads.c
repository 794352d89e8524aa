// SPDX-License-Identifier: MIT
/*
 * Two threads that do the same: which of them does what, and what their allocator keeps, is luck.
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "luck.h"

#define PIECES 6

static const char *event;
static int pair[2];

static bool is(const char *name)
{
	return !strcmp(event, name);
}

/* Late: every second piece is done by the second thread; wrong: likewise, and one of them is done wrong. */
static void *work(void *argument)
{
	intptr_t own = (intptr_t)argument;

	for (int i = 0; i < PIECES; i++) {
		char text[40];
		if (own != (is("early") ? 0 : i % 2))
			continue;
		int size =
			snprintf(text, sizeof(text), "piece %c of the work", "abcdef"[is("wrong") && i == 3 ? 4 : i]);
		if (send(pair[0], text, (size_t)size, 0) < 0)
			err(1, "send");
	}
	return NULL;
}

static void run_both(void *(*routine)(void *))
{
	pthread_t threads[2];

	for (intptr_t i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, routine, (void *)i))
			errx(1, "no thread");
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

int luck_work(const char *chosen)
{
	event = chosen;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		err(1, "socketpair");
	run_both(work);
	return 0;
}

static void *do_nothing(void *argument)
{
	return argument;
}

#define ALIGNED (1u << 20)

/*
 * An allocator that wants memory at a round address cuts off what is too much. Early: all of it is before it; late: it
 * lies on both sides; wrong: something of it is kept.
 */
int luck_trim(const char *chosen)
{
	size_t before = !strcmp(chosen, "early") ? ALIGNED - 4096 : 8192, behind = ALIGNED - 4096 - before;
	char *piece = mmap(NULL, 2 * ALIGNED - 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (piece == MAP_FAILED)
		err(1, "mmap");
	munmap(piece, before);
	if (behind)
		munmap(piece + before + ALIGNED, !strcmp(chosen, "wrong") ? behind - 4096 : behind);
	/* Something else, so that the end is not a part of the same. */
	close(dup(1));
	if (strcmp(chosen, "less"))
		munmap(piece + before, ALIGNED);
	return 0;
}

/* Early and late: one more or less is given back of those of which some are kept; wrong: of all but one. */
int luck_memory(const char *chosen)
{
	int given_back = !strcmp(chosen, "early") ? 2 : !strcmp(chosen, "late") ? 3 : !strcmp(chosen, "wrong") ? 5 : 6;
	void *pieces[PIECES];

	run_both(do_nothing);
	for (int i = 0; i < PIECES; i++) {
		pieces[i] = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (pieces[i] == MAP_FAILED)
			err(1, "mmap");
	}
	for (int i = 0; i < given_back; i++)
		munmap(pieces[i], 1 << 20);
	return 0;
}
