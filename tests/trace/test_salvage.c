// SPDX-License-Identifier: MIT
/*
 * Live areas that a collector left behind, whole, cut off and damaged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <criterion/criterion.h>

#include "tests/trace/ring_maker.h"

#define SLOTS	  2
#define AREA_SIZE (LIVE_PAGE + SLOTS * (LIVE_PAGE + MAKER_RING))

static char path[] = "/tmp/ipctrace-test-XXXXXX";
static _Alignas(LIVE_PAGE) uint8_t area[AREA_SIZE];
static struct live_counts counts;
static struct log_trouble trouble;
static struct log_writer *memory;

/* An area of two slots: ten calls of one thread, five of another. */
static void area_make(void)
{
	struct live_control *control = (struct live_control *)area;

	*control = (struct live_control){.magic = LIVE_MAGIC,
					 .version = LIVE_VERSION,
					 .calls_count = catalogue_builtin.calls_count,
					 .catalogue_hash = live_catalogue_hash(&catalogue_builtin),
					 .ring_size = MAKER_RING,
					 .slots_count = SLOTS,
					 .slots_used = SLOTS,
					 .slots_ready = SLOTS,
					 .frames_begun = 5};
	for (uint32_t i = 0; i < SLOTS; i++) {
		struct ring_maker maker;
		ring_maker_init(&maker);
		ring_maker_thread(&maker, 7, 8 + i);
		for (int j = 0; j < (i ? 5 : 10); j++)
			ring_maker_call(&maker, j, 100 + (uint64_t)j);
		memcpy(area + live_slot_offset(MAKER_RING, i), maker.slot, LIVE_PAGE + MAKER_RING);
		ring_maker_free(&maker);
	}
}

static void area_write(size_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	cr_assert_eq(write(fd, area, size), (ssize_t)size);
	close(fd);
}

static struct live_slot *slot_at(uint32_t index)
{
	return (struct live_slot *)(area + live_slot_offset(MAKER_RING, index));
}

static int salvage(uint64_t frames)
{
	const struct log_head head = {.tool_version = "test", .catalogue = &catalogue_builtin};

	log_writer_free(memory);
	cr_assert_eq(log_writer_open_memory(&memory, &head), 0);
	return live_area_salvage(path, &catalogue_builtin, frames, memory, &counts, &trouble);
}

static void start(void)
{
	cr_assert_geq(mkstemp(path), 0);
	area_make();
}

static void end(void)
{
	log_writer_free(memory);
	unlink(path);
}

TestSuite(salvage, .init = start, .fini = end, .timeout = 120);

Test(salvage, takes_every_slot_of_an_area_whose_log_has_nothing)
{
	area_write(AREA_SIZE);
	cr_assert_eq(salvage(0), 0, "%s", trouble.text);
	cr_assert_eq(counts.events, 15);
	cr_assert_eq(counts.threads, 2);
}

Test(salvage, begins_where_the_last_frame_of_the_log_ended)
{
	struct live_slot *slot = slot_at(0);
	uint64_t call = sizeof(struct record_call) + 16;

	/* frame 3 took four calls; frame 4, which took all, is not in the log */
	slot->taken[0].frames = 4;
	slot->taken[0].cursor = (struct live_cursor){
		.position = sizeof(struct record_thread) + 4 * call, .sequence = 4, .slot_made = 5, .pid = 7, .tid = 8};
	slot->taken[1].frames = 5;
	slot->taken[1].cursor.position = slot->head;
	area_write(AREA_SIZE);
	cr_assert_eq(salvage(4), 0);
	cr_assert_eq(counts.events, 6 + 5);
	cr_assert_eq(salvage(5), 0);
	cr_assert_eq(counts.events, 5);
	/* an entry that was being written when the collector died does not count */
	slot->taken[1].frames = UINT64_MAX;
	area_write(AREA_SIZE);
	cr_assert_eq(salvage(5), 0);
	cr_assert_eq(counts.events, 6 + 5);
}

/*
 * A copy of an area that was written meanwhile has pieces of a later time: what stands beside them may lie partly in
 * them, however whole its head is.
 */
