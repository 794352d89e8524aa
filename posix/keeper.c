// SPDX-License-Identifier: MIT
/*
 * See keeper.h: the controller's side, and the process itself.
 */
#include "posix/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/clock.h"
#include "posix/log.h"
#include "posix/streams.h"
#include "trace/raw.h"

/* The keeper looks whether its controller lives so often, and what nobody asked to flush waits no longer, in ns. */
#define LOOK_TIME  20000000u
#define FLUSH_TIME 200000000u
/* How long the controller sleeps before it looks whether the keeper was killed, in ns. */
#define DEAD_TIME 50000000u
/* One that has not said a word after so many of these never will. */
#define BEGIN_LOOKS 200u

/* ---- the process ---- */

struct keeper {
	struct posix_stream *stream;
	struct posix_log *log;
	struct life_watch controller;
	uint32_t cleared;     /* the stream's generation that the log is of */
	uint64_t quiet;	      /* up to here there is nothing that would have to be flushed by itself */
	uint64_t flushed_at;  /* CLOCK_MONOTONIC, ns */
	uint64_t lost_before; /* events that the stream had lost when it was cleared */
	uint8_t *record;
};

/* Nothing of the controller's is kept open: who waits for the end of a pipe of its would wait for us. */
static void descriptors_close(int one, int other)
{
	unsigned low = (unsigned)(one < other ? one : other), high = (unsigned)(one < other ? other : one);

	if (low)
		raw_syscall(SYS_close_range, 0, low - 1, 0);
	if (high > low + 1)
		raw_syscall(SYS_close_range, low + 1, high - 1, 0);
	raw_syscall(SYS_close_range, high + 1, ~0u, 0);
}

