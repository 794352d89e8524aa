// SPDX-License-Identifier: MIT
/* See capture.h for the rules. The hot path of the whole project is capture_enter() and capture_leave(). */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "preload/capture.h"
#include "preload/descriptor.h"
#include "preload/follow.h"
#include "preload/image.h"
#include "preload/in_flight.h"
#include "preload/traits.h"
#include "trace/raw.h"

static inline void capture_begin(struct capture *capture, struct live_slot *slot, uint64_t head, uint32_t trait,
				 void *site)
{
	capture->slot = slot;
	capture->head = head;
	capture->trait = trait;
	capture->site = (uint64_t)(uintptr_t)site;
}

/* Out of line, so that the way most calls take needs no registers saved. */
static __attribute__((noinline)) void capture_enter_slowly(struct capture *capture, uint64_t head, void *site)
{
	unsigned event = (uint32_t)head - RECORD_CALL;
	struct live_slot *slot = slot_mine();

	capture->slot = NULL;
	if (!slot)
		stream_lost_without_slot(&image.view);
	if (!slot || (slot->busy && (slot->busy == BUSY_LOADING || stack_is_caller(site))))
		return;
	capture_begin(capture, slot, head, traits[event], site);
	if (traits[event] & TRAIT_LENGTH_BEFORE)
		capture->length = follow_length_before(capture, event);
	capture->enter = ticks_now();
	capture->index = in_flight_top(slot);
	if (capture->index > 0 && !slot->vfork_enter) {
		capture->index = in_flight_left(slot, capture->index, (uint64_t)(uintptr_t)capture);
		capture_abandon(slot, capture->index, OUTCOME_JUMPED);
	}
	if (capture->index < LIVE_IN_FLIGHT_MAX)
		in_flight_store(slot, capture, head, capture->index);
}

/*
 * The collector has read the lines where the record will stand. Getting them back can go on during the call: 3 ns less
 * for msgsnd() and msgrcv(), 2 for semop(). (GCC takes a function of __builtin_prefetch() alone for one that does
 * nothing.)
 */
static inline void line_prefetch(const uint8_t *at)
{
#ifdef __x86_64__
	__asm__ volatile("prefetchw %0" : : "m"(*at));
#endif
}

static inline void record_prefetch(const struct live_slot *slot)
{
	const uint8_t *at = (const uint8_t *)slot + LIVE_PAGE + (slot->reserved & (image.view.ring_size - 1));

	line_prefetch(at);
	line_prefetch(at + 64);
	line_prefetch(at + 128);
}

void capture_enter_with(struct capture *capture, uint64_t head, void *site)
{
	struct live_slot *slot = thread_slot;
	uint32_t trait = traits[(uint32_t)head - RECORD_CALL];

	if (__builtin_expect(!slot || image_life.state != IMAGE_ALIVE || (slot->busy | slot->in_flight_depth) ||
				     (trait & TRAIT_LENGTH_BEFORE) || image.ticks_source != TICKS_COUNTER,
			     0)) {
		capture_enter_slowly(capture, head, site);
		return;
	}
	record_prefetch(slot);
	capture_begin(capture, slot, head, trait, site);
	capture->enter = __builtin_ia32_rdtsc();
	in_flight_store(slot, capture, head, 0);
}

/* As much as a record can say: no less than nothing, over an hour at most. */
static inline uint64_t duration_until(const struct capture *capture, uint64_t now)
{
	uint64_t duration = now - capture->enter;

	if (__builtin_expect(duration >> 44, 0))
		return now < capture->enter ? 0 : (1ull << 44) - 1;
	return duration;
}

/*
 * The record's fixed part; returns where the items go. The word with the bit fields is put together here: stored one by
 * one, they would first be loaded from the ring, whose lines are in the collector's cache.
 */
