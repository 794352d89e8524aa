// SPDX-License-Identifier: MIT
/*
 * See live_read.h.
 */
#include "format/live_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/object.h"

static uint8_t find_made_processes(const struct call_spec *call)
{
	uint8_t made = 0;

	if (call->result.kind == KIND_PID && call->result.identity == IDENTITY_NEW)
		made |= 0x80;
	for (unsigned i = 0; i < call->argc && i < 7; i++)
		if (call->args[i].value.kind == KIND_PID && call->args[i].value.identity == IDENTITY_NEW)
			made |= 1u << i;
	return made;
}

int live_reader_new(struct live_reader **reader, const struct catalogue *catalogue, struct log_writer *writer,
		    uint32_t ring_size, const struct live_observer *observer)
{
	struct live_reader *made = calloc(1, sizeof(*made));
	int rc = made ? batch_new(&made->batch, catalogue) : -ENOMEM;

	if (!rc && !(made->chunk = malloc(ring_size)))
		rc = -ENOMEM;
	if (rc) {
		live_reader_free(made);
		return rc;
	}
	made->catalogue = catalogue;
	made->writer = writer;
	if (observer)
		made->observer = *observer;
	for (unsigned i = 0; i < catalogue->calls_count && i < LIVE_EVENTS_MAX; i++)
		made->makes_process[i] = find_made_processes(&catalogue->calls[i]);
	*reader = made;
	return 0;
}

void live_reader_free(struct live_reader *reader)
{
	if (!reader)
		return;
	batch_free(reader->batch);
	free(reader->chunk);
	free(reader);
}

struct live_counts *live_reader_counts(struct live_reader *reader)
{
	return &reader->counts;
}

static void find_owner(const struct live_ring *ring, struct live_cursor *cursor)
{
	if (cursor->tid)
		return;
	cursor->pid = __atomic_load_n(&ring->slot->pid, __ATOMIC_RELAXED);
	cursor->tid = __atomic_load_n(&ring->slot->tid, __ATOMIC_RELAXED);
}

/*
 * Sets the end of the walk, and the cursor where the ring still holds it. A position that cannot be (only a program
 * that writes into the area at random makes one) leaves nothing to walk.
 */
static void bound_walk(struct walk *walk, uint64_t end)
{
	struct live_cursor *cursor = walk->cursor;

	walk->end = end & ~7ull;
	cursor->position &= ~7ull;
	if (walk->end < cursor->position)
		cursor->position = walk->end;
	else if (walk->end - cursor->position > walk->ring->size)
		cursor->position = walk->end - walk->ring->size;
}

/*
 * What the slot's writers made and nobody took was torn, or written over. A call that was being recorded when its
 * thread was killed is still in flight, is packed as that, and not lost.
 */
static int lose_missing(struct live_reader *reader, const struct live_ring *ring, struct live_cursor *cursor,
			uint64_t *count)
{
	uint64_t made = __atomic_load_n(&ring->slot->made, __ATOMIC_RELAXED);
	uint64_t missing = made > cursor->slot_made ? made - cursor->slot_made : 0;
	uint64_t in_flight = in_flight_count(reader, ring->slot);
	int rc = stream_lose(reader, cursor, missing > in_flight ? missing - in_flight : 0, count);

	cursor->slot_made = made;
	return rc;
}

int live_reader_take(struct live_reader *reader, const struct live_ring *ring, struct live_cursor *cursor,
		     uint64_t until, bool is_abandoned)
{
	const struct live_slot *slot = ring->slot;
	struct walk walk = {WALK_TAKE, ring, cursor, .until = until};
	int rc, encoded;

	find_owner(ring, cursor);
	returned_note(reader, slot);
	bound_walk(&walk, __atomic_load_n(is_abandoned ? &slot->reserved : &slot->head, __ATOMIC_ACQUIRE));
	rc = walk_ring(reader, &walk);
	encoded = stream_encode(reader, cursor);
	if (rc < 0 || encoded)
		return rc < 0 ? rc : encoded;
	if (rc == LIVE_E_FULL)
		return rc;
	rc = stream_settle(reader, ring, cursor);
	if (!rc && is_abandoned)
		rc = lose_missing(reader, ring, cursor, &reader->counts.lost_torn);
	return rc || !is_abandoned ? rc : stream_report(reader, cursor);
}

