// SPDX-License-Identifier: MIT
/*
 * A hostile traced program: writes over the live area that it is traced into.
 *
 *   scribble SEED MILLISECONDS
 *
 * It maps what `/proc/self/maps` shows of the area once more through IPCTRACE_LIVE, and writes random words at random
 * places, and values that are likely to hurt at places that matter.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "format/live.h"

static uint64_t state;

static uint64_t random_word(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static uint64_t random_value(void)
{
	static const uint64_t nasty[] = {0,	     1,		 7,
					 8,	     LIVE_PAGE,	 INT32_MAX,
					 UINT32_MAX, UINT64_MAX, UINT64_MAX - 7,
					 1ull << 63, 1ull << 32, (1ull << 44) - 1};
	uint64_t kind = random_word() % 4;

	if (kind == 0)
		return nasty[random_word() % (sizeof(nasty) / sizeof(nasty[0]))];
	return kind == 1 ? random_word() % 5000 : random_word();
}

/* Asks the collector for something, or for nothing that there is, in the way of `ipctrace ctl`. */
static void ask(struct control_box *box)
{
	for (size_t i = 0; i < sizeof(box->text) / 8; i++)
		((uint64_t *)box->text)[i] = random_word();
	box->action = (uint32_t)(random_word() % (CONTROL_COUNT + 2));
	box->requested++;
}

/* Control page (but for what says that the collector lives), heads of slots, and heads of records with valid stamps. */
static void strike(uint8_t *area, uint64_t size, uint32_t ring)
{
	uint32_t slot = (uint32_t)(random_word() % 8);
	uint8_t *head = area + live_slot_offset(ring, slot);
	uint64_t position = random_word() % 2 ? ((struct live_slot *)head)->head : random_word() & ~7ull;
	struct record_head record = {record_stamp(position), (uint32_t)random_word(), (uint32_t)random_word() % 200};

	if (live_slot_offset(ring, slot + 1) > size)
		return;
	switch (random_word() % 5) {
	case 0:
		((uint64_t *)area)[random_word() % (LIVE_PAGE / 8)] = random_value();
		break;
	case 1:
		((uint64_t *)head)[random_word() % (sizeof(struct live_slot) / 8)] = random_value();
		break;
	case 2:
		*(struct record_head *)(head + LIVE_PAGE + (position & (ring - 1))) = record;
		break;
	case 3:
		ask(&((struct live_control *)area)->box);
		break;
	default:
		((uint64_t *)(head + LIVE_PAGE))[random_word() % (ring / 8)] = random_value();
	}
}

static uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	const char *path = getenv("IPCTRACE_LIVE");
	int fd = path ? open(path, O_RDWR) : -1;
	struct stat status;

	if (argc != 3 || fd < 0 || fstat(fd, &status))
		return 2;
	uint64_t end = milliseconds() + strtoull(argv[2], NULL, 10), size = (uint64_t)status.st_size;
	uint8_t *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		return 2;
	uint32_t ring = ((struct live_control *)area)->ring_size;
	state = strtoull(argv[1], NULL, 10) * 2654435761u + 1;
	/* the tracer inside this very program is not to be trusted from here on: no traced call but one */
	while (milliseconds() < end) {
		for (int i = 0; i < 200; i++)
			strike(area, size, ring);
		shutdown(-1, 0);
	}
	_exit(0);
}
