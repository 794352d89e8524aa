// SPDX-License-Identifier: MIT
/*
 * See drain.h. What is known of each slot is kept here; in the area stands only what others need to know.
 */
#include "trace/drain.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/clock.h"
#include "trace/size_limit.h"
#include "trace/glimpses.h"

/* Raw bytes that go into one frame at most, as far as spans of time can be cut so. */
#define FRAME_RAW (8u << 20)
#define SPANS_MAX 1024
/* Frames of at most so many bytes are compressed well, which takes about so many ns a byte, a part of all time. */
#define WELL_MAX  (128u << 10)
#define WELL_NS	  5u
#define WELL_PART 64u
/* One ring makes so many frames at a time at most: one that scribblers never let end must not keep us from the rest. */
#define FRAMES_OF_RING 16

struct drain_slot {
	struct live_cursor cursor;
	uint64_t released;   /* the writer may write over what stands before this position */
	uint64_t measured;   /* what was published when drain_measure() looked */
	uint32_t pid, image; /* the owner, at the last look */
	uint32_t look;	     /* the look at which it was first seen */
	bool touched;	     /* the cursor moved since the last frame */
	bool ends;	     /* nobody writes into it any more: to be emptied */
	bool emptied;	     /* all of it is packed: to be given back after the next frame */
	uint8_t turn;	     /* which of live_slot.taken is to be written next */
};

struct drain {
	struct live_area *area;
	struct live_reader *reader;
	struct log_writer *writer;
	struct live_observer observer;
	struct live_owners *owners; /* one for each slot, when rings overwrite */
	struct glimpses *glimpses;
	bool is_tsc, overwrites, finishes;
	int trouble;
	uint64_t size_limit;
	uint64_t frames;	/* number of the next frame */
	uint64_t events_framed; /* of the reader's count, those that went into a frame or were thrown away with one */
	uint64_t lost_write;
	uint64_t lost_without_slot, stacks_missed, deep_loads; /* known when all is finished */
	uint64_t drained_until;				       /* ticks */
	uint32_t looks;
	uint32_t ending; /* slots that are to be emptied */
	struct log_anchor before;
	struct drain_slot slots[LIVE_SLOTS_MAX];
};

int drain_new(struct drain **drain, struct live_area *area, const struct catalogue *catalogue,
	      struct log_writer *writer, const struct live_observer *observer, uint64_t size_limit, int log_lost,
	      bool overwrites)
{
	struct drain *made = calloc(1, sizeof(*made));
	int rc = made ? live_reader_new(&made->reader, catalogue, writer, area->ring_size, observer) : -ENOMEM;

	if (!rc && overwrites) {
		made->overwrites = true;
		made->owners = calloc(area->slots_count, sizeof(*made->owners));
		rc = made->owners ? 0 : -ENOMEM;
	}
	if (!rc)
		rc = glimpses_new(&made->glimpses, area, catalogue);
	if (rc) {
		drain_free(made);
		return rc;
	}
	made->area = area;
	if (observer)
		made->observer = *observer;
	made->writer = writer;
	made->size_limit = size_limit;
	made->trouble = log_lost;
	made->is_tsc = tsc_is_steady();
	made->before = anchor_read(made->is_tsc);
	made->drained_until = made->before.ticks;
	*drain = made;
	return 0;
}

void drain_free(struct drain *drain)
{
	if (!drain)
		return;
	live_reader_free(drain->reader);
	glimpses_free(drain->glimpses);
	free(drain->owners);
	free(drain);
}

static void anchor_publish(uint64_t *to, const struct log_anchor *anchor)
{
	to[0] = anchor->ticks;
	to[1] = anchor->monotonic;
	to[2] = anchor->realtime;
}

