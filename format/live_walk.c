// SPDX-License-Identifier: MIT
/*
 * A walk along a ring, chunk by chunk: a piece is copied into memory of ours, its records are checked and packed there,
 * and only then does the cursor move. What a record says becomes an object of the log, or an event of the batch.
 */
#include "format/live_parts.h"

#include <string.h>

#include "format/object.h"

/* Copied at once: small enough to stay in the first-level cache while its records are packed. */
#define CHUNK_BYTES (32u << 10)
/* Together with one more chunk this must stay below LOG_FRAME_MAX. */
#define FRAME_FULL (2 * LOG_FRAME_TARGET)
/* A call whose end lies further ahead of `until` than this has a wrong clock, and is not waited for. */
#define FUTURE_TICKS (1ull << 34)

/* What taking a record may come to, beside 0 and -errno. */
enum {
	TAKE_E_LATER = 101, /* it belongs to a later span of time: the walk stops before it */
	TAKE_E_INVALID,	    /* it does not hold together */
};

int stream_report(struct live_reader *reader, struct live_cursor *cursor)
{
	uint32_t count = batch_count(reader->batch);
	int rc = batch_encode(reader->batch, cursor->pid, cursor->tid, cursor->sequence - count, cursor->unreported,
			      log_writer_packer(reader->writer));

	if (!rc) {
		reader->counts.reported += cursor->unreported;
		cursor->unreported = 0;
		reader->counts.events += count;
	}
	return rc;
}

int stream_encode(struct live_reader *reader, struct live_cursor *cursor)
{
	return batch_count(reader->batch) ? stream_report(reader, cursor) : 0;
}

int stream_lose(struct live_reader *reader, struct live_cursor *cursor, uint64_t lost, uint64_t *count)
{
	int rc = lost ? stream_encode(reader, cursor) : 0;

	if (rc)
		return rc;
	cursor->sequence += lost;
	cursor->lost += lost;
	cursor->unreported += lost;
	cursor->slot_made += lost;
	*count += lost;
	return 0;
}

int stream_settle(struct live_reader *reader, const struct live_ring *ring, struct live_cursor *cursor)
{
	uint64_t slot_lost = __atomic_load_n(&ring->slot->lost, __ATOMIC_RELAXED);
	uint64_t lost = slot_lost > cursor->slot_lost ? slot_lost - cursor->slot_lost : 0;

	cursor->slot_lost = slot_lost;
	return stream_lose(reader, cursor, lost, &reader->counts.lost_full);
}

int stream_begin(struct live_reader *reader, struct live_cursor *cursor, uint32_t pid, uint32_t tid)
{
	int rc = stream_report(reader, cursor);

	if (rc)
		return rc;
	cursor->pid = pid;
	cursor->tid = tid;
	cursor->sequence = cursor->lost = cursor->unreported = 0;
	return 0;
}

static void observe_process(const struct live_reader *reader, uint32_t pid)
{
	if (reader->observer.process_seen && pid && pid <= INT32_MAX)
		reader->observer.process_seen(reader->observer.context, pid);
}

static int take_process(struct live_reader *reader, struct walk *walk, const void *record, size_t bytes)
{
	const struct record_process *process = record;
	struct live_cursor *cursor = walk->cursor;
	int rc = object_pack_process(log_writer_packer(reader->writer), process, bytes);

	if (rc)
		return rc;
	reader->counts.processes++;
	observe_process(reader, process->pid);
	return cursor->pid == process->pid ? 0 : stream_begin(reader, walk->cursor, process->pid, process->pid);
}

/*
 * A thread's slot goes back when its start routine ends. What destructors of its keys then call claims another one, and
 * is known by having an ordinal and no start routine: it is no thread of its own.
 */
static bool goes_on(const struct record_thread *thread)
{
	return !thread->start && thread->ordinal && thread->tid != thread->pid;
}

static int take_thread(struct live_reader *reader, struct walk *walk, const void *record, size_t bytes)
{
	const struct record_thread *thread = record;
	int rc = object_pack_thread(log_writer_packer(reader->writer), thread, bytes);

	if (rc)
		return rc;
	reader->counts.threads += !goes_on(thread);
	if (walk->owners) {
		struct live_owners *owners = walk->owners;
		if (owners->count == LIVE_OWNERS_MAX) {
			memmove(owners->rows, owners->rows + 1, --owners->count * sizeof(owners->rows[0]));
			owners->is_cut = true;
		}
		owners->rows[owners->count++] = (struct live_owner){walk->cursor->position, thread->pid, thread->tid};
	}
	return stream_begin(reader, walk->cursor, thread->pid, thread->tid);
}

static int take_thread_end(struct live_reader *reader, struct walk *walk, const void *record, size_t bytes)
{
	struct live_cursor *cursor = walk->cursor;
	int rc = stream_encode(reader, cursor);

	if (!rc)
		rc = stream_settle(reader, walk->ring, cursor);
	if (!rc)
		rc = object_pack_thread_end(log_writer_packer(reader->writer), cursor->pid, cursor->tid,
					    cursor->sequence, cursor->lost, record, bytes);
	if (!rc) {
		reader->counts.reported += cursor->unreported;
		cursor->unreported = 0;
	}
	return rc;
}