static inline __attribute__((always_inline)) uint8_t *record_fill(struct record_call *record,
								  const struct capture *capture, uint64_t duration,
								  int64_t result, int error, enum outcome outcome,
								  bool borrowed)
{
	record->enter = capture->enter;
	((uint64_t *)record)[offsetof(struct record_call, enter) / 8 + 1] =
		duration | (uint64_t)outcome << 44 | (uint64_t)borrowed << 47 | (uint64_t)(uint16_t)error << 48;
	record->result = result;
	record->site = capture->site;
	unsigned argc = capture->argc;
	if (argc >= 2) /* stored so long ago that taking two at once need not wait */
		__builtin_memcpy(&record->args[0], &capture->args[0], 16);
	if (argc >= 4)
		__builtin_memcpy(&record->args[2], &capture->args[2], 16);
	if (__builtin_expect(argc >= 6, 0)) {
		__builtin_memcpy(&record->args[4], &capture->args[4], 16);
		if (argc >= 8)
			__builtin_memcpy(&record->args[6], &capture->args[6], 16);
	}
	if (argc & 1)
		record->args[argc - 1] = capture->args[argc - 1];
	return (uint8_t *)&record->args[argc];
}

/* Writes a whole record, which is not visible yet; `at` is NULL when there was no room for it. */
static struct capture_held record_write_planned(struct live_slot *slot, const struct capture *capture,
						uint64_t duration, int64_t result, int error, enum outcome outcome,
						uint64_t stack)
{
	uint32_t fixed = (uint32_t)(sizeof(struct record_call) / 8 + capture->argc);
	uint32_t words = fixed, used = fixed;
	struct follow follow;
	bool more = follow_plan(&follow, capture, slot, result, error, outcome, stack);

	if (more)
		words += follow.words;
	struct stream_room room = stream_reserve(&image.view, slot, words);
	if (__builtin_expect(!room.at, 0))
		return (struct capture_held){room, words, used};
	uint8_t *at = record_fill((struct record_call *)room.at, capture, duration, result, error, outcome,
				  more && follow.child);
	if (more)
		used += follow_write(&follow, at);
	words = stream_shrink(slot, &room, words, used);
	stream_complete(&room, words, used, capture->type);
	return (struct capture_held){room, words, used};
}

/* What stands beside the fixed part of a record. */
enum extent {
	EXTENT_PLAIN, /* nothing */
	/* one part alone */
	EXTENT_ARRAY = PART_ARRAY,
	EXTENT_BYTES = PART_BYTES, /* as many as the result says, and all are kept */
	EXTENT_VECTOR = PART_VECTOR,
	EXTENT_MSGBUF = PART_MSGBUF,
	EXTENT_MESSAGE = PART_MESSAGE,
	EXTENT_PARTS,	/* what parts_straight[] says */
	EXTENT_PLANNED, /* what follow_plan() says */
};

/* For these there is more to do than to look behind arguments. */
#define ASKED (TRAIT_ASK_LOCAL | TRAIT_ASK_PEER | TRAIT_CREATES | TRAIT_MOVES_FD | TRAIT_ENDS_FDS)

/* Told from the call's traits, without walking its row: 60 ns less for a send() of 64 bytes. */
static inline __attribute__((always_inline)) enum extent
record_extent(const struct live_slot *slot, const struct capture *capture, int64_t result, int error)
{
	uint32_t trait = capture->trait;

	if (slot->vfork_enter)
		return EXTENT_PLANNED;
	if (error)
		return trait & (TRAIT_FOLLOWED_ON_FAILURE | TRAIT_ASK_LOCAL) ? EXTENT_PLANNED : EXTENT_PLAIN;
	if (!(trait & (TRAIT_FOLLOWED | ASKED)))
		return EXTENT_PLAIN;
	if ((trait & ASKED) || !(trait & TRAIT_STRAIGHT) ||
	    ((trait & TRAIT_UNREAD) && !descriptor_reads(capture->args[0])) ||
	    ((trait & TRAIT_TRUNCATES) && (capture->args[TRAIT_FLAGS_ARG(trait)] & MSG_TRUNC)))
		return EXTENT_PLANNED;
	enum extent extent = TRAIT_SORT(trait);
	if (extent == EXTENT_PLAIN || (extent == EXTENT_BYTES && !payload_is_whole((uint64_t)result)))
		return EXTENT_PARTS;
	return capture->args[TRAIT_ARG(trait)] >= LIVE_PAGE ? extent : EXTENT_PLAIN;
}

