// SPDX-License-Identifier: MIT
/*
 * Processes and threads of a replay. Each process goes through its first part; what else begins, begins by an act.
 */
#include "replay/player.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "format/catalogue.h"
#include "format/trouble.h"
#include "replay/perform.h"
#include "replay/raw.h"

/* Below this a sleep takes longer than the time. */
#define SPIN_BELOW 20000u

uint64_t player_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void player_sleep(uint64_t due)
{
	uint64_t now = player_now();
	struct timespec until = {(time_t)(due / 1000000000), (long)(due % 1000000000)};

	if (due > now && due - now > SPIN_BELOW)
		while (RAW_4(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0) == -EINTR)
			;
	while (player_now() < due)
		;
}

void player_look(const struct player *player)
{
	if (RAW_2(kill, player->score->owner, 0) == -ESRCH)
		RAW_1(exit_group, 2);
}

void part_wait(struct player_thread *thread, uint32_t part, uint32_t count)
{
	struct score_progress *other = score_progress(thread->player->score, part);
	const struct timespec look = {OWNER_LOOK_EVERY / 1000000000, OWNER_LOOK_EVERY % 1000000000};
	uint32_t done;

	for (unsigned spins = 0; spins < 200; spins++)
		if (atomic_load_explicit(&other->done, memory_order_acquire) >= count)
			return;
	atomic_fetch_add(&other->waiters, 1);
	while ((done = atomic_load(&other->done)) < count)
		if (RAW_4(futex, &other->done, 0 /* FUTEX_WAIT */, done, &look) == -ETIMEDOUT)
			player_look(thread->player);
	atomic_fetch_sub(&other->waiters, 1);
}

void player_wait_parts(struct player_thread *thread)
{
	struct score *score = thread->player->score;

	atomic_store(&thread->progress->edge, SCORE_NONE);
	atomic_store(&thread->progress->state, PLAYER_WAITS);
	for (uint32_t i = 0; i < score->parts_count; i++)
		if (i != thread->part && score_part(score, i)->process == thread->player->process)
			part_wait(thread, i, score_part(score, i)->ends);
}

static void *memory_make(uint64_t size)
{
	long at = RAW_6(mmap, 0, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at < 0 && at > -4096 ? NULL : (void *)at;
}

static void give_up(struct player_thread *thread, int error)
{
	atomic_store(&thread->player->score->failure, (uint32_t)error);
	RAW_1(exit_group, 2);
}

/* ---- parts ---------------------------------------------------------------------------------------------------- */

static void thread_begin(struct player_thread *thread, struct player *player, uint32_t part)
{
	const struct score_part *row = score_part(player->score, part);

	*thread = (struct player_thread){
		.player = player,
		.part = part,
		.progress = score_progress(player->score, part),
		.listener = -1,
		.last_end = player_now(),
		.last_recorded = row->acts_count ? score_act(player->score, row->acts)->enter : 0,
		.scratch = memory_make(row->scratch_size),
	};
	if (!thread->scratch)
		give_up(thread, ENOMEM);
	atomic_store(&thread->progress->tid, (int32_t)RAW_1(gettid, 0));
	atomic_store(&thread->progress->state, PLAYER_READY);
	RAW_2(prctl, PR_SET_TIMERSLACK, 1);
}

/* False when it ended in a call that never returned. */
static bool part_perform(struct player_thread *thread)
{
	struct score *score = thread->player->score;
	const struct score_part *part = score_part(score, thread->part);

	for (uint32_t i = 0; i < part->acts_count; i++) {
		if (score_act(score, part->acts + i)->how == ACT_PARK) {
			atomic_store(&thread->progress->state, PLAYER_PARKED);
			return false;
		}
		act_perform(thread, part->acts + i);
	}
	atomic_store(&thread->progress->state, PLAYER_OVER);
	return true;
}

static struct player player;

/* Which part it is has been left for it: its argument is as it was in the record, nothing or something. */
static void *thread_run(void)
{
	uint32_t part = atomic_exchange(&player.beginning, 0) - 1;
	struct player_thread thread;

	thread_begin(&thread, &player, part);
	if (!part_perform(&thread))
		for (;;)
			RAW_1(pause, 0);
	RAW_2(munmap, thread.scratch, score_part(player.score, part)->scratch_size + 4096);
	return NULL;
}

/* Threads that began alike begin alike: by this tools tell workers from others. */
#define START(n)                                      \
	static void *thread_start_##n(void *argument) \
	{                                             \
		__asm__ volatile("" ::"i"(n));        \
		return thread_run();                  \
	}                                             \
	_Static_assert(n < PART_STARTS, "has a place in starts[]")

START(0);
START(1);
START(2);
START(3);
START(4);
START(5);
START(6);
START(7);

static void *(*const starts[PART_STARTS])(void *) = {thread_start_0, thread_start_1, thread_start_2, thread_start_3,
						     thread_start_4, thread_start_5, thread_start_6, thread_start_7};

int64_t player_thread(struct player_thread *thread, uint32_t part, bool has_argument)
{
	uint32_t none = 0;
	int rc;

	while (!atomic_compare_exchange_weak(&player.beginning, &none, part + 1)) {
		none = 0;
		RAW_1(sched_yield, 0);
	}
	rc = pthread_create(&player.threads[part], NULL, starts[score_part(player.score, part)->start],
			    has_argument ? &player : NULL);
	if (rc)
		atomic_store(&player.beginning, 0);
	return rc;
}

/* ---- processes ------------------------------------------------------------------------------------------------ */

/* Ends as it ended, without a call that would be recorded. */
static void process_end(struct player *player)
{
	const struct score_process *process = score_process(player->score, player->process);
	const struct rlimit none = {0, 0};
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void (*leave)(int) = libc ? (void (*)(int))dlsym(libc, "exit") : NULL;
	int status = process->status < 0 ? 0 : process->status;

	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		RAW_2(setrlimit, RLIMIT_CORE, &none);
		RAW_2(kill, RAW_1(getpid, 0), WTERMSIG(status));
	}
	if (leave)
		leave(WEXITSTATUS(status));
	RAW_1(exit_group, WEXITSTATUS(status));
}