static void trouble_note(struct keeper *keeper, int error)
{
	uint32_t none = 0;

	__atomic_compare_exchange_n(&keeper->stream->shared->flush_error, &none, (uint32_t)error, false,
				    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	keeper->stream->shared->log_overrun = POSIX_TRACE_OVERRUN;
	stream_lock(keeper->stream);
	stream_say(keeper->stream, POSIX_TRACE_ERROR, &error, sizeof(error));
	stream_unlock(keeper->stream);
}

/* Takes one event out of the stream. 0 or a ring's result. */
static int record_take(struct keeper *keeper, uint64_t end)
{
	struct posix_stream *stream = keeper->stream;
	struct posix_record *record = (struct posix_record *)keeper->record;
	uint64_t tail;

	do {
		tail = posix_ring_tail(&stream->ring);
		if (tail >= end)
			return RING_E_EMPTY;
		int rc = stream_look(stream, tail, record);
		if (rc && tail == posix_ring_tail(&stream->ring))
			return rc;
		if (rc)
			continue;
		memcpy(record + 1, posix_ring_at(&stream->ring, tail) + sizeof(*record),
		       record->head.words * 8ul - sizeof(*record));
	} while (!posix_ring_release(&stream->ring, tail, tail + record->head.words * 8ull));
	return 0;
}

/* What the stream holds now goes to the log. */
static void drain(struct keeper *keeper)
{
	uint64_t end = posix_ring_reserved(&keeper->stream->ring);
	int rc = 0, error;

	while (record_take(keeper, end) == 0) {
		error = posix_log_add(keeper->log, (const struct posix_record *)keeper->record);
		rc = rc ? rc : error;
	}
	error = posix_log_flush(keeper->log);
	rc = rc ? rc : error;
	if (rc)
		trouble_note(keeper, rc);
}

static void flush(struct keeper *keeper)
{
	struct posix_stream *stream = keeper->stream;
	struct posix_shared *shared = stream->shared;
	uint32_t wanted = __atomic_load_n(&shared->flushes_wanted, __ATOMIC_ACQUIRE);

	__atomic_store_n(&shared->flushing, POSIX_TRACE_FLUSHING, __ATOMIC_RELEASE);
	stream_lock(stream);
	stream_say(stream, POSIX_TRACE_FLUSH_START, NULL, 0);
	stream_unlock(stream);
	drain(keeper);
	stream_lock(stream);
	stream_drained(stream);
	uint64_t before = posix_ring_tail(&stream->ring);
	stream_say(stream, POSIX_TRACE_FLUSH_STOP, NULL, 0);
	/* that is no reason to flush again */
	uint64_t after = posix_ring_reserved(&stream->ring);
	keeper->quiet = after - before <= sizeof(struct posix_record) ? after : 0;
	keeper->flushed_at = monotonic_now();
	stream_unlock(stream);
	__atomic_store_n(&shared->flushing, POSIX_TRACE_NOT_FLUSHING, __ATOMIC_RELEASE);
	__atomic_store_n(&shared->flushes_done, wanted, __ATOMIC_RELEASE);
	futex_call(&shared->answers);
}

/* Whether the policy wants what is there to be flushed, without being asked. */
static bool is_due(const struct keeper *keeper)
{
	const struct posix_stream *stream = keeper->stream;
	const struct posix_shared *shared = stream->shared;
	uint64_t end = posix_ring_reserved(&stream->ring);

	if (shared->attributes.stream_policy != POSIX_TRACE_FLUSH || end == keeper->quiet)
		return false;
	return end - posix_ring_tail(&stream->ring) >= shared->limit / 2 ||
	       __atomic_load_n(&shared->state, __ATOMIC_ACQUIRE) == STREAM_FULL ||
	       monotonic_now() - keeper->flushed_at >= FLUSH_TIME;
}

static void clear(struct keeper *keeper)
{
	struct posix_stream *stream = keeper->stream;

	stream_lock(stream);
	stream_clear(stream);
	/* what was to be flushed before is gone */
	stream->shared->flushes_done = stream->shared->flushes_wanted;
	int rc = posix_log_restart(keeper->log);
	if (rc)
		trouble_note(keeper, rc);
	keeper->lost_before = __atomic_load_n(&stream->ring.slot->lost, __ATOMIC_RELAXED);
	keeper->cleared = stream->shared->clears_wanted;
	stream->shared->clears_done = keeper->cleared;
	stream_unlock(stream);
	futex_call(&stream->shared->answers);
}

/* The last flush. Whoever is still traced into the stream, a child, finds it stopped. */
static int finish(struct keeper *keeper)
{
	struct posix_stream *stream = keeper->stream;

	stream_lock(stream);
	stream_stop(stream);
	stream_unlock(stream);
	drain(keeper);
	stream_lock(stream);
	int error = (int)stream->shared->flush_error;
	int rc = posix_log_close(keeper->log,
				 __atomic_load_n(&stream->ring.slot->lost, __ATOMIC_RELAXED) - keeper->lost_before);
	stream_unlock(stream);
	return error ? error : rc;
}

static void work(struct keeper *keeper)
{
	struct posix_shared *shared = keeper->stream->shared;

	for (;;) {
		uint32_t seen = __atomic_load_n(&shared->requests, __ATOMIC_ACQUIRE);
		if (__atomic_load_n(&shared->is_closing, __ATOMIC_ACQUIRE) || life_is_over(&keeper->controller))
			return;
		if (__atomic_load_n(&shared->clears_wanted, __ATOMIC_ACQUIRE) != keeper->cleared)
			clear(keeper);
		else if (__atomic_load_n(&shared->flushes_wanted, __ATOMIC_ACQUIRE) != shared->flushes_done ||
			 is_due(keeper))
			flush(keeper);
		else {
			__atomic_store_n(&shared->keeper_sleeps, 1, __ATOMIC_RELEASE);
			futex_await(&shared->requests, seen, LOOK_TIME);
			__atomic_store_n(&shared->keeper_sleeps, 0, __ATOMIC_RELEASE);
		}
	}
}

static void state_tell(struct posix_shared *shared, uint32_t state, int error)
{
	shared->keeper_error = (uint32_t)error;
	__atomic_store_n(&shared->keeper_state, state, __ATOMIC_RELEASE);
	futex_call(&shared->answers);
}

static void keeper_run(struct posix_stream *stream, int fd, int watched)
{
	struct posix_shared *shared = stream->shared;
	struct keeper keeper = {.stream = stream,
				.controller = {.watched = watched, .pid = shared->controller, .memory = shared},
				.flushed_at = monotonic_now()};
	int rc;

	setsid();
	prctl(PR_SET_NAME, "posix-trace-log");
	descriptors_close(fd, watched);
	pthread_mutex_lock(&shared->keeper_mutex);
	keeper.record = malloc(sizeof(struct posix_record) + stream->ring.size);
	rc = keeper.record ? posix_log_open(&keeper.log, fd, shared) : ENOMEM;
	/* the directory is in the log; what it is on may be unmounted */
	if (!rc && chdir("/"))
		rc = errno;
	if (!rc) {
		state_tell(shared, KEEPER_READY, 0);
		work(&keeper);
		rc = finish(&keeper);
	}
	state_tell(shared, KEEPER_ENDED, rc);
}

/* ---- the controller ---- */

static bool keeper_is_dead(struct posix_shared *shared)
{
	int rc = pthread_mutex_trylock(&shared->keeper_mutex);

	if (rc == EBUSY)
		return false;
	if (rc == EOWNERDEAD)
		pthread_mutex_consistent(&shared->keeper_mutex);
	if (rc == 0 || rc == EOWNERDEAD)
		pthread_mutex_unlock(&shared->keeper_mutex);
	return __atomic_load_n(&shared->keeper_state, __ATOMIC_ACQUIRE) != KEEPER_ENDED;
}

/* Waits until the word at `word` is `value`; false when the keeper is dead. */
static bool answer_await(struct posix_shared *shared, const uint32_t *word, uint32_t value)
{
	for (uint32_t begins = 0; begins < BEGIN_LOOKS;) {
		uint32_t seen = __atomic_load_n(&shared->answers, __ATOMIC_ACQUIRE);
		uint32_t state = __atomic_load_n(&shared->keeper_state, __ATOMIC_ACQUIRE);
		if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value)
			return true;
		if (state == KEEPER_ENDED || (state == KEEPER_READY && keeper_is_dead(shared)))
			return false;
		begins += state == KEEPER_BEGINS;
		futex_await(&shared->answers, seen, DEAD_TIME);
	}
	return false;
}

