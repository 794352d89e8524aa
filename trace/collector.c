// SPDX-License-Identifier: MIT
/*
 * See collector.h.
 */
#include "trace/collector.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "trace/clock.h"
#include "trace/control.h"
#include "trace/drain.h"
#include "trace/live_area.h"
#include "trace/log_file.h"
#include "trace/pace.h"
#include "trace/processes.h"
#include "trace/size_limit.h"

#define MILLISECOND 1000000ull
/* Slots ready at the start, and how many at once later: a disk block that is never used costs no more than its name. */
#define SLOTS_FIRST    4
#define SLOTS_STEP_MAX 64u
/* What was drained is written this late at most. */
#define FLUSH_PERIOD (200 * MILLISECOND)
/* Threads that died without a word are looked for this often. */
#define DEAD_THREADS_PERIOD (100 * MILLISECOND)
#define GROW_RETRY_PERIOD   (1000 * MILLISECOND)
#define FILL_PERIOD	    (5 * MILLISECOND)
/* A fork whose child has not been heard of by then has failed, or the child was killed at once. */
#define FORK_WAIT (500 * MILLISECOND)
/* How long a writer may need between looking whether its call is traced and publishing the record. */
#define STOP_WAIT MILLISECOND

struct collector {
	struct live_area area;
	struct control control;
	struct drain *drain;
	struct processes *processes;
	struct log_writer *writer;
	const struct catalogue *catalogue;
	struct trace_settings settings;
	struct pace pace;
	char *log_path;
	int log_fd;
	uint32_t command_end;				/* as in struct object_end */
	uint64_t flushed_at, dead_threads_at, grown_at; /* CLOCK_MONOTONIC, ns */
	uint64_t alone_since;				/* 0 while something lives */
	uint32_t watched_first;
	uint32_t rings_filled;
	uint64_t filled_at;
	bool first_seen;
	bool grow_failed;
	volatile sig_atomic_t interrupted;
};

static uint64_t pid_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) ? 0 : status.st_ino;
}

static void control_fill(const struct collector *collector)
{
	struct live_control *control = collector->area.control;
	struct log_anchor anchor = anchor_read(tsc_is_steady());

	control->calls_count = collector->catalogue->calls_count;
	control->catalogue_hash = live_catalogue_hash(collector->catalogue);
	control->payload_limit = collector->settings.payload_limit;
	control->stack_depth = collector->settings.stack_depth;
	control->full_policy = collector->settings.full_policy;
	control->redaction = collector->settings.redaction;
	control->ask_semval = collector->settings.ask_semval;
	control->is_shallow = collector->settings.is_shallow;
	control->clock_is_tsc = tsc_is_steady();
	control->pid_namespace = pid_namespace();
	control->collector_state = COLLECTOR_RUNNING;
	for (int i = 0; i < 2; i++) {
		control->anchors[i][0] = anchor.ticks;
		control->anchors[i][1] = anchor.monotonic;
		control->anchors[i][2] = anchor.realtime;
	}
}

/* The magic is what others look at first, so it is written last. */
static int area_open(struct collector *collector)
{
	struct live_area *area = &collector->area;
	struct live_control *control;
	char *path;
	int rc;

	if (asprintf(&path, "%s.live", collector->log_path) < 0)
		return -ENOMEM;
	rc = live_area_create(area, path, collector->settings.ring_size);
	free(path);
	if (rc)
		return rc == LIVE_AREA_E_IN_USE ? COLLECTOR_E_IN_USE : rc;
	control = area->control;
	control_fill(collector);
	rc = control_open(&collector->control, area, collector->catalogue, &collector->settings);
	if (rc)
		return rc;
	rc = live_area_grow(area, SLOTS_FIRST);
	if (rc)
		return rc < 0 ? rc : -ENOSPC;
	live_area_hold(area);
	__atomic_store_n(&control->magic, LIVE_MAGIC, __ATOMIC_RELEASE);
	return 0;
}

