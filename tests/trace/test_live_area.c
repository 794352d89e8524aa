// SPDX-License-Identifier: MIT
/*
 * The live area as its collector makes, grows and leaves it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <criterion/criterion.h>

#include "trace/live_area.h"
#include "trace/stream.h"

#define RING (64u << 10)

static char folder[] = "/tmp/ipctrace-test-XXXXXX";
static char path[64];
static struct live_area area;

static void start(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x.ipct.live", folder);
}

static void end(void)
{
	unlink(path);
	rmdir(folder);
}

TestSuite(live_area, .init = start, .fini = end);

static uint32_t claim(void)
{
	struct live_view view = {.control = area.control,
				 .slots = area.slots,
				 .slots_count = area.slots_count,
				 .ring_size = area.ring_size,
				 .no_kernel = true};
	struct live_slot *slot = stream_claim(&view, 7, 8, 9);

	return slot ? stream_index(&view, slot) : LIVE_NO_SLOT;
}

Test(live_area, is_a_private_sparse_file_that_goes_with_its_collector)
{
	struct stat status;

	cr_assert_eq(live_area_create(&area, path, RING), 0);
	cr_assert_eq(live_area_grow(&area, 2), 0);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(status.st_mode & 0777, 0600);
	cr_assert_lt(status.st_blocks * 512, 1 << 20);
	cr_assert_geq((uint64_t)status.st_blocks * 512, LIVE_PAGE + 2 * live_slot_size(RING));
	live_area_close(&area, true);
	cr_assert_eq(access(path, F_OK), -1);
}

Test(live_area, fills_rings_ahead_and_leaves_what_is_in_them)
{
	uint8_t *ring, there[RING / LIVE_PAGE];

	cr_assert_eq(live_area_create(&area, path, RING), 0);
	cr_assert_eq(live_area_grow(&area, 2), 0);
	ring = (uint8_t *)live_area_slot(&area, 1) + LIVE_PAGE;
	memset(ring + 5000, 7, 1000);
	live_area_fill(&area, 1);
	cr_assert_eq(mincore(ring, RING, there), 0);
	for (unsigned page = 0; page < RING / LIVE_PAGE; page++)
		cr_assert(there[page] & 1, "page %u", page);
	for (unsigned i = 0; i < RING; i++)
		cr_assert_eq(ring[i], i >= 5000 && i < 6000 ? 7 : 0);
	live_area_close(&area, true);
}

Test(live_area, gives_slots_from_the_lowest_and_the_last_returned_first)
{
	cr_assert_eq(live_area_create(&area, path, RING), 0);
	cr_assert_eq(claim(), LIVE_NO_SLOT);
	cr_assert_eq(live_area_grow(&area, 3), 0);
	cr_assert_eq(claim(), 0);
	cr_assert_eq(claim(), 1);
	live_area_reclaim(&area, 0, 4096);
	cr_assert_eq(live_slot_owner(live_area_slot(&area, 0)), 0);
	cr_assert_eq(live_area_slot(&area, 0)->tail, 4096);
	cr_assert_eq(claim(), 0);
	cr_assert_eq(claim(), 2);
	cr_assert_eq(claim(), LIVE_NO_SLOT);
	cr_assert_eq(live_area_used(&area), 3);
	live_area_close(&area, true);
}

Test(live_area, gives_a_slot_again_that_its_last_owner_did_not_live_to_list)
{
	cr_assert_eq(live_area_create(&area, path, RING), 0);
	cr_assert_eq(live_area_grow(&area, 2), 0);
	cr_assert_eq(claim(), 0);
	cr_assert_eq(claim(), 1);
	live_area_slot(&area, 1)->owner = 0;
	cr_assert_eq(claim(), LIVE_NO_SLOT);
	live_area_find_strays(&area);
	cr_assert_eq(claim(), 1);
	live_area_close(&area, true);
}

Test(live_area, takes_no_hint_for_granted)
{
	cr_assert_eq(live_area_create(&area, path, RING), 0);
	cr_assert_eq(live_area_grow(&area, 3), 0);
	cr_assert_eq(claim(), 0);
	live_slot_list(area.control, 0); /* it is listed, and somebody's: its claimer was killed, or is being slow */
	area.control->slot_returned = 0;
	cr_assert_eq(claim(), 1);
	area.control->slot_returned = UINT64_MAX;
	cr_assert_eq(claim(), 2);
	live_area_close(&area, true);
}

Test(live_area, grows_up_to_its_last_slot_and_no_further)
{
	cr_assert_eq(live_area_create(&area, path, RING), 0);
	area.slots_count = 5;
	cr_assert_eq(live_area_grow(&area, 4), 0);
	cr_assert_eq(live_area_grow(&area, 4), 0);
	cr_assert_eq(area.slots_ready, 5);
	cr_assert_eq(live_area_grow(&area, 4), LIVE_AREA_E_FULL);
	live_area_close(&area, true);
}

Test(live_area, does_not_believe_how_many_slots_the_area_says_are_used)
{
	cr_assert_eq(live_area_create(&area, path, RING), 0);
	cr_assert_eq(live_area_grow(&area, 2), 0);
	area.control->slots_used = UINT32_MAX;
	cr_assert_eq(live_area_used(&area), 2);
	live_area_close(&area, true);
}

Test(live_area, has_fewer_slots_where_files_are_limited)
{
	const struct rlimit limit = {40u << 20, RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(live_area_create(&area, path, RING), 0);
	cr_assert_eq(area.slots_count, 512);
	live_area_close(&area, true);
}

Test(live_area, follows_no_link_and_takes_nobody_elses_file)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	cr_assert_eq(write(fd, "precious", 8), 8);
	close(fd);
	cr_assert_eq(live_area_create(&area, path, RING), -EEXIST);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink("/tmp/elsewhere", path), 0);
	cr_assert_lt(live_area_create(&area, path, RING), 0);
}

/* A collector in a process of its own; returns its pid once the area is there. */
static pid_t collector_start(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		if (live_area_create(&area, path, RING))
			_exit(1);
		area.control->collector_state = COLLECTOR_RUNNING;
		area.control->magic = LIVE_MAGIC;
		live_area_hold(&area);
		if (write(ready[1], "1", 1) == 1)
			pause();
		_exit(1);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	return pid;
}

Test(live_area, shows_that_its_collector_was_killed)
{
	pid_t pid = collector_start();
	int fd = open(path, O_RDONLY);
	struct live_control *control = mmap(NULL, LIVE_PAGE, PROT_READ, MAP_SHARED, fd, 0);

	cr_assert_neq(control, MAP_FAILED);
	cr_assert_eq((uint32_t)control->collector_mutex[0], (uint32_t)pid);
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_assert((uint32_t)control->collector_mutex[0] & FUTEX_OWNER_DIED);
}

Test(live_area, is_refused_while_another_collector_lives_and_replaced_afterwards)
{
	pid_t pid = collector_start();

	cr_assert_eq(live_area_create(&area, path, RING), LIVE_AREA_E_IN_USE);
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_assert_eq(live_area_create(&area, path, RING), 0);
	live_area_close(&area, true);
}