/* Says, before the frame is written, what it takes from the slot. */
static void slot_announce(struct drain *drain, uint32_t index)
{
	struct drain_slot *mine = &drain->slots[index];
	struct live_taken *taken = &live_area_slot(drain->area, index)->taken[mine->turn];

	/* half written, it must not be taken for the one it replaces */
	__atomic_store_n(&taken->frames, UINT64_MAX, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	taken->cursor = mine->cursor;
	__atomic_store_n(&taken->frames, drain->frames + 1, __ATOMIC_RELEASE);
	mine->turn ^= 1;
}

/* After the frame: the writer may have the room, and the next owner the slot. */
static void slot_release(struct drain *drain, uint32_t index)
{
	struct drain_slot *mine = &drain->slots[index];
	struct live_slot *slot = live_area_slot(drain->area, index);

	mine->touched = false;
	if (!drain->overwrites || mine->emptied)
		mine->released = mine->cursor.position;
	__atomic_store_n(&slot->tail, mine->released, __ATOMIC_RELEASE);
	if (!mine->emptied)
		return;
	mine->emptied = mine->ends = false;
	mine->cursor.pid = mine->cursor.tid = mine->pid = 0;
	drain->ending--;
	if (!drain->finishes)
		live_area_reclaim(drain->area, index, mine->released);
}

/* Of a log that cannot be written the size does not matter. */
static struct size_limit limit_now(const struct drain *drain)
{
	return (struct size_limit){drain->trouble ? 0 : drain->size_limit, log_writer_size(drain->writer)};
}

/*
 * Whether there is time to compress the frame well: it took WELL_PART times as long to come together, and is so small
 * that a ring that fills meanwhile is not kept waiting. Where it had to take 20 times as long, the collector took 111
 * ns for a call of the ping instead of 89, and 61 instead of 50 for a recv, for a sixth and a twentieth of the log.
 */
static bool frame_has_time(const struct drain *drain, const struct log_anchor *now)
{
	uint64_t pending = log_writer_pending(drain->writer);

	return pending <= WELL_MAX &&
	       now->monotonic - drain->before.monotonic >= (uint64_t)WELL_PART * WELL_NS * pending;
}

/* Writes the frame, or throws it away and says why not. */
static void frame_write(struct drain *drain)
{
	struct log_anchor after = anchor_read(drain->is_tsc);
	uint64_t events = live_reader_counts(drain->reader)->events;

	anchor_publish(drain->area->control->anchors[1], &after);
	__atomic_store_n(&drain->area->control->frames_begun, drain->frames + 1, __ATOMIC_RELEASE);
	if (!size_limit_fits(limit_now(drain), log_writer_pending(drain->writer)))
		drain->trouble = DRAIN_E_SIZE;
	log_writer_compress_well(drain->writer, frame_has_time(drain, &after));
	if (!drain->trouble)
		drain->trouble = log_writer_flush(drain->writer, &drain->before, &after);
	if (drain->trouble) {
		log_writer_discard(drain->writer);
		drain->lost_write += events - drain->events_framed;
	}
	drain->events_framed = events;
	drain->before = after;
	drain->frames++;
}

static void wake_waiters(struct drain *drain)
{
	struct live_control *control = drain->area->control;

	__atomic_fetch_add(&control->drained, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &control->drained, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void frame_flush(struct drain *drain)
{
	uint32_t used = live_area_used(drain->area);
	bool is_first = drain->frames == 0;

	if (log_writer_pending(drain->writer) || is_first) {
		for (uint32_t i = 0; i < used; i++)
			if (drain->slots[i].touched)
				slot_announce(drain, i);
		frame_write(drain);
	}
	for (uint32_t i = 0; i < used; i++)
		if (drain->slots[i].touched)
			slot_release(drain, i);
	wake_waiters(drain);
}

static bool frame_is_due(const struct drain *drain)
{
	uint64_t pending = log_writer_pending(drain->writer);

	return pending >= LOG_FRAME_TARGET || size_limit_is_near(limit_now(drain), pending);
}

static int slot_take(struct drain *drain, uint32_t index, uint64_t until)
{
	struct drain_slot *mine = &drain->slots[index];
	struct live_ring ring = live_area_ring(drain->area, index);

	if (drain->overwrites)
		return mine->ends ? live_reader_take_window(drain->reader, &ring, &mine->cursor, mine->released,
							    &drain->owners[index])
				  : 0;
	return live_reader_take(drain->reader, &ring, &mine->cursor, mine->ends ? UINT64_MAX : until, mine->ends);
}

/* Empties a slot up to `until`, or altogether when its owner is dead. */
static int slot_drain(struct drain *drain, uint32_t index, uint64_t until)
{
	struct drain_slot *mine = &drain->slots[index];
	struct live_slot *slot = live_area_slot(drain->area, index);
	uint64_t position = mine->cursor.position;
	int rc;

	if (mine->emptied)
		return 0;
	for (int left = FRAMES_OF_RING; (rc = slot_take(drain, index, until)) == LIVE_E_FULL && left; left--) {
		mine->touched = true;
		frame_flush(drain);
	}
	if (rc == LIVE_E_FULL) {
		mine->touched = true;
		return 0;
	}
	if (!rc && mine->ends && live_slot_owner(slot))
		rc = live_reader_take_unfinished(drain->reader, slot, glimpses_of(drain->glimpses, index));
	mine->emptied = !rc && mine->ends;
	mine->touched |= mine->emptied || mine->cursor.position != position;
	if (!rc && frame_is_due(drain))
		frame_flush(drain);
	return rc;
}

/* What an image left comes before what its successor, of the same pid, has done. */
static int drain_span(struct drain *drain, uint64_t until)
{
	uint32_t used = live_area_used(drain->area);
	int rc = 0;

	for (uint32_t i = 0; i < used && !rc && drain->ending; i++)
		if (drain->slots[i].ends)
			rc = slot_drain(drain, i, until);
	for (uint32_t i = 0; i < used && !rc; i++)
		rc = slot_drain(drain, i, until);
	frame_flush(drain);
	drain->drained_until = until;
	return rc;
}

/* The bytes of a ring between two positions; what cannot be is none, or all of it. */
static uint64_t ring_bytes(const struct drain *drain, uint64_t from, uint64_t to)
{
	uint64_t bytes = to > from ? to - from : 0;

	return bytes < drain->area->ring_size ? bytes : drain->area->ring_size;
}

static void slot_count_pending(struct drain *drain, uint32_t index, bool measures, struct drain_pending *pending)
{
	struct drain_slot *mine = &drain->slots[index];
	uint64_t head = __atomic_load_n(&live_area_slot(drain->area, index)->head, __ATOMIC_RELAXED);
	uint64_t bytes = ring_bytes(drain, mine->cursor.position, head);
	uint64_t grown = ring_bytes(drain, mine->measured, head);

	pending->bytes += bytes;
	pending->largest = bytes > pending->largest ? bytes : pending->largest;
	pending->grown = grown > pending->grown ? grown : pending->grown;
	if (measures)
		mine->measured = head;
}

/* Its owner is gone: the next run empties it. */
static void slot_end(struct drain *drain, uint32_t index)
{
	struct drain_slot *mine = &drain->slots[index];

	drain->ending += !mine->ends;
	mine->ends = true;
}

/* A pid has two images: the later one has replaced the earlier by an exec. */
static void find_replaced(struct drain *drain, uint32_t index, uint32_t used)
{
	const struct drain_slot *mine = &drain->slots[index];

	for (uint32_t i = 0; i < used; i++) {
		struct drain_slot *other = &drain->slots[i];
		const struct live_slot *slot = live_area_slot(drain->area, i);
		if (i == index || other->pid != mine->pid || other->image == mine->image || other->ends ||
		    !other->image || (uint32_t)live_slot_owner(slot) != other->pid || slot->image != other->image)
			continue;
		/* both new: the number of an image is a clock, cut short */
		if (other->look != mine->look || (int32_t)(other->image - mine->image) < 0)
			slot_end(drain, i);
	}
}

static struct drain_pending slots_look(struct drain *drain, bool measures)
{
	struct drain_pending pending = {0};
	uint32_t used = live_area_used(drain->area);

	drain->looks++;
	for (uint32_t i = 0; i < used; i++) {
		struct drain_slot *mine = &drain->slots[i];
		const struct live_slot *slot = live_area_slot(drain->area, i);
		slot_count_pending(drain, i, measures, &pending);
		uint64_t owner = live_slot_owner(slot);
		if (!owner)
			continue;
		pending.claimed++;
		uint32_t pid = (uint32_t)owner, image = __atomic_load_n(&slot->image, __ATOMIC_ACQUIRE);
		if (!image || slot->pid != pid || (mine->pid == pid && mine->image == image))
			continue; /* not quite claimed yet, or known */
		mine->pid = pid;
		mine->image = image;
		mine->look = drain->looks;
		if (drain->observer.process_seen)
			drain->observer.process_seen(drain->observer.context, pid);
		if (owner >> 32 == pid) /* the first thread of an image */
			find_replaced(drain, i, used);
	}
	return pending;
}

struct drain_pending drain_look(struct drain *drain)
{
	return slots_look(drain, false);
}

struct drain_pending drain_measure(struct drain *drain)
{
	return slots_look(drain, true);
}

void drain_process_died(struct drain *drain, uint32_t pid)
{
	uint32_t used = live_area_used(drain->area);

	for (uint32_t i = 0; i < used; i++) {
		const struct live_slot *slot = live_area_slot(drain->area, i);
		if ((uint32_t)live_slot_owner(slot) == pid)
			slot_end(drain, i);
	}
}

/* Only a thread that is gone leaves its number in a slot: a living one would have given the slot back first. */
static bool owner_is_dead(const struct live_slot *slot)
{
	uint64_t owner = live_slot_owner(slot);
	uint32_t pid = (uint32_t)owner, tid = (uint32_t)(owner >> 32);

	if (!pid || pid > INT32_MAX || tid > INT32_MAX)
		return false;
	/* killed before it was known that it is there: nobody watches it */
	if (!__atomic_load_n(&slot->image, __ATOMIC_ACQUIRE))
		return kill((pid_t)pid, 0) && errno == ESRCH && live_slot_owner(slot) == owner;
	if (!tid || pid == tid)
		return false;
	if (!syscall(SYS_tgkill, (pid_t)pid, (pid_t)tid, 0) || errno != ESRCH)
		return false;
	return live_slot_owner(slot) == owner;
}

void drain_find_dead_threads(struct drain *drain)
{
	uint32_t used = live_area_used(drain->area);

	for (uint32_t i = 0; i < used; i++)
		if (owner_is_dead(live_area_slot(drain->area, i)))
			slot_end(drain, i);
}

void drain_look_behind(struct drain *drain, bool at_once)
{
	glimpses_look(drain->glimpses, at_once);
}

bool drain_is_urgent(const struct drain *drain)
{
	return drain->ending > 0;
}

int drain_run(struct drain *drain)
{
	uint64_t now = ticks_read(drain->is_tsc), raw = size_limit_raw(limit_now(drain)), spans;
	struct drain_pending pending = drain_look(drain); /* owners that came before `now` are known now */
	int rc = 0;

	raw = raw < FRAME_RAW ? raw : FRAME_RAW;
	spans = pending.bytes / raw < SPANS_MAX ? pending.bytes / raw + 1 : SPANS_MAX;
	for (uint64_t left = spans; left > 1 && !rc && now > drain->drained_until; left--)
		rc = drain_span(drain, drain->drained_until + (now - drain->drained_until) / left);
	return rc ? rc : drain_span(drain, now);
}

int drain_marks(struct drain *drain)
{
	uint32_t used = live_area_used(drain->area);
	int rc = 0;

	for (uint32_t i = 0; i < used && !rc; i++) {
		struct live_ring ring = live_area_ring(drain->area, i);
		struct drain_slot *mine = &drain->slots[i];
		uint64_t position = mine->cursor.position;
		for (int left = FRAMES_OF_RING; left; left--) {
			rc = live_reader_take_marks(drain->reader, &ring, &mine->cursor, &drain->owners[i]);
			if (rc != LIVE_E_FULL)
				break;
			rc = 0;
			mine->touched = true;
			frame_flush(drain);
		}
		mine->touched |= mine->cursor.position != position;
	}
	return rc;
}

int drain_finish(struct drain *drain)
{
	uint32_t used = live_area_used(drain->area);
	int rc = drain->overwrites ? drain_marks(drain) : drain_run(drain);

	drain->finishes = true;
	drain_look_behind(drain, true);
	drain->lost_without_slot = __atomic_load_n(&drain->area->control->lost_without_slot, __ATOMIC_RELAXED);
	drain->stacks_missed = __atomic_load_n(&drain->area->control->stacks_missed, __ATOMIC_RELAXED);
	drain->deep_loads = __atomic_load_n(&drain->area->control->deep_loads, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < used; i++)
		slot_end(drain, i);
	return rc ? rc : drain_span(drain, ticks_read(drain->is_tsc));
}

uint64_t drain_waiting(const struct drain *drain)
{
	uint32_t used = live_area_used(drain->area);
	uint64_t waiting = 0;

	for (uint32_t i = 0; i < used; i++) {
		uint64_t made = __atomic_load_n(&live_area_slot(drain->area, i)->made, __ATOMIC_RELAXED);
		uint64_t taken = drain->slots[i].cursor.slot_made;
		waiting += made > taken ? made - taken : 0;
	}
	return waiting;
}

int drain_trouble(const struct drain *drain)
{
	return drain->trouble;
}

struct object_end drain_account(const struct drain *drain)
{
	const struct live_counts *counts = live_reader_counts(drain->reader);

	return (struct object_end){
		.ticks = ticks_read(drain->is_tsc),
		.events = counts->events - drain->lost_write,
		.lost_full = counts->lost_full,
		.lost_without_slot = drain->lost_without_slot,
		.lost_write = drain->lost_write,
		.lost_invalid = counts->lost_torn,
		.processes = counts->processes,
		.threads = counts->threads,
		.stacks_missed = drain->stacks_missed,
		.bytes = log_writer_size(drain->writer),
		.deep_loads = drain->deep_loads,
	};
}

int drain_write_end(struct drain *drain, uint32_t command_end)
{
	struct object_end end = drain_account(drain);
	struct log_anchor after = anchor_read(drain->is_tsc);

	end.command_end = command_end;
	int rc = object_pack_end(log_writer_packer(drain->writer), &end);

	return rc ? rc : log_writer_flush(drain->writer, &drain->before, &after);
}
