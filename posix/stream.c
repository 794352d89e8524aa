// SPDX-License-Identifier: MIT
/*
 * See stream.h: writing, reading and the full policy of one stream.
 */
#include "posix/stream.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/clock.h"
#include "trace/raw.h"

/* A record at the tail that stays unfinished so long, in ns, was given up by its writer: killed, or jumped out of. */
#define STUCK_TIME 500000000u
/* So much at least of the oldest makes room for what is recorded next, in bytes; the stream has it beside its size. */
#define DROP_SIZE 4096u
/* The shared part, in whole pages. */
#define SHARED_SIZE ((sizeof(struct posix_shared) + LIVE_PAGE - 1) / LIVE_PAGE * LIVE_PAGE)

static uint32_t own_pid;
static __thread uint32_t own_tid __attribute__((tls_model("initial-exec")));

void stream_process_began(void)
{
	own_pid = (uint32_t)raw_syscall(SYS_getpid);
	own_tid = 0;
}

static uint32_t thread_number(void)
{
	if (__builtin_expect(!own_tid, 0))
		own_tid = (uint32_t)raw_syscall(SYS_gettid);
	return own_tid;
}

/* ---- memory ---- */

/*
 * Memory that forked processes share, with the ring mapped a second time behind itself. It has no file: what limits
 * files would limit it, and kill the program. It is there from the beginning, so that no event has to wait for it.
 */