/* The record is whole, or there was no room for it: the call is no longer in flight, and its record visible. */
static inline void record_show(struct live_slot *slot, uint32_t index, const struct stream_room *room)
{
	in_flight_drop(slot, index);
	if (__builtin_expect(room->at != NULL, 1))
		stream_show(slot, room);
}

static inline const struct part *record_parts(const struct capture *capture)
{
	return parts_straight[capture->type - RECORD_CALL];
}

/* part_size() of the one part. Nothing here is given by its address, which would keep it from registers. */
static inline __attribute__((always_inline)) uint64_t record_size(const struct capture *capture, uint64_t moved,
								  enum extent extent)
{
	if (extent == EXTENT_PLAIN || extent > EXTENT_MSGBUF)
		return 0;
	if (extent == EXTENT_BYTES)
		return moved;
	const struct part *part = record_parts(capture);
	return part_size_of(part, (enum part_sort)extent, part_count_near(part, capture, moved));
}

static inline __attribute__((always_inline)) uint32_t record_words(const struct capture *capture, uint64_t moved,
								   enum extent extent, uint64_t size)
{
	uint32_t words = (uint32_t)(sizeof(struct record_call) / 8 + capture->argc);

	if (extent == EXTENT_PLAIN)
		return words;
	if (extent == EXTENT_BYTES)
		return words + item_words((uint32_t)size);
	if (extent == EXTENT_MESSAGE)
		return words + message_words((const void *)(uintptr_t)capture->args[TRAIT_ARG(capture->trait)], moved);
	if (extent == EXTENT_PARTS) {
		struct behind behind = {capture, moved, false};
		return words + parts_words(record_parts(capture), &behind);
	}
	return words + sized_words((enum part_sort)extent, size, moved);
}

/* A record without a plan, in room of as many `words` as it takes; `stack` is the hash of the call's, or 0. */
static inline __attribute__((always_inline)) void record_put(const struct stream_room *room, uint32_t words,
							     const struct capture *capture, uint64_t duration,
							     int64_t result, int error, enum extent extent,
							     uint64_t size, uint64_t stack)
{
	uint64_t moved = result > 0 ? (uint64_t)result : 0;
	struct sink sink = {.end = room->at + words * 8, .behind = {capture, moved, false}};
	unsigned arg = TRAIT_ARG(capture->trait);

	sink.at =
		record_fill((struct record_call *)room->at, capture, duration, result, error, OUTCOME_RETURNED, false);
	if (extent == EXTENT_BYTES) {
		payload_put_whole(sink.at, arg, capture->args[arg], size);
		sink.at += item_words((uint32_t)size) * 8;
	} else if (extent == EXTENT_MESSAGE)
		part_write_message(&sink, record_parts(capture));
	else if (extent == EXTENT_PARTS)
		parts_write(&sink, record_parts(capture));
	else if (extent != EXTENT_PLAIN)
		sized_write(&sink, (enum part_sort)extent, arg, capture->args[arg], size);
	if (__builtin_expect(stack != 0, 0)) {
		stack_put((uint64_t *)sink.at, stack);
		sink.at += STACK_WORDS * 8;
	}
	uint32_t used = extent > EXTENT_MSGBUF ? (uint32_t)((sink.at - room->at) / 8) : words;
	stream_complete(room, words, used, capture->type);
}

static void record_write(struct live_slot *slot, const struct capture *capture, uint64_t duration, int64_t result,
			 int error, enum outcome outcome)
{
	uint64_t stack = 0;

	if (__builtin_expect(image.stack_depth != 0, 0) && outcome == OUTCOME_RETURNED)
		stack = stack_take(slot, capture->site);
	struct capture_held held = record_write_planned(slot, capture, duration, result, error, outcome, stack);
	record_show(slot, capture->index, &held.room);
}