/* Those of whom it is not known who made them. */
static void strays_begin(struct player_thread *thread)
{
	struct score *score = thread->player->score;

	for (uint32_t i = 0; i < score->parts_count; i++) {
		const struct score_part *part = score_part(score, i);
		if (part->process == thread->player->process && i != thread->part && !part->is_begun &&
		    part->acts_count)
			player_thread(thread, i, true);
	}
	for (uint32_t i = 1; thread->player->process == 0 && i < score->processes_count; i++)
		if (score_process(score, i)->is_orphan && score_process(score, i)->main != SCORE_NONE)
			player_fork(thread, i);
}

static void process_run(struct player *player, uint32_t index)
{
	struct score *score = player->score;
	const struct score_process *process = score_process(score, index);
	struct player_thread thread;

	player->process = index;
	SCORE_AT(score, pids, int32_t)[index] = (int32_t)RAW_1(getpid, 0);
	for (uint32_t i = 0; i < process->standins_count; i++) {
		const struct score_standin *standin =
			SCORE_AT(score, standins, const struct score_standin) + process->standins + i;
		standin_make(player, standin->slot, standin->object, standin->is_file);
	}
	thread_begin(&thread, player, process->main);
	strays_begin(&thread);
	part_perform(&thread);
	player_wait_parts(&thread);
	atomic_store(&thread.progress->state, PLAYER_OVER);
	process_end(player);
}

int64_t player_fork(struct player_thread *thread, uint32_t process)
{
	int64_t pid = fork();

	if (pid >= 0)
		standins_divide(thread->player, process, !pid);
	if (!pid)
		process_run(thread->player, process);
	if (pid > 0)
		SCORE_AT(thread->player->score, pids, int32_t)[process] = (int32_t)pid;
	return pid;
}

/* ---- the first one -------------------------------------------------------------------------------------------- */

static struct score *score_map(int fd)
{
	struct score head;
	long at;

	if (RAW_4(pread64, fd, &head, sizeof(head), 0) != sizeof(head) || head.magic != SCORE_MAGIC ||
	    head.calls_count != catalogue_builtin.calls_count)
		return NULL;
	at = RAW_6(mmap, 0, head.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	RAW_1(close, fd);
	return at < 0 && at > -4096 ? NULL : (struct score *)at;
}

static bool player_make(struct score *score)
{
	player = (struct player){
		.score = score,
		.fds = memory_make(score->slots_count * sizeof(int32_t)),
		.others = memory_make(score->objects_count * sizeof(int32_t)),
		.seats = memory_make(score->objects_count * sizeof(uint32_t)),
		.refs = memory_make(score->objects_count),
		.places = memory_make(score->mappings_count * sizeof(uint64_t)),
		.threads = memory_make(score->parts_count * sizeof(pthread_t)),
	};
	if (!player.fds || !player.others || !player.seats || !player.refs || !player.places || !player.threads)
		return false;
	memset(player.fds, 0xff, score->slots_count * sizeof(int32_t));
	memset(player.others, 0xff, score->objects_count * sizeof(int32_t));
	return true;
}

int command_perform(int argc, char **argv)
{
	struct score *score = argc == 2 ? score_map(atoi(argv[1])) : NULL;
	struct timespec now;

	if (!score || !player_make(score)) {
		trouble_say("ipctrace perform: is part of ipctrace replay");
		return 2;
	}
	crc32c_tables_make();
	/* programs that asked for these had handlers for them */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	RAW_2(clock_gettime, CLOCK_REALTIME, &now);
	score->realtime_shift = now.tv_sec * 1000000000 + now.tv_nsec - (int64_t)score->realtime;
	atomic_store(&score->begun, player_now());
	process_run(&player, 0);
	return 0;
}
