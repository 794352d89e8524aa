// SPDX-License-Identifier: MIT
/*
 * Producer and collector together: a forked writer leaves records by trace/stream.c, the log is read back.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <criterion/criterion.h>

#include "format/log.h"
#include "trace/clock.h"
#include "trace/collector.h"
#include "trace/drain.h"
#include "trace/stream.h"

static char folder[] = "/tmp/ipctrace-test-XXXXXX";
static char path[64], live_path[80];
static struct trace_settings settings;
static struct collector *collector;
static uint64_t *shared; /* what the writer has made, as it knows it itself */

static void start(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x.ipct", folder);
	snprintf(live_path, sizeof(live_path), "%s.live", path);
	settings = settings_default();
	settings.ring_size = 64u << 10;
	shared = mmap(NULL, LIVE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void end(void)
{
	unlink(path);
	unlink(live_path);
	rmdir(folder);
}

TestSuite(collector, .init = start, .fini = end, .timeout = 60);

static void view_open(struct live_view *view)
{
	int fd = open(live_path, O_RDWR);
	struct stat status;
	uint8_t *area;

	if (fd < 0 || fstat(fd, &status))
		_exit(3);
	area = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		_exit(4);
	view->control = (struct live_control *)area;
	view->slots = area + LIVE_PAGE;
	view->slots_count = view->control->slots_count;
	view->ring_size = view->control->ring_size;
}

static void write_thread(struct live_view *view, struct live_slot *slot)
{
	const uint32_t words = sizeof(struct record_thread) / 8;
	struct stream_room room = stream_reserve(view, slot, words);

	*(struct record_thread *)room.at =
		(struct record_thread){.ticks = ticks_read(tsc_is_steady()), .pid = slot->pid, .tid = slot->tid};
	stream_publish(slot, &room, words, words, RECORD_THREAD_BEGIN);
}

/* Calls without arguments, one after the other, each counted once it is published. */
static void write_calls(struct live_view *view, struct live_slot *slot, uint64_t count, uint64_t *made)
{
	const uint32_t words = sizeof(struct record_call) / 8;
	unsigned index = 0;

	while (catalogue_builtin.calls[index].argc)
		index++;
	for (uint64_t i = 0; i < count; i++) {
		struct stream_room room = stream_reserve(view, slot, words);
		if (room.at) {
			*(struct record_call *)room.at = (struct record_call){
				.enter = ticks_read(tsc_is_steady()), .duration = 1, .result = (int64_t)i};
			stream_publish(slot, &room, words, words, RECORD_CALL + index);
		}
		__atomic_fetch_add(made, 1, __ATOMIC_RELAXED);
	}
}

/* A process of `threads` streams. It ends, or waits to be killed when `count` is endless. */
static pid_t writer_start(unsigned streams, uint64_t count)
{
	struct live_view view = {0};
	pid_t pid = fork();

	if (pid)
		return pid;
	view_open(&view);
	for (unsigned i = 1; i < streams; i++)
		if (!fork())
			streams = 0;
	struct live_slot *slot = stream_claim(&view, (uint32_t)getpid(), (uint32_t)getpid(), (uint32_t)getpid());
	if (!slot)
		_exit(5);
	write_thread(&view, slot);
	write_calls(&view, slot, count, &shared[0]);
	while (streams && wait(NULL) > 0)
		;
	_exit(0);
}

static void collect_until_over(pid_t pid)
{
	cr_assert_eq(collector_watch(collector, (uint32_t)pid), 0);
	while (collector_alive(collector))
		cr_assert_eq(collector_step(collector), 0);
	waitpid(pid, NULL, 0);
}

struct found {
	uint64_t events, lost, threads;
	size_t damage;
	bool is_closed;
};

static struct found log_read(void)
{
	struct log_trouble trouble;
	struct found found = {0};
	struct frame *frame = NULL;
	struct log *log;

	cr_assert_eq(log_open(path, &log, &trouble), 0, "%s", trouble.text);
	for (size_t i = 0; i < log_frames(log); i++) {
		cr_assert_eq(log_frame_read(log, i, &frame), 0);
		found.threads += frame->threads_count;
		found.is_closed |= frame->end != NULL;
		for (uint32_t b = 0; b < frame->batches_count; b++) {
			found.events += frame->batches[b].count;
			found.lost += frame->batches[b].lost;
		}
	}
	frame_free(frame);
	cr_assert_eq(log_check(log), 0);
	log_damage(log, &found.damage);
	log_close(log);
	return found;
}

static void open_all(void)
{
	cr_assert_eq(collector_open(&collector, &settings, path, &catalogue_builtin), 0);
	cr_assert_eq(collector_open_log(collector, "test", NULL), 0);
}

Test(collector, writes_every_event_of_a_process_and_leaves_only_the_log)
{
	struct collector_summary summary;
	struct found found;

	open_all();
	collect_until_over(writer_start(1, 100000));
	collector_close(collector, &summary);
	found = log_read();
	cr_assert_eq(found.events, 100000);
	cr_assert_eq(summary.account.events, 100000);
	cr_assert_eq(summary.lost, 0);
	cr_assert_eq(found.damage, 0);
	cr_assert(found.is_closed);
	cr_assert_eq(access(live_path, F_OK), -1);
}

Test(collector, writes_the_streams_of_many_processes)
{
	struct collector_summary summary;
	struct found found;

	open_all();
	collect_until_over(writer_start(40, 3000));
	collector_close(collector, &summary);
	found = log_read();
	cr_assert_eq(found.events, 40 * 3000);
	cr_assert_eq(found.threads, 40);
	cr_assert_eq(summary.lost, 0);
	cr_assert_eq(found.damage, 0);
}

Test(collector, has_what_a_killed_process_had_published)
{
	struct collector_summary summary;

	open_all();
	for (int round = 0; round < 5; round++) {
		pid_t pid = writer_start(1, UINT64_MAX);
		collector_watch(collector, (uint32_t)pid);
		for (int i = 0; i < 10 + round; i++)
			cr_assert_eq(collector_step(collector), 0);
		kill(pid, SIGKILL);
		collect_until_over(pid);
	}
	collector_close(collector, &summary);
	cr_assert_geq(log_read().events, shared[0]);
	cr_assert_leq(summary.lost, 5);
}

Test(collector, counts_exactly_what_was_dropped)
{
	struct collector_summary summary;
	struct found found;

	settings.full_policy = FULL_DROP;
	open_all();
	pid_t pid = writer_start(1, 200000);
	waitpid(pid, NULL, 0); /* nobody drains meanwhile */
	collect_until_over(pid);
	collector_close(collector, &summary);
	found = log_read();
	cr_assert_gt(summary.lost, 0);
	cr_assert_eq(summary.account.events + summary.lost, 200000);
	cr_assert_eq(found.events, summary.account.events);
}

Test(collector, keeps_the_newest_when_rings_overwrite)
{
	struct collector_summary summary;
	struct found found;

	settings.full_policy = FULL_OVERWRITE;
	open_all();
	collect_until_over(writer_start(1, 200000));
	collector_close(collector, &summary);
	found = log_read();
	cr_assert_gt(found.events, 1000);
	cr_assert_lt(found.events, 2000);
	cr_assert_eq(found.threads, 1);
	/* the beginning of the thread counts as lost when it was written over before it was seen */
	cr_assert_geq(summary.account.events + summary.lost, 200000);
	cr_assert_leq(summary.account.events + summary.lost, 200001);
}

Test(collector, goes_on_counting_when_the_log_is_full)
{
	struct collector_summary summary;
	struct stat status;

	settings.size_limit = 64u << 10;
	open_all();
	collect_until_over(writer_start(1, 300000));
	collector_close(collector, &summary);
	cr_assert_eq(summary.trouble, DRAIN_E_SIZE);
	cr_assert_eq(summary.account.events + summary.lost, 300000);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_leq((uint64_t)status.st_size, settings.size_limit);
	cr_assert(log_read().is_closed);
}

Test(collector, lets_the_program_run_when_the_log_cannot_be_made)
{
	struct collector_summary summary;
	char elsewhere[96];

	cr_assert_eq(collector_open(&collector, &settings, path, &catalogue_builtin), 0);
	cr_assert_eq(mkdir(path, 0700), 0); /* a folder has taken the log's name */
	cr_assert_lt(collector_open_log(collector, "test", NULL), 0);
	collect_until_over(writer_start(1, 50000));
	collector_close(collector, &summary);
	cr_assert_eq(summary.trouble, -EISDIR);
	cr_assert_eq(summary.account.events, 0);
	cr_assert_eq(summary.account.lost_write, 50000);
	snprintf(elsewhere, sizeof(elsewhere), "%s", path);
	rmdir(elsewhere);
}

/* What log and live area have together after the collector was killed. */
static uint64_t salvage(uint64_t frames, struct live_counts *counts)
{
	const struct log_head head = {.tool_version = "test", .catalogue = &catalogue_builtin};
	struct log_trouble trouble;
	struct log_writer *memory;

	cr_assert_eq(log_writer_open_memory(&memory, &head), 0);
	cr_assert_eq(live_area_salvage(live_path, &catalogue_builtin, frames, memory, counts, &trouble), 0, "%s",
		     trouble.text);
	log_writer_free(memory);
	return counts->events;
}

static uint64_t log_last_frame(void)
{
	struct log_trouble trouble;
	struct frame *frame = NULL;
	uint64_t frames = 0;
	struct log *log;

	cr_assert_eq(log_open(path, &log, &trouble), 0);
	for (size_t i = 0; i < log_frames(log); i++) {
		cr_assert_eq(log_frame_read(log, i, &frame), 0);
		frames = frame->number + 1;
	}
	frame_free(frame);
	log_close(log);
	return frames;
}

Test(collector, loses_nothing_when_it_is_killed_itself_at_any_moment)
{
	for (int round = 0; round < 20; round++) {
		struct live_counts counts;
		pid_t pid = fork();
		if (!pid) {
			open_all();
			pid_t writer = writer_start(1, UINT64_MAX);
			collector_watch(collector, (uint32_t)writer);
			shared[1] = (uint64_t)writer;
			for (;;)
				collector_step(collector);
		}
		usleep(20000 + 1777 * (unsigned)round);
		while (!__atomic_load_n(&shared[1], __ATOMIC_ACQUIRE))
			usleep(1000);
		uint64_t committed = __atomic_load_n(&shared[0], __ATOMIC_RELAXED);
		kill(pid, SIGKILL);
		/* until it is killed as well the writer goes on, and counts as lost what finds no room */
		kill((pid_t)shared[1], SIGKILL);
		waitpid(pid, NULL, 0);
		usleep(2000);
		uint64_t logged = log_read().events, saved = salvage(log_last_frame(), &counts);
		uint64_t known = logged + saved + counts.lost_full;
		cr_assert_geq(logged + saved, committed, "%lu + %lu of %lu", logged, saved, committed);
		cr_assert_geq(known, shared[0], "%lu of %lu", known, shared[0]);
		cr_assert_leq(known, shared[0] + 1, "%lu of %lu: some twice", known, shared[0]);
		cr_assert_eq(unlink(live_path), 0);
		shared[0] = shared[1] = 0;
	}
}

Test(collector, is_not_led_astray_by_a_program_that_scribbles_over_the_area, .timeout = 120)
{
	struct collector_summary summary;
	pid_t pid;

	open_all();
	pid = fork();
	if (!pid) {
		struct live_view view = {0};
		view_open(&view);
		struct live_slot *slot = stream_claim(&view, (uint32_t)getpid(), (uint32_t)getpid(), 1);
		uint64_t *area = (uint64_t *)view.control;
		srand(1);
		/* everything but the words on which the collector itself is seen to live */
		for (int i = 0; i < 3000000; i++) {
			size_t word = (size_t)rand() % ((LIVE_PAGE + 3 * live_slot_size(settings.ring_size)) / 8);
			area[word] =
				rand() % 3 ? (uint64_t)rand() << (rand() % 48) : record_stamp((uint64_t)rand() * 8);
		}
		_exit(slot ? 0 : 5);
	}
	collector_watch(collector, (uint32_t)pid);
	for (int i = 0; i < 20000 && waitpid(pid, NULL, WNOHANG) == 0; i++)
		cr_assert_geq(collector_step(collector), 0);
	collector_close(collector, &summary);
	log_read();
}

/* Slots that can be had at once; they are all given back. */
static unsigned free_slots(struct live_view *view)
{
	static struct live_slot *slots[LIVE_SLOTS_MAX];
	unsigned count = 0;

	view->no_kernel = true; /* nothing is waited for */
	while ((slots[count] = stream_claim(view, (uint32_t)getpid(), (uint32_t)getpid(), 1)))
		count++;
	for (unsigned i = 0; i < count; i++)
		stream_return(view, slots[i]);
	return count;
}

Test(collector, gets_every_slot_back_from_those_that_were_killed_while_they_claimed_or_returned_it)
{
	struct live_view view = {0};

	open_all();
	for (int round = 0; round < 80; round++) {
		pid_t pid = fork();
		if (!pid) {
			view_open(&view);
			for (;;) {
				struct live_slot *slot = stream_claim(&view, (uint32_t)getpid(), (uint32_t)getpid(), 1);
				if (slot)
					stream_return(&view, slot);
				__atomic_fetch_add(&shared[0], 1, __ATOMIC_RELAXED);
			}
		}
		collector_watch(collector, (uint32_t)pid);
		for (uint64_t seen = shared[0]; __atomic_load_n(&shared[0], __ATOMIC_RELAXED) < seen + 100;)
			sched_yield();
		usleep((unsigned)rand() % 500);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (collector_alive(collector))
			cr_assert_eq(collector_step(collector), 0);
	}
	collector_interrupt(collector);
	usleep(110000); /* strays are looked for now and then */
	cr_assert_eq(collector_step(collector), 0);
	view_open(&view);
	cr_assert_eq(free_slots(&view), view.control->slots_ready);
	collector_close(collector, NULL);
}

/* Which ways of sleeping a thread of its own has seen, a bit each; it ends when it has seen all of them. */
static uint32_t sleeps_seen;

static void *sleeps_watch(void *control)
{
	const uint32_t all = 1u << COLLECTOR_AWAKE | 1u << COLLECTOR_ASLEEP | 1u << COLLECTOR_DOZES;
	const struct live_control *seen = control;

	while (__atomic_load_n(&sleeps_seen, __ATOMIC_RELAXED) != all)
		__atomic_fetch_or(&sleeps_seen, 1u << __atomic_load_n(&seen->collector_sleep, __ATOMIC_RELAXED),
				  __ATOMIC_RELAXED);
	return NULL;
}

static bool sleep_was_seen(enum collector_sleep how)
{
	return __atomic_load_n(&sleeps_seen, __ATOMIC_RELAXED) >> how & 1;
}

Test(collector, dozes_only_while_a_ring_is_about_to_fill)
{
	struct live_view view = {0};
	struct live_slot *slot;
	pthread_t watcher;

	open_all();
	view_open(&view);
	slot = stream_claim(&view, (uint32_t)getpid(), (uint32_t)getpid(), 1);
	write_thread(&view, slot);
	cr_assert_eq(collector_step(collector), 0);
	cr_assert_eq(pthread_create(&watcher, NULL, sleeps_watch, view.control), 0);
	while (!sleep_was_seen(COLLECTOR_ASLEEP))
		cr_assert_eq(collector_step(collector), 0);
	cr_expect(!sleep_was_seen(COLLECTOR_DOZES));
	while (!sleep_was_seen(COLLECTOR_DOZES)) {
		write_calls(&view, slot, 400, &shared[0]);
		cr_assert_eq(collector_step(collector), 0);
	}
	while (!sleep_was_seen(COLLECTOR_AWAKE))
		cr_assert_eq(collector_step(collector), 0);
	pthread_join(watcher, NULL);
	collector_close(collector, NULL);
}

Test(collector, refuses_a_log_that_is_being_recorded_into)
{
	struct collector *second;

	open_all();
	cr_assert_eq(collector_open(&second, &settings, path, &catalogue_builtin), COLLECTOR_E_IN_USE);
	collector_close(collector, NULL);
}

Test(collector, leaves_nothing_when_no_log_was_opened)
{
	cr_assert_eq(collector_open(&collector, &settings, path, &catalogue_builtin), 0);
	cr_assert_eq(access(live_path, F_OK), 0);
	collector_close(collector, NULL);
	cr_assert_eq(access(live_path, F_OK), -1);
	cr_assert_eq(access(path, F_OK), -1);
}