void capture_finish(struct capture *capture, int64_t result, int error, enum outcome outcome)
{
	struct live_slot *slot = capture->slot;

	if (!slot)
		return;
	uint64_t now = ticks_now();
	if (__builtin_expect(slot != thread_slot || image_life.state != IMAGE_ALIVE, 0) &&
	    image_life.state != IMAGE_SHARED) {
		slot = slot_mine(); /* a signal handler has forked while the call was in flight */
		if (!slot)
			return;
		capture->index = in_flight_top(slot);
	}
	in_flight_mark(slot, capture, capture->index);
	capture->slot = NULL;
	record_write(slot, capture, duration_until(capture, now), result, error, outcome);
}

void capture_depart(struct capture *capture, struct capture_held *held, unsigned event, unsigned argc, void *site)
{
	struct live_slot *slot;

	capture->slot = NULL;
	held->room.at = NULL;
	if (!CAPTURE_ENABLED(event))
		return;
	slot = slot_mine();
	if (!slot) {
		stream_lost_without_slot(&image.view);
		return;
	}
	capture_begin(capture, NULL, capture_head(event, argc), traits[event], site);
	capture->length = 0;
	capture->index = in_flight_top(slot);
	capture->enter = ticks_now();
	*held = record_write_planned(slot, capture, 0, 0, 0, OUTCOME_DEPARTED, 0);
	capture->slot = slot;
}

void capture_stay(struct capture *capture, const struct capture_held *held, int64_t result)
{
	struct live_slot *slot = capture->slot;
	struct record_call *record = (struct record_call *)held->room.at;

	/* when a signal handler has forked meanwhile, the record is the parent's */
	if (!record || slot != thread_slot || !image_life.state)
		return;
	if (slot->reserved - held->room.first > held->room.ring_size / 4) {
		capture_leave(capture, result); /* handlers have written so much that it is out as it was */
		return;
	}
	capture->slot = NULL;
	record->duration = ticks_now() - capture->enter;
	record->outcome = OUTCOME_RETURNED;
	record->error = (uint16_t)errno;
	record->result = result;
	stream_publish(slot, &held->room, held->words, held->used, capture->type);
}

static inline int error_of(uint32_t trait, int64_t result)
{
	if (trait & TRAIT_FAILS_ERRNO)
		return result > 0 ? (int)result : 0;
	if (result == ((trait & TRAIT_FAILS_NULL) ? 0 : -1) && !(trait & TRAIT_NEVER_FAILS))
		return image_errno();
	return 0;
}

/*
 * Kept from lying between those that most calls go through: a send() or recv() of 64 bytes took 54 ns instead of 43
 * when they did.
 */
#define APART __attribute__((noinline, section(".text.apart")))

/*
 * What most calls come to. These are several so that none saves registers for what it does not do: with all of it in
 * capture_finish() a failing recv() took 3 ns more. Such a call is the only one in flight. `stack` is the hash of the
 * call's, or 0.
 */
static inline __attribute__((always_inline)) bool leave_quickly(struct capture *capture, uint64_t now, int64_t result,
								int error, enum extent extent, uint64_t stack)
{
	struct live_slot *slot = capture->slot;
	uint64_t moved = result > 0 ? (uint64_t)result : 0, size = record_size(capture, moved, extent);
	uint32_t words = record_words(capture, moved, extent, size) + (stack ? STACK_WORDS : 0);

	in_flight_mark(slot, capture, 0);
	word_count(&slot->made); /* before there is room, as in stream_reserve(): a handler may jump out of here */
	struct stream_room room = stream_room_quick(image.view.ring_size, slot, words);
	if (__builtin_expect(!room.at, 0)) {
		word_uncount(&slot->made);
		return false;
	}
	record_put(&room, words, capture, duration_until(capture, now), result, error, extent, size, stack);
	record_show(slot, 0, &room);
	return true;
}