/*
 * Waking up is not to take the processor from a traced thread, where they have to share one: on a busy machine p99.9 of
 * a traced call is 2.6 us instead of 18.7. Children would inherit it: the traced command must have been started before.
 */
static void priority_choose(void)
{
	const struct sched_param none = {0};

	sched_setscheduler(0, SCHED_BATCH, &none);
}

int collector_open(struct collector **collector, const struct trace_settings *settings, const char *log_path,
		   const struct catalogue *catalogue)
{
	struct collector *made = calloc(1, sizeof(*made));
	int rc = made ? processes_new(&made->processes) : -ENOMEM;

	if (!made)
		return rc;
	made->settings = *settings;
	made->catalogue = catalogue;
	made->log_fd = -1;
	made->flushed_at = monotonic_now();
	pace_begin(&made->pace, settings->ring_size, settings->full_policy, made->flushed_at);
	made->log_path = strdup(log_path);
	if (!rc)
		rc = made->log_path ? log_file_check(log_path) : -ENOMEM;
	if (!rc)
		rc = area_open(made);
	if (rc) {
		collector_close(made, NULL);
		return rc;
	}
	*collector = made;
	return 0;
}

const char *collector_live_path(const struct collector *collector)
{
	return collector->area.path;
}

static void process_seen(void *context, uint32_t pid)
{
	struct collector *collector = context;

	collector->first_seen |= pid == collector->watched_first;
	processes_add(collector->processes, pid);
}

int collector_open_log(struct collector *collector, const char *tool_version, char *const *command)
{
	struct log_head head = log_file_head(&collector->settings, collector->catalogue, tool_version, command);
	const struct live_observer observer = {collector, process_seen};
	int trouble = 0, rc;

	priority_choose();
	collector->log_fd = log_file_create(collector->log_path);
	if (collector->log_fd < 0)
		trouble = collector->log_fd;
	rc = trouble ? log_writer_open_memory(&collector->writer, &head)
		     : log_writer_open(&collector->writer, collector->log_fd, &head);
	if (!rc)
		rc = drain_new(&collector->drain, &collector->area, collector->catalogue, collector->writer, &observer,
			       collector->settings.size_limit, trouble,
			       collector->settings.full_policy == FULL_OVERWRITE);
	if (!rc)
		rc = control_begin(&collector->control, collector->writer);
	if (!rc)
		rc = drain_run(collector->drain); /* the first frame, that of the head */
	return rc ? rc : drain_trouble(collector->drain);
}

int collector_watch(struct collector *collector, uint32_t pid)
{
	if (!collector->watched_first)
		collector->watched_first = pid;
	return processes_add(collector->processes, pid);
}