static uint8_t *memory_make(uint64_t ring_size)
{
	uint64_t before = SHARED_SIZE + LIVE_PAGE, once = before + ring_size;
	uint8_t *at = mmap(NULL, once + ring_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	if (mmap(at, once, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0) !=
		    MAP_FAILED &&
	    mremap(at + before, 0, ring_size, MREMAP_MAYMOVE | MREMAP_FIXED, at + once) != MAP_FAILED)
		return at;
	munmap(at, once + ring_size);
	return NULL;
}

static void mutex_make(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

int stream_make(struct posix_stream *stream, const struct posix_attributes *attributes, bool has_log)
{
	uint64_t largest = posix_record_words((uint32_t)attributes->data_size) * 8ull, least = attributes->stream_size;
	uint32_t ring_size = LIVE_PAGE;
	bool loops = attributes->stream_policy == POSIX_TRACE_LOOP;

	/* an event of any size that is allowed fits, and POSIX_TRACE_START and _FILTER beside it */
	if (least < largest + 2ul * posix_record_words(SYSTEM_DATA_MAX) * 8)
		least = largest + 2ul * posix_record_words(SYSTEM_DATA_MAX) * 8;
	if (loops)
		least += DROP_SIZE + largest;
	while (ring_size < least + STREAM_HEADROOM)
		ring_size *= 2;
	uint8_t *at = memory_make(ring_size);
	if (!at)
		return ENOMEM;
	struct posix_shared *shared = (struct posix_shared *)at;
	/* not as a whole: somebody with an old identifier may be counted in it just now */
	stream->shared = shared;
	stream->ring = (struct posix_ring){(struct live_slot *)(at + SHARED_SIZE), ring_size};
	shared->attributes = *attributes;
	shared->limit = least;
	shared->ring_size = ring_size;
	shared->controller = own_pid;
	shared->has_log = has_log;
	shared->clock_is_tsc = tsc_is_steady();
	stream->before = stream->after = shared->created = anchor_read(shared->clock_is_tsc);
	shared->attributes.created = (struct timespec){(time_t)(shared->created.realtime / 1000000000u),
						       (long)(shared->created.realtime % 1000000000u)};
	mutex_make(&shared->mutex);
	mutex_make(&shared->keeper_mutex);
	thread_number(); /* so that what the keeper says is said in this thread's name */
	return 0;
}

void stream_unmap(struct posix_stream *stream)
{
	if (stream->shared)
		munmap(stream->shared, SHARED_SIZE + LIVE_PAGE + 2ul * stream->ring.size);
	stream->shared = NULL;
}

void stream_lock(struct posix_stream *stream)
{
	if (pthread_mutex_lock(&stream->shared->mutex) == EOWNERDEAD)
		pthread_mutex_consistent(&stream->shared->mutex);
}

void stream_unlock(struct posix_stream *stream)
{
	pthread_mutex_unlock(&stream->shared->mutex);
}

/* ---- writing ---- */

void futex_call(uint32_t *word)
{
	__atomic_fetch_add(word, 1, __ATOMIC_ACQ_REL);
	raw_syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX);
}

bool futex_await(uint32_t *word, uint32_t seen, uint64_t ns)
{
	const struct timespec limit = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	return raw_syscall(SYS_futex, word, FUTEX_WAIT, seen, &limit) != -EINTR;
}

void stream_wake(struct posix_shared *shared)
{
	if (__atomic_load_n(&shared->waiters, __ATOMIC_ACQUIRE))
		futex_call(&shared->arrivals);
}

/* A keeper is woken at half a stream, so that it comes before that is full. */
static void keeper_wake(struct posix_stream *stream, uint64_t end)
{
	struct posix_shared *shared = stream->shared;

	if (shared->attributes.stream_policy != POSIX_TRACE_FLUSH ||
	    end - posix_ring_tail(&stream->ring) < shared->limit / 2 ||
	    !__atomic_load_n(&shared->keeper_sleeps, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&shared->keeper_sleeps, 0, __ATOMIC_RELAXED);
	futex_call(&shared->requests);
}

/* What stands unfinished at the tail, where nobody else can go on, is passed over when it stays so. */
static void stuck_check(struct posix_stream *stream, uint64_t position)
{
	struct posix_shared *shared = stream->shared;
	uint64_t now = monotonic_now();

	if (__atomic_load_n(&shared->stuck, __ATOMIC_RELAXED) != position + 1) {
		__atomic_store_n(&shared->stuck_at, now, __ATOMIC_RELAXED);
		__atomic_store_n(&shared->stuck, position + 1, __ATOMIC_RELAXED);
	} else if (now - __atomic_load_n(&shared->stuck_at, __ATOMIC_RELAXED) > STUCK_TIME) {
		posix_ring_skip(&stream->ring);
		__atomic_store_n(&shared->overrun, 1, __ATOMIC_RELAXED);
	}
}

/*
 * The oldest events make room, of DROP_SIZE at once: an event takes 23.2 ns so, and 25.9 one by one. False when they
 * cannot, because the oldest is just being written.
 */
static bool oldest_drop(struct posix_stream *stream)
{
	struct posix_shared *shared = stream->shared;
	uint64_t tail = posix_ring_tail(&stream->ring), next = tail, dropped = 0;
	struct posix_record record;

	for (; next - tail < DROP_SIZE && !posix_ring_look(&stream->ring, next, &record); dropped++)
		next += record.head.words * 8ull;
	if (next == tail) {
		if (posix_ring_tail(&stream->ring) != tail)
			return true; /* somebody else has made some */
		stuck_check(stream, tail);
		return posix_ring_tail(&stream->ring) != tail;
	}
	if (posix_ring_release(&stream->ring, tail, next)) {
		__atomic_fetch_add(&stream->ring.slot->lost, dropped, __ATOMIC_RELAXED);
		__atomic_store_n(&shared->overrun, 1, __ATOMIC_RELAXED);
		__atomic_fetch_or(&shared->state, STREAM_FULL, __ATOMIC_RELAXED);
	}
	return true;
}

/* Writes a record where no more than `limit` bytes are taken with it. False: there was no room. */
static bool record_write(struct posix_stream *stream, const struct posix_written *written, uint64_t limit)
{
	struct posix_shared *shared = stream->shared;
	bool loops = shared->attributes.stream_policy == POSIX_TRACE_LOOP;
	uint64_t most =
		written->event < POSIX_TRACE_UNNAMED_USER_EVENT ? SYSTEM_DATA_MAX : shared->attributes.data_size;
	uint32_t size = (uint32_t)(written->size < most ? written->size : most), words = posix_record_words(size);
	uint64_t ticks = ticks_read(shared->clock_is_tsc);
	struct stream_room room;

	while (!(room = posix_ring_reserve(&stream->ring, words, limit)).at)
		if (!loops || !oldest_drop(stream))
			return false;
	struct posix_record *record = (struct posix_record *)room.at;
	record->ticks = ticks;
	record->site = written->site;
	record->thread = (uint64_t)pthread_self();
	record->pid = own_pid;
	record->tid = thread_number();
	record->event = written->event;
	record->size = size;
	record->total = written->size;
	bytes_copy(record + 1, written->data, size);
	stream_complete(&room, words, words, RECORD_CALL);
	stream_wake(shared);
	if (shared->has_log)
		keeper_wake(stream, room.position);
	return true;
}

/* A system event, whether the stream runs or not. */
static bool system_write(struct posix_stream *stream, trace_event_id_t event, const void *data, size_t size,
			 uint64_t limit)
{
	const struct posix_written written = {event, data, size, 0};

	return stream_filters(stream->shared, event) || record_write(stream, &written, limit);
}

/* The stream has no room: it stops, and says so once. */
static void stream_fill(struct posix_stream *stream)
{
	struct posix_shared *shared = stream->shared;
	uint32_t state = STREAM_RUNNING;
	const int by_itself = 1;

	if (__atomic_compare_exchange_n(&shared->state, &state, STREAM_FULL, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		system_write(stream, POSIX_TRACE_STOP, &by_itself, sizeof(by_itself), shared->limit + STREAM_HEADROOM);
}

void stream_record(struct posix_stream *stream, const struct posix_written *written)
{
	struct posix_shared *shared = stream->shared;

	if (__builtin_expect(__atomic_load_n(&shared->lost, __ATOMIC_RELAXED), 0) &&
	    __atomic_exchange_n(&shared->lost, 0, __ATOMIC_RELAXED)) {
		if (system_write(stream, POSIX_TRACE_OVERFLOW, NULL, 0, shared->limit))
			system_write(stream, POSIX_TRACE_RESUME, NULL, 0, shared->limit);
	}
	if (__builtin_expect(record_write(stream, written, shared->limit), 1))
		return;
	__atomic_fetch_add(&stream->ring.slot->lost, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->overrun, 1, __ATOMIC_RELAXED);
	if (shared->attributes.stream_policy == POSIX_TRACE_LOOP)
		__atomic_store_n(&shared->lost, 1, __ATOMIC_RELAXED);
	else
		stream_fill(stream);
}

/* ---- control, with the mutex held ---- */

void stream_say(struct posix_stream *stream, trace_event_id_t event, const void *data, size_t size)
{
	if (__atomic_load_n(&stream->shared->state, __ATOMIC_RELAXED) & STREAM_RUNNING)
		system_write(stream, event, data, size, stream->shared->limit + STREAM_HEADROOM / 2);
}

/* A full stream that loops goes on; any other one starts by itself when it was emptied. */
void stream_start(struct posix_stream *stream)
{
	struct posix_shared *shared = stream->shared;
	uint32_t state = __atomic_load_n(&shared->state, __ATOMIC_ACQUIRE);
	bool loops = shared->attributes.stream_policy == POSIX_TRACE_LOOP;

	if ((state & STREAM_RUNNING) || (!loops && (state & STREAM_FULL)))
		return;
	if (system_write(stream, POSIX_TRACE_START, &shared->filter, sizeof(shared->filter), shared->limit))
		__atomic_fetch_or(&shared->state, STREAM_RUNNING, __ATOMIC_RELEASE);
	else
		__atomic_fetch_or(&shared->state, STREAM_FULL, __ATOMIC_RELEASE);
}

/* What is written at this moment may come behind the POSIX_TRACE_STOP. */
void stream_stop(struct posix_stream *stream)
{
	const int by_itself = 0;

	if (__atomic_fetch_and(&stream->shared->state, ~STREAM_RUNNING, __ATOMIC_ACQ_REL) & STREAM_RUNNING)
		system_write(stream, POSIX_TRACE_STOP, &by_itself, sizeof(by_itself),
			     stream->shared->limit + STREAM_HEADROOM);
}

void stream_clear(struct posix_stream *stream)
{
	struct posix_shared *shared = stream->shared;
	uint64_t tail, end = posix_ring_reserved(&stream->ring);
	struct posix_record record;

	while ((tail = posix_ring_tail(&stream->ring)) < end && stream_look(stream, tail, &record) == 0)
		posix_ring_release(&stream->ring, tail, tail + record.head.words * 8ull);
	shared->cursor = posix_ring_tail(&stream->ring);
	shared->overrun = shared->lost = 0;
	__atomic_fetch_and(&shared->state, ~STREAM_FULL, __ATOMIC_ACQ_REL);
}

void stream_drained(struct posix_stream *stream)
{
	struct posix_shared *shared = stream->shared;
	uint32_t state = __atomic_load_n(&shared->state, __ATOMIC_ACQUIRE);

	if (shared->attributes.stream_policy == POSIX_TRACE_LOOP) {
		__atomic_fetch_and(&shared->state, ~STREAM_FULL, __ATOMIC_ACQ_REL);
	} else if (state == STREAM_FULL && posix_ring_tail(&stream->ring) == posix_ring_reserved(&stream->ring)) {
		system_write(stream, POSIX_TRACE_START, &shared->filter, sizeof(shared->filter), shared->limit);
		__atomic_store_n(&shared->state, STREAM_RUNNING, __ATOMIC_RELEASE);
	}
}

/* ---- reading, with the mutex held ---- */

int stream_look(struct posix_stream *stream, uint64_t position, struct posix_record *record)
{
	int rc = posix_ring_look(&stream->ring, position, record);

	if (rc == RING_E_BUSY && position == posix_ring_tail(&stream->ring)) {
		stuck_check(stream, position);
		rc = posix_ring_look(&stream->ring, position, record);
	}
	return rc;
}