static APART int64_t leave_slowly(struct capture *capture, int64_t result)
{
	capture_finish(capture, result, error_of(capture->trait, result), OUTCOME_RETURNED);
	return result;
}

/* A way for each extent, with nothing in it of the others. */
#define LEAVE(name, extent)                                                                    \
	static __attribute__((noinline))                                                       \
	int64_t leave_##name(struct capture *capture, int64_t result, int error, uint64_t now) \
	{                                                                                      \
		if (leave_quickly(capture, now, result, error, extent, 0))                     \
			return result;                                                         \
		return leave_slowly(capture, result);                                          \
	}

LEAVE(plain, EXTENT_PLAIN)
LEAVE(bytes, EXTENT_BYTES)
LEAVE(array, EXTENT_ARRAY)
LEAVE(vector, EXTENT_VECTOR)
LEAVE(msgbuf, EXTENT_MSGBUF)
LEAVE(message, EXTENT_MESSAGE)
LEAVE(parts, EXTENT_PARTS)

static APART int64_t leave_with_plan(struct capture *capture, int64_t result, int error, uint64_t now, uint64_t stack)
{
	struct live_slot *slot = capture->slot;

	in_flight_mark(slot, capture, 0);
	capture->slot = NULL;
	struct capture_held held = record_write_planned(slot, capture, duration_until(capture, now), result, error,
							OUTCOME_RETURNED, stack);
	record_show(slot, 0, &held.room);
	return result;
}

static APART int64_t leave_with_stack(struct capture *capture, int64_t result, int error, uint64_t now)
{
	enum extent extent = record_extent(capture->slot, capture, result, error);
	uint64_t stack = stack_take(capture->slot, capture->site);

	if (extent == EXTENT_PLANNED)
		return leave_with_plan(capture, result, error, now, stack);
	if (!leave_quickly(capture, now, result, error, extent, stack))
		leave_slowly(capture, result); /* takes it once more: the ring goes round, or is full */
	return result;
}

/* By the way that the call's extent has; those that are made most often come first. */
static inline __attribute__((always_inline)) int64_t leave_by(struct capture *capture, int64_t result, int error,
							      uint64_t now, enum extent extent)
{
	if (extent == EXTENT_PLAIN)
		return leave_plain(capture, result, error, now);
	if (extent == EXTENT_BYTES)
		return leave_bytes(capture, result, error, now);
	if (extent == EXTENT_ARRAY)
		return leave_array(capture, result, error, now);
	if (extent == EXTENT_VECTOR)
		return leave_vector(capture, result, error, now);
	if (extent == EXTENT_MSGBUF)
		return leave_msgbuf(capture, result, error, now);
	if (extent == EXTENT_MESSAGE)
		return leave_message(capture, result, error, now);
	if (extent == EXTENT_PARTS)
		return leave_parts(capture, result, error, now);
	return leave_with_plan(capture, result, error, now, 0);
}

/* A payload that may not have been looked at. */
static __attribute__((noinline)) int64_t leave_unread(struct capture *capture, int64_t result, uint64_t now)
{
	return leave_by(capture, result, 0, now, record_extent(capture->slot, capture, result, 0));
}

/* Only decides, and calls nothing but last, so that it needs no registers saved. */
int64_t capture_leave(struct capture *capture, int64_t result)
{
	struct live_slot *slot = capture->slot;
	uint32_t trait = capture->trait;

	if (__builtin_expect(!slot, 0))
		return result;
	if (__builtin_expect(slot != thread_slot || image_life.state != IMAGE_ALIVE || capture->index ||
				     image.ticks_source != TICKS_COUNTER,
			     0))
		return leave_slowly(capture, result);
	uint64_t now = __builtin_ia32_rdtsc();
	int error = error_of(trait, result);
	if (__builtin_expect(image.stack_depth != 0, 0))
		return leave_with_stack(capture, result, error, now);
	if (!error && (trait & TRAIT_UNREAD))
		return leave_unread(capture, result, now);
	return leave_by(capture, result, error, now, record_extent(slot, capture, result, error));
}
