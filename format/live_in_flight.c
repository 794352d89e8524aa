// SPDX-License-Identifier: MIT
/*
 * Calls in flight: what a kill or a hang leaves in a slot. One that has returned may have been recorded already, and
 * its record counts then.
 */
#include "format/live_parts.h"

#include "format/object.h"

static struct live_in_flight in_flight_copy(const struct live_slot *slot, unsigned level)
{
	struct live_in_flight copy = slot->in_flight[level];

	/* no earlier: the type is stored last */
	copy.type = __atomic_load_n(&slot->in_flight[level].type, __ATOMIC_ACQUIRE);
	return copy;
}

void returned_note(struct live_reader *reader, const struct live_slot *slot)
{
	unsigned depth = __atomic_load_n(&slot->in_flight_depth, __ATOMIC_RELAXED), count = 0;
	const struct returned before = reader->returned;

	reader->returned.slot = slot;
	for (unsigned i = 0; i < depth && i < LIVE_IN_FLIGHT_MAX; i++) {
		struct live_in_flight call = in_flight_copy(slot, i);
		if (!(call.type & LIVE_RETURNED))
			continue;
		reader->returned.rows[count].enter = call.enter;
		reader->returned.rows[count].is_recorded = false;
		for (unsigned k = 0; before.slot == slot && k < before.count; k++)
			if (before.rows[k].enter == call.enter)
				reader->returned.rows[count].is_recorded = before.rows[k].is_recorded;
		count++;
	}
	reader->returned.count = count;
}

void returned_meet(struct live_reader *reader, uint64_t enter)
{
	for (unsigned i = 0; i < reader->returned.count; i++)
		if (reader->returned.rows[i].enter == enter)
			reader->returned.rows[i].is_recorded = true;
}

static bool is_recorded(const struct live_reader *reader, const struct live_slot *slot,
			const struct live_in_flight *call)
{
	const struct returned *returned = &reader->returned;

	for (unsigned i = 0; returned->slot == slot && (call->type & LIVE_RETURNED) && i < returned->count; i++)
		if (returned->rows[i].enter == call->enter)
			return returned->rows[i].is_recorded;
	return false;
}

unsigned in_flight_count(const struct live_reader *reader, const struct live_slot *slot)
{
	unsigned depth = __atomic_load_n(&slot->in_flight_depth, __ATOMIC_RELAXED), count = 0;

	for (unsigned i = 0; i < depth && i < LIVE_IN_FLIGHT_MAX; i++) {
		struct live_in_flight call = in_flight_copy(slot, i);
		count += call.type >= RECORD_CALL && !is_recorded(reader, slot, &call);
	}
	return count;
}

static int pack_in_flight(struct live_reader *reader, const struct live_slot *slot, unsigned level,
			  const struct glimpse *glimpse)
{
	struct live_in_flight call = in_flight_copy(slot, level);
	int rc;

	if (is_recorded(reader, slot, &call))
		return 0;
	call.type &= ~LIVE_RETURNED;
	if (call.type < RECORD_CALL || call.type - RECORD_CALL >= reader->catalogue->calls_count)
		return 0;
	rc = object_pack_unfinished(log_writer_packer(reader->writer), reader->catalogue,
				    __atomic_load_n(&slot->pid, __ATOMIC_RELAXED),
				    __atomic_load_n(&slot->tid, __ATOMIC_RELAXED), &call, glimpse);
	reader->counts.unfinished += rc == 0;
	return rc < 0 ? rc : 0;
}

int live_reader_take_unfinished(struct live_reader *reader, const struct live_slot *slot, const struct glimpse *glimpse)
{
	unsigned depth = __atomic_load_n(&slot->in_flight_depth, __ATOMIC_RELAXED);
	int rc = 0;

	for (unsigned i = 0; i < depth && i < LIVE_IN_FLIGHT_MAX && !rc; i++)
		rc = pack_in_flight(reader, slot, i, glimpse);
	return rc;
}