static int take_stack(struct live_reader *reader, struct walk *walk, const void *record, size_t bytes)
{
	return object_pack_stack(log_writer_packer(reader->writer), walk->cursor->pid, record, bytes);
}

static int take_modules(struct live_reader *reader, struct walk *walk, const void *record, size_t bytes)
{
	return object_pack_modules(log_writer_packer(reader->writer), walk->cursor->pid, record, bytes);
}

/* All but stacks say when, in the same place. */
_Static_assert(offsetof(struct record_call, enter) == offsetof(struct record_mark, ticks) &&
		       offsetof(struct record_process, ticks) == offsetof(struct record_mark, ticks) &&
		       offsetof(struct record_thread, ticks) == offsetof(struct record_mark, ticks),
	       "records that are not calls begin alike");

/* What is not a call: how, and how large its struct is at least. */
static const struct mark_taker {
	int (*take)(struct live_reader *reader, struct walk *walk, const void *record, size_t bytes);
	uint32_t bytes;
} mark_takers[RECORD_CALL] = {
	[RECORD_THREAD_BEGIN] = {take_thread, sizeof(struct record_thread)},
	[RECORD_THREAD_END] = {take_thread_end, sizeof(struct record_mark)},
	[RECORD_PROCESS_BEGIN] = {take_process, sizeof(struct record_process)},
	[RECORD_STACK] = {take_stack, sizeof(struct record_stack)},
	[RECORD_MODULES] = {take_modules, sizeof(struct record_mark)},
};

/* The pids that argument `arg`'s memory holds: those of the items that fit one. */
static void observe_items(const struct live_reader *reader, const struct record_call *call, size_t bytes, unsigned argc,
			  uint8_t made)
{
	const uint8_t *at = (const uint8_t *)&call->args[argc], *end = (const uint8_t *)call + bytes;

	while ((size_t)(end - at) >= sizeof(struct item)) {
		struct item item;
		uint32_t pid;
		memcpy(&item, at, sizeof(item));
		if (item_words(item.size) * 8ull > (size_t)(end - at))
			return;
		if (item.arg < 7 && (made >> item.arg & 1) && item.form == ITEM_RAW && item.size == sizeof(pid)) {
			memcpy(&pid, at + sizeof(item), sizeof(pid));
			observe_process(reader, pid);
		}
		at += item_words(item.size) * 8ull;
	}
}

static void observe_call(const struct live_reader *reader, const struct record_call *call, size_t bytes, unsigned index)
{
	const struct call_spec *spec = &reader->catalogue->calls[index];
	uint8_t made = reader->makes_process[index];

	if (call->outcome != OUTCOME_RETURNED || call_failed(spec, call->result))
		return;
	if (made & 0x80 && call->result > 0)
		observe_process(reader, call->result > INT32_MAX ? 0 : (uint32_t)call->result);
	if (made & 0x7f)
		observe_items(reader, call, bytes, spec->argc, made);
}

static bool is_later(const struct walk *walk, uint64_t ticks)
{
	return ticks > walk->until && ticks - walk->until < FUTURE_TICKS;
}

static int take_call(struct live_reader *reader, struct walk *walk, const struct record_call *call, size_t bytes)
{
	unsigned index = call->head.type - RECORD_CALL;
	int rc;

	if (index >= reader->catalogue->calls_count || index >= LIVE_EVENTS_MAX ||
	    bytes < sizeof(*call) + reader->catalogue->calls[index].argc * sizeof(call->args[0]))
		return TAKE_E_INVALID;
	if (is_later(walk, call->enter + call->duration))
		return TAKE_E_LATER;
	rc = batch_add(reader->batch, call, bytes);
	if (rc == BATCH_E_FULL) {
		rc = stream_encode(reader, walk->cursor);
		if (!rc)
			rc = batch_add(reader->batch, call, bytes);
	}
	if (rc)
		return rc < 0 ? rc : TAKE_E_INVALID;
	walk->cursor->sequence++;
	if (reader->returned.count)
		returned_meet(reader, call->enter);
	if (reader->makes_process[index])
		observe_call(reader, call, bytes, index);
	return 0;
}

static int take_mark(struct live_reader *reader, struct walk *walk, unsigned type, const uint8_t *record, size_t bytes)
{
	const struct mark_taker *taker = &mark_takers[type];
	uint64_t ticks;
	int rc = TAKE_E_INVALID;

	if (!taker->take || bytes < taker->bytes)
		return rc;
	memcpy(&ticks, record + offsetof(struct record_mark, ticks), sizeof(ticks));
	if (type != RECORD_STACK && is_later(walk, ticks))
		return TAKE_E_LATER;
	rc = taker->take(reader, walk, record, bytes);
	return rc > 0 ? TAKE_E_INVALID : rc;
}