Test(salvage, takes_nothing_that_may_lie_partly_in_what_is_newer)
{
	struct live_control *control = (struct live_control *)area;
	uint64_t size = sizeof(struct record_call) + 16;

	memset((uint8_t *)slot_at(0) + LIVE_PAGE + sizeof(struct record_thread) + 3 * size, 0x55, 2 * size);
	area_write(AREA_SIZE);
	cr_assert_eq(salvage(0), 0, "%s", trouble.text);
	cr_assert_eq(counts.events, 8 + 5, "nobody writes any more: what has a head is whole");
	control->collector_state = COLLECTOR_RUNNING;
	control->collector_mutex[0] = 4711; /* somebody's who lives */
	area_write(AREA_SIZE);
	cr_assert_eq(salvage(0), 0, "%s", trouble.text);
	cr_assert_eq(counts.events, 6 + 5);
	cr_assert_eq(counts.lost_torn, 2);
}

Test(salvage, tells_of_losses_that_the_collector_knew_and_had_not_written)
{
	struct live_slot *slot = slot_at(0);

	slot->lost = 30;
	slot->made += 30;
	slot->taken[0].frames = 3;
	slot->taken[0].cursor = (struct live_cursor){.position = slot->head,
						     .sequence = 40,
						     .lost = 30,
						     .unreported = 30,
						     .slot_lost = 30,
						     .slot_made = slot->made,
						     .pid = 7,
						     .tid = 8};
	area_write(AREA_SIZE);
	cr_assert_eq(salvage(3), 0);
	cr_assert_eq(counts.events, 5);
	cr_assert_eq(counts.lost_full, 0);
	cr_assert_eq(counts.reported, 30);
}

Test(salvage, does_not_change_the_file)
{
	static uint8_t after[AREA_SIZE];
	int fd;

	area_write(AREA_SIZE);
	cr_assert_eq(chmod(path, 0400), 0);
	cr_assert_eq(salvage(0), 0);
	fd = open(path, O_RDONLY);
	cr_assert_eq(read(fd, after, AREA_SIZE), AREA_SIZE);
	close(fd);
	cr_assert_arr_eq(after, area, AREA_SIZE);
}

Test(salvage, refuses_what_is_no_area_in_one_line)
{
	static const char text[] = "no live area\n";

	memcpy(area, text, sizeof(text));
	area_write(AREA_SIZE);
	cr_assert_eq(salvage(0), LIVE_E_UNFIT);
	cr_assert_not_null(strstr(trouble.text, "not a live area"));
	area_write(10);
	cr_assert_eq(salvage(0), LIVE_E_UNFIT);
	area_make();
	((struct live_control *)area)->catalogue_hash++;
	area_write(AREA_SIZE);
	cr_assert_eq(salvage(0), LIVE_E_UNFIT);
	cr_assert_not_null(strstr(trouble.text, "another build"));
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(salvage(0), -ENOENT);
}

Test(salvage, leaves_an_area_alone_that_is_older_than_its_log)
{
	area_write(AREA_SIZE);
	cr_assert_eq(salvage(5), 0);
	cr_assert_eq(salvage(6), LIVE_E_UNFIT);
	cr_assert_not_null(strstr(trouble.text, "older than its log"));
}

Test(salvage, takes_what_is_there_when_the_file_was_cut)
{
	area_write(AREA_SIZE - 1);
	cr_assert_eq(salvage(0), 0);
	cr_assert_eq(counts.events, 10);
	area_write(LIVE_PAGE);
	cr_assert_eq(salvage(0), 0);
	cr_assert_eq(counts.events, 0);
}

Test(salvage, survives_any_damage)
{
	srand(1);
	for (int round = 0; round < 1500; round++) {
		area_make();
		for (int i = 0; i < 1 + round % 50; i++) {
			size_t page = (size_t)(rand() % 3) * (LIVE_PAGE + MAKER_RING);
			size_t at = page % AREA_SIZE + (size_t)rand() % (2 * LIVE_PAGE);
			area[at % AREA_SIZE] = (uint8_t)rand();
		}
		area_write(AREA_SIZE);
		cr_assert_geq(salvage((uint64_t)(rand() % 5)), 0);
	}
}