int live_reader_take_marks(struct live_reader *reader, const struct live_ring *ring, struct live_cursor *cursor,
			   struct live_owners *owners)
{
	struct walk walk = {WALK_MARKS, ring, cursor, .until = UINT64_MAX, .owners = owners};
	uint32_t old = 0;
	int rc;

	bound_walk(&walk, __atomic_load_n(&ring->slot->head, __ATOMIC_ACQUIRE));
	rc = walk_ring(reader, &walk);
	/* Needed: the owner of the oldest byte that the ring may still hold, and all after it. */
	while (old + 1 < owners->count && owners->rows[old + 1].position + ring->size <= cursor->position)
		old++;
	if (old) {
		memmove(owners->rows, owners->rows + old, (owners->count - old) * sizeof(owners->rows[0]));
		owners->count -= old;
		owners->is_cut = false;
	}
	return rc;
}

/* Puts the cursor's stream to the owner of `position`; returns the position from which owners are known. */
static uint64_t owner_seek(const struct live_owners *owners, struct live_cursor *cursor, uint64_t position)
{
	const struct live_owner *found = NULL;

	if (!owners || !owners->count)
		return position;
	for (uint32_t i = 0; i < owners->count && owners->rows[i].position <= position; i++)
		found = &owners->rows[i];
	if (!found)
		found = &owners->rows[0];
	if (cursor->pid != found->pid || cursor->tid != found->tid)
		cursor->sequence = cursor->lost = cursor->unreported = 0;
	cursor->pid = found->pid;
	cursor->tid = found->tid;
	return owners->is_cut && position < owners->rows[0].position ? owners->rows[0].position : position;
}

/* Walks over what WALK_WINDOW is going to take. */
static void count_window(struct live_reader *reader, struct walk *count)
{
	while (walk_ring(reader, count) == LIVE_E_FULL)
		;
}

/* The slot's owner wrote over its own beginning before that was seen: what the slot itself says stands in for it. */
static int pack_owner(struct live_reader *reader, const struct live_slot *slot, uint64_t ticks)
{
	struct record_thread thread = {.head = {.words = sizeof(thread) / 8, .type = RECORD_THREAD_BEGIN},
				       .ticks = ticks,
				       .pid = slot->pid,
				       .tid = slot->tid,
				       .creator = slot->creator,
				       .ordinal = slot->ordinal,
				       .start = slot->start};
	int rc = object_pack_thread(log_writer_packer(reader->writer), &thread, sizeof(thread));

	reader->counts.threads += rc == 0;
	return rc < 0 ? rc : 0;
}

int live_reader_take_window(struct live_reader *reader, const struct live_ring *ring, struct live_cursor *cursor,
			    uint64_t from, const struct live_owners *owners)
{
	const struct live_slot *slot = ring->slot;
	struct live_cursor counted = {0};
	struct walk walk = {WALK_WINDOW, ring, cursor, .until = UINT64_MAX, .marks_from = cursor->position};
	struct walk count = {WALK_COUNT, ring, &counted, .marks_from = cursor->position};
	uint64_t made = __atomic_load_n(&slot->made, __ATOMIC_RELAXED), found;
	bool is_known = cursor->pid == slot->pid && cursor->tid == slot->tid;
	int rc = 0;

	cursor->position = from;
	returned_note(reader, slot);
	bound_walk(&walk, __atomic_load_n(&slot->reserved, __ATOMIC_ACQUIRE));
	cursor->position = owner_seek(owners, cursor, cursor->position);
	find_owner(ring, cursor);
	/* Losses stand before the events that are left: first count these. */
	counted.position = cursor->position;
	count.end = walk.end;
	count_window(reader, &count);
	if (!is_known && !count.begins && count.first_ticks && slot->tid)
		rc = pack_owner(reader, slot, count.first_ticks);
	found = count.count + cursor->slot_made;
	if (!rc)
		rc = stream_lose(reader, cursor, made > found + in_flight_count(reader, slot) ? made - found : 0,
				 &reader->counts.lost_full);
	do {
		rc = rc && rc != LIVE_E_FULL ? rc : walk_ring(reader, &walk);
	} while (rc == LIVE_E_FULL && cursor->position < walk.end);
	if (rc >= 0)
		rc = stream_report(reader, cursor);
	cursor->slot_made = made;
	cursor->slot_lost = __atomic_load_n(&slot->lost, __ATOMIC_RELAXED);
	return rc;
}