/* `bytes` are those of one whole record, which stands at the cursor. 0, TAKE_E_LATER, or -errno. */
static int record_take(struct live_reader *reader, struct walk *walk, const uint8_t *record, size_t bytes)
{
	const struct record_thread *thread = (const struct record_thread *)record;
	struct record_head head;
	bool is_call, is_known;
	int rc;

	memcpy(&head, record, sizeof(head));
	is_call = head.type >= RECORD_CALL;
	is_known = !is_call && walk->cursor->position < walk->marks_from; /* taken before */
	if (head.type == RECORD_PAD || (walk->kind == WALK_MARKS && is_call) || (walk->kind == WALK_COUNT && is_known))
		return 0;
	walk->count++;
	if (walk->kind == WALK_COUNT) {
		/* calls say when they were entered in the place where other records say when they are of */
		if (!walk->first_ticks && head.type != RECORD_STACK && bytes >= sizeof(struct record_mark))
			memcpy(&walk->first_ticks, record + offsetof(struct record_mark, ticks), sizeof(uint64_t));
		walk->begins |= head.type == RECORD_THREAD_BEGIN;
		return 0;
	}
	if (is_known)
		return head.type == RECORD_THREAD_BEGIN && bytes >= sizeof(*thread)
			       ? stream_begin(reader, walk->cursor, thread->pid, thread->tid)
			       : 0;
	rc = is_call ? take_call(reader, walk, (const struct record_call *)record, bytes)
		     : take_mark(reader, walk, head.type, record, bytes);
	if (rc < 0 || rc == TAKE_E_LATER)
		return rc;
	if (rc == TAKE_E_INVALID)
		return stream_lose(reader, walk->cursor, 1, &reader->counts.lost_torn);
	walk->cursor->slot_made++;
	return 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Bytes of the record at `at`, which stands at `position` of the ring; 0 when there is none that fits `room`. */
static uint64_t record_measure(const uint8_t *at, uint64_t position, uint64_t room)
{
	struct record_head head;

	memcpy(&head, at, sizeof(head));
	return head.stamp == record_stamp(position) && head.words && head.words * 8ull <= room ? head.words * 8ull : 0;
}

/* Whether the record that ends at `next` stands beside what is no record, where that may be of a later time. */
static bool may_be_torn(const struct walk *walk, uint64_t next)
{
	uint64_t offset = next & (walk->ring->size - 1);

	if (!walk->ring->is_written)
		return false;
	return walk->is_behind_gap ||
	       (next < walk->end && !record_measure(walk->ring->bytes + offset, next,
						    smaller(walk->end - next, walk->ring->size - offset)));
}

/* Copies up to `limit` bytes from the cursor on; records never wrap. */
static uint64_t chunk_copy(struct live_reader *reader, const struct walk *walk, uint64_t limit)
{
	uint64_t position = walk->cursor->position, offset = position & (walk->ring->size - 1);
	uint64_t bytes = smaller(smaller(walk->end - position, walk->ring->size - offset), limit);

	memcpy(reader->chunk, walk->ring->bytes + offset, bytes);
	return bytes;
}

/*
 * Takes the records of the copied chunk and moves the cursor over them. Where no record is, it moves on word by word:
 * something was never finished there, or was written over. *wanted is the size of a record that is larger than the
 * chunk.
 */
static int chunk_take(struct live_reader *reader, struct walk *walk, uint64_t bytes, uint64_t *wanted)
{
	uint64_t size;
	int rc;

	for (uint64_t at = 0; at + 8 <= bytes; at += size, walk->cursor->position += size) {
		uint64_t position = walk->cursor->position;
		uint64_t room = smaller(walk->end - position, walk->ring->size - (position & (walk->ring->size - 1)));
		size = record_measure(reader->chunk + at, position, room);
		if (size > bytes - at) {
			if (at)
				return 0;
			/* larger than what was copied for it: it changed under us, and is no record */
			if (*wanted < size) {
				*wanted = size;
				return 0;
			}
			size = 0;
		}
		if (!size) {
			walk->is_behind_gap = true;
			size = 8;
			continue;
		}
		rc = may_be_torn(walk, position + size)
			     ? stream_lose(reader, walk->cursor, 1, &reader->counts.lost_torn)
			     : record_take(reader, walk, reader->chunk + at, size);
		walk->is_behind_gap = false;
		if (rc)
			return rc;
	}
	return 0;
}

int walk_ring(struct live_reader *reader, struct walk *walk)
{
	uint64_t wanted = 0;
	int rc = 0;

	while (!rc && walk->cursor->position < walk->end) {
		uint64_t position = walk->cursor->position;
		uint64_t bytes = chunk_copy(reader, walk, wanted > CHUNK_BYTES ? wanted : CHUNK_BYTES);
		rc = chunk_take(reader, walk, bytes, &wanted);
		if (walk->cursor->position != position)
			wanted = 0;
		if (!rc && log_writer_pending(reader->writer) >= FRAME_FULL)
			rc = LIVE_E_FULL;
	}
	return rc == TAKE_E_LATER ? 0 : rc;
}