/* Half of what is there in advance, at least a few: claimers come in bursts. */
static void area_grow(struct collector *collector, uint32_t claimed, uint64_t now)
{
	struct live_area *area = &collector->area;
	uint32_t free = area->slots_ready > claimed ? area->slots_ready - claimed : 0, step = area->slots_ready / 2;

	if (free > SLOTS_FIRST && free > area->slots_ready / 4)
		return;
	if (collector->grow_failed && now < collector->grown_at + GROW_RETRY_PERIOD)
		return;
	if (free <= 1) {
		drain_find_dead_threads(collector->drain);
		live_area_find_strays(area);
	}
	step = step < SLOTS_FIRST ? SLOTS_FIRST : step > SLOTS_STEP_MAX ? SLOTS_STEP_MAX : step;
	collector->grow_failed = live_area_grow(area, step) != 0;
	collector->grown_at = now;
	__atomic_store_n(&area->control->slots_denied, collector->grow_failed, __ATOMIC_RELAXED);
	if (!collector->grow_failed)
		syscall(SYS_futex, &area->control->drained, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/*
 * Rings are filled ahead of their writers, one more than are in use, while there are few: a ring's first round is a
 * fault for each page, and a program of 10,000 events goes round once. With the log on ext4 7,000 first calls of recv
 * took 104 ns more than without tracing instead of 130, and p99.9 of them 3.4 us instead of 8.8; in memory there is
 * little to gain. The first ring at once, beside the loader of the program; others not for programs that are over soon.
 */
static void rings_fill(struct collector *collector, uint32_t claimed, uint64_t now)
{
	uint32_t next = collector->rings_filled;

	if (next >= SLOTS_FIRST || claimed < next || (next && now < collector->filled_at + FILL_PERIOD))
		return;
	live_area_fill(&collector->area, next);
	collector->rings_filled = next + 1;
	collector->filled_at = now;
}

static void process_died(void *context, uint32_t pid)
{
	struct collector *collector = context;

	if (collector->drain)
		drain_process_died(collector->drain, pid);
}

static void sleep_now(struct collector *collector, enum collector_sleep how)
{
	struct live_control *control = collector->area.control;
	struct timespec limit = {0, (long)collector->pace.sleep};

	__atomic_store_n(&control->collector_sleep, how, __ATOMIC_SEQ_CST);
	/* who asks counts first and wakes then: without this, 200 requests in a row took 1.0 s instead of 0.02 */
	if (!collector->interrupted && !control_is_asked(&collector->control))
		syscall(SYS_futex, &control->collector_sleep, FUTEX_WAIT, how, &limit, NULL, 0);
	__atomic_store_n(&control->collector_sleep, COLLECTOR_AWAKE, __ATOMIC_RELAXED);
	collector->interrupted = 0;
}

static void request_answer(struct collector *collector, const struct drain_pending *pending)
{
	const struct control_view view = {
		.processes = collector_alive(collector),
		.log_bytes = log_writer_size(collector->writer),
		.waiting = drain_waiting(collector->drain),
		.trouble = drain_trouble(collector->drain),
		.pending = *pending,
		.account = drain_account(collector->drain),
	};

	control_answer(&collector->control, &view);
}

/* How many bytes of a ring a frame may take. */
static uint64_t frame_room(const struct collector *collector)
{
	uint64_t limit = drain_trouble(collector->drain) ? 0 : collector->settings.size_limit;

	return size_limit_raw((struct size_limit){limit, log_writer_size(collector->writer)});
}

int collector_step(struct collector *collector)
{
	uint64_t now = monotonic_now();
	bool overwrites = collector->settings.full_policy == FULL_OVERWRITE, is_due, is_asked;
	struct drain_pending pending;
	enum collector_sleep how;
	int rc = 0;

	if (!collector->drain)
		return -ENOMEM;
	processes_poll(collector->processes, process_died, collector);
	pending = drain_measure(collector->drain);
	pace_look(&collector->pace, &pending, frame_room(collector), now);
	area_grow(collector, pending.claimed, now);
	rings_fill(collector, pending.claimed, now);
	if (now - collector->dead_threads_at >= DEAD_THREADS_PERIOD) {
		collector->dead_threads_at = now;
		drain_find_dead_threads(collector->drain);
		live_area_find_strays(&collector->area);
		drain_look_behind(collector->drain, false);
	}
	if (overwrites)
		rc = drain_marks(collector->drain);
	is_due = !overwrites && pace_is_due(&collector->pace, pending.largest);
	is_asked = control_take(&collector->control);
	is_due |= is_asked && control_is_written(&collector->control);
	if (is_asked)
		drain_look_behind(collector->drain, true);
	if (!rc && (drain_is_urgent(collector->drain) || is_due || now - collector->flushed_at >= FLUSH_PERIOD)) {
		rc = drain_run(collector->drain);
		collector->flushed_at = now;
		pending.largest = 0;
		/* what was drained may have spoken of processes that are long gone */
		processes_poll(collector->processes, process_died, collector);
	}
	if (!rc && is_asked)
		request_answer(collector, &pending);
	how = pace_rest(&collector->pace, pending.largest, monotonic_now());
	if (!rc && !(collector->pace.hurries && collector_is_over(collector)))
		sleep_now(collector, how);
	return rc;
}

void collector_interrupt(struct collector *collector)
{
	collector->interrupted = 1;
	__atomic_store_n(&collector->area.control->collector_sleep, COLLECTOR_AWAKE, __ATOMIC_SEQ_CST);
}

void collector_hurry(struct collector *collector)
{
	collector->pace.hurries = true;
}

void collector_command_ended(struct collector *collector, int status)
{
	collector->command_end = (uint32_t)status + 1;
}

size_t collector_alive(const struct collector *collector)
{
	return processes_count(collector->processes);
}

/* Forks counted before, children that have arrived afterwards: what is between is on the way, or has come to nothing.
 */
static bool forks_are_open(const struct collector *collector)
{
	const struct live_control *control = collector->area.control;
	uint64_t arrived = __atomic_load_n(&control->forks_arrived, __ATOMIC_ACQUIRE);

	return __atomic_load_n(&control->forks_begun, __ATOMIC_ACQUIRE) > arrived;
}

bool collector_is_over(struct collector *collector)
{
	uint64_t now;
	bool forks;

	/* in this order: a child that arrives claims its slot before it counts itself */
	forks = forks_are_open(collector);
	if (!forks)
		drain_look(collector->drain);
	if (collector_alive(collector)) {
		collector->alone_since = 0;
		return false;
	}
	now = monotonic_now();
	if (!collector->alone_since)
		collector->alone_since = now;
	return !forks || now - collector->alone_since > FORK_WAIT;
}

uint64_t collector_images(const struct collector *collector)
{
	return drain_account(collector->drain).processes;
}

bool collector_has_seen(const struct collector *collector, uint32_t pid)
{
	return pid == collector->watched_first && collector->first_seen;
}

/* Writers see one of these before their next record; the last one that did not is waited for. */
static void tracing_stop(struct collector *collector)
{
	struct live_control *control = collector->area.control;
	const struct timespec wait = {0, STOP_WAIT};

	memset(control->enabled, 0, sizeof(control->enabled));
	__atomic_store_n(&control->collector_state, COLLECTOR_FINISHED, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &control->drained, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
	if (collector_alive(collector))
		nanosleep(&wait, NULL);
}

static void summarise(struct collector *collector, struct collector_summary *summary)
{
	const struct object_end *end = &summary->account;

	summary->account = drain_account(collector->drain);
	summary->lost = end->lost_full + end->lost_without_slot + end->lost_write + end->lost_invalid;
	summary->trouble = drain_trouble(collector->drain);
}

static void log_finish(struct collector *collector, struct collector_summary *summary)
{
	if (collector->log_fd >= 0 && drain_trouble(collector->drain)) {
		/* the live area's room on the disk may be what the account needs; nobody must be using it then */
		if (!collector_alive(collector))
			live_area_close(&collector->area, true);
		drain_write_end(collector->drain, collector->command_end);
	} else if (collector->log_fd >= 0) {
		summary->trouble = drain_write_end(collector->drain, collector->command_end);
	}
	summary->bytes = log_writer_size(collector->writer);
	if (collector->log_fd >= 0 && close(collector->log_fd) && !summary->trouble)
		summary->trouble = -errno;
}

void collector_close(struct collector *collector, struct collector_summary *summary)
{
	struct collector_summary unused;

	if (!collector)
		return;
	if (!summary)
		summary = &unused;
	memset(summary, 0, sizeof(*summary));
	if (collector->drain) {
		tracing_stop(collector);
		drain_finish(collector->drain);
		summarise(collector, summary);
		log_finish(collector, summary);
	}
	live_area_close(&collector->area, true);
	control_close(&collector->control);
	drain_free(collector->drain);
	log_writer_free(collector->writer);
	processes_free(collector->processes);
	free(collector->log_path);
	free(collector);
}