/* Two forks, so that the keeper is nobody's child; no handler of the program's runs in it. */
static int keeper_fork(struct posix_stream *stream, int fd, int watched)
{
	sigset_t all, before;
	int status = -1;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	entries_keep(true);
	pid_t child = fork();
	if (child == 0) {
		pid_t keeper = fork();
		if (keeper == 0)
			keeper_run(stream, fd, watched);
		_exit(keeper < 0);
	}
	entries_keep(false);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	/* a program that ignores SIGCHLD has no status to wait for */
	return child < 0 || (WIFEXITED(status) && WEXITSTATUS(status)) ? EAGAIN : 0;
}

static int start_error(const struct posix_shared *shared)
{
	return shared->keeper_error ? (int)shared->keeper_error : EAGAIN;
}

int keeper_start(struct posix_stream *stream, int fd, struct life *life)
{
	struct posix_shared *shared = stream->shared;
	int watched, rc = life_begin(life, &watched);

	if (rc)
		return rc;
	rc = keeper_fork(stream, fd, watched);
	close(watched);
	if (rc)
		return rc;
	return answer_await(shared, &shared->keeper_state, KEEPER_READY) ? 0 : start_error(shared);
}

static void ask(struct posix_shared *shared)
{
	futex_call(&shared->requests);
}

int keeper_flush(struct posix_stream *stream)
{
	struct posix_shared *shared = stream->shared;

	if (keeper_is_dead(shared))
		return EIO;
	__atomic_fetch_add(&shared->flushes_wanted, 1, __ATOMIC_ACQ_REL);
	ask(shared);
	return 0;
}

void keeper_check(struct posix_stream *stream)
{
	struct posix_shared *shared = stream->shared;
	uint32_t none = 0;

	if ((!shared->flushing && shared->flushes_done == shared->flushes_wanted) || !keeper_is_dead(shared))
		return;
	shared->flushing = POSIX_TRACE_NOT_FLUSHING;
	shared->flushes_done = shared->flushes_wanted;
	__atomic_compare_exchange_n(&shared->flush_error, &none, EIO, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

int keeper_clear(struct posix_stream *stream)
{
	struct posix_shared *shared = stream->shared;
	uint32_t wanted = __atomic_add_fetch(&shared->clears_wanted, 1, __ATOMIC_ACQ_REL);

	ask(shared);
	return answer_await(shared, &shared->clears_done, wanted) ? 0 : EIO;
}

int keeper_close(struct posix_stream *stream)
{
	struct posix_shared *shared = stream->shared;

	__atomic_store_n(&shared->is_closing, 1, __ATOMIC_RELEASE);
	ask(shared);
	return answer_await(shared, &shared->keeper_state, KEEPER_ENDED) ? (int)shared->keeper_error : EIO;
}
