// SPDX-License-Identifier: MIT
/* See capture.h for the rules. The hot path of the whole project is capture_enter() and capture_leave(). */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "preload/capture.h"
#include "preload/descriptor.h"
#include "preload/follow.h"
#include "preload/image.h"
#include "preload/traits.h"
#include "trace/raw.h"

/*
 * The call has returned, and is going to be recorded. It stays in flight until its record is whole, so that a kill in
 * between shows it as unfinished; but when its thread is found somewhere else it is not recorded once more.
 */
static inline void in_flight_mark(struct live_slot *slot, const struct capture *capture)
{
	*(volatile uint32_t *)&slot->in_flight[capture->index].type = LIVE_RETURNED | capture->type;
}

static inline void in_flight_drop(struct live_slot *slot, uint32_t index)
{
	*(volatile uint32_t *)&slot->in_flight_depth = index;
	*(volatile uint32_t *)&slot->in_flight[index].type = 0;
}

void capture_abandon(struct live_slot *slot, uint32_t depth, enum outcome outcome)
{
	while (slot->in_flight_depth > depth && slot->in_flight_depth <= LIVE_IN_FLIGHT_MAX) {
		struct live_in_flight *top = &slot->in_flight[slot->in_flight_depth - 1];
		if (top->type - RECORD_CALL >= catalogue_builtin.calls_count || top->argc > CALL_ARGS_MAX) {
			/* not filled, or being recorded, or not of our writing */
			in_flight_drop(slot, slot->in_flight_depth - 1);
			continue;
		}
		struct capture left = {.slot = slot,
				       .enter = top->enter,
				       .site = top->site,
				       .type = (uint16_t)top->type,
				       .argc = (uint8_t)top->argc,
				       .index = slot->in_flight_depth - 1};
		for (unsigned i = 0; i < CALL_ARGS_MAX; i++)
			left.args[i] = top->args[i];
		capture_finish(&left, 0, 0, outcome);
	}
}

/* Frames so near to each other are on one stack. */
#define ONE_STACK 2048

/*
 * On the thread's own stack all that lies below is gone. On others, of handlers and coroutines, it may be waiting:
 * there only what lies right below is known to be gone.
 */
bool frame_was_left(uint64_t frame, uint64_t now)
{
	bool first = frame_is_first(frame);

	if (frame > now || first != frame_is_first(now))
		return false;
	return first || now - frame < ONE_STACK;
}

/* How many of the calls in flight still are. */
static uint32_t in_flight_left(const struct live_slot *slot, uint32_t depth, uint64_t now)
{
	while (depth > 0 && depth <= LIVE_IN_FLIGHT_MAX) {
		const struct live_in_flight *entry = &slot->in_flight[depth - 1];
		if (entry->type == 0 || !frame_was_left(entry->frame, now))
			break;
		depth--;
	}
	return depth;
}

/*
 * `index` is below LIVE_IN_FLIGHT_MAX. The entry is taken first, so that no handler uses it while it is being filled;
 * its type, which is 0 until then, is stored last.
 */
static inline void in_flight_store(struct live_slot *slot, const struct capture *capture, uint32_t index)
{
	struct live_in_flight *entry = &slot->in_flight[index];

	*(volatile uint32_t *)&slot->in_flight_depth = index + 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	entry->frame = (uint64_t)(uintptr_t)capture;
	entry->enter = capture->enter;
	entry->argc = capture->argc;
	entry->site = capture->site;
	for (unsigned i = 0; i < 4; i++) /* few calls have more; there is room in both for those that have less */
		entry->args[i] = capture->args[i];
	for (unsigned i = 4; i < capture->argc; i++)
		entry->args[i] = capture->args[i];
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*(volatile uint32_t *)&entry->type = capture->type;
}

static inline void capture_begin(struct capture *capture, struct live_slot *slot, unsigned event, unsigned argc,
				 void *site)
{
	capture->slot = slot;
	capture->type = (uint16_t)(RECORD_CALL + event);
	capture->argc = (uint8_t)argc;
	capture->site = (uint64_t)(uintptr_t)site;
	capture->before_count = 0;
	capture->length = 0;
	capture->index = 0;
}

/* Out of line, so that the way most calls take needs no registers saved. */
static __attribute__((noinline)) void capture_enter_slowly(struct capture *capture, unsigned event, unsigned argc,
							   void *site)
{
	struct live_slot *slot = slot_mine();

	capture->slot = NULL;
	if (!slot)
		stream_lost_without_slot(&image.view);
	if (!slot || (slot->busy && (slot->busy == BUSY_LOADING || stack_is_caller(site))))
		return;
	capture_begin(capture, slot, event, argc, site);
	if (traits[event] & TRAIT_LENGTH_BEFORE)
		capture->length = follow_length_before(capture, event);
	capture->enter = ticks_now();
	capture->index = in_flight_top(slot);
	if (capture->index > 0 && !slot->vfork_enter) {
		capture->index = in_flight_left(slot, capture->index, (uint64_t)(uintptr_t)capture);
		capture_abandon(slot, capture->index, OUTCOME_JUMPED);
	}
	if (capture->index < LIVE_IN_FLIGHT_MAX)
		in_flight_store(slot, capture, capture->index);
}

/*
 * The collector has read the lines where the record will stand. Getting them back takes as long as a cheap call, and
 * can go on meanwhile: 6 ns less of the 64 for a send() or recv() of 64 bytes, where nothing is gained elsewhere. (GCC
 * takes a function of __builtin_prefetch() alone for one that does nothing.)
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

void capture_enter(struct capture *capture, unsigned event, unsigned argc, void *site)
{
	struct live_slot *slot = thread_slot;

	if (__builtin_expect(!slot || image_alive[0] != IMAGE_ALIVE || (slot->busy | slot->in_flight_depth) ||
				     (traits[event] & TRAIT_LENGTH_BEFORE) || image.ticks_source != TICKS_COUNTER,
			     0)) {
		capture_enter_slowly(capture, event, argc, site);
		return;
	}
	record_prefetch(slot);
	capture_begin(capture, slot, event, argc, site);
	capture->enter = __builtin_ia32_rdtsc();
	in_flight_store(slot, capture, 0);
}

/*
 * The record's fixed part; returns where the items go. The word with the bit fields is put together here: stored one by
 * one, they would first be loaded from the ring, whose lines are in the collector's cache.
 */
static uint8_t *record_fill(struct record_call *record, const struct capture *capture, uint64_t duration,
			    int64_t result, int error, enum outcome outcome, bool borrowed)
{
	const uint64_t longest = (1ull << 44) - 1;

	record->enter = capture->enter;
	((uint64_t *)record)[offsetof(struct record_call, enter) / 8 + 1] =
		(duration < longest ? duration : longest) | (uint64_t)outcome << 44 | (uint64_t)borrowed << 47 |
		(uint64_t)(uint16_t)error << 48;
	record->result = result;
	record->site = capture->site;
	for (unsigned i = 0; i < capture->argc; i++)
		record->args[i] = capture->args[i];
	return (uint8_t *)&record->args[capture->argc];
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
	EXTENT_PLAIN,	 /* nothing */
	EXTENT_PAYLOAD,	 /* the bytes that one argument points to */
	EXTENT_STRAIGHT, /* what parts_straight[] says */
	EXTENT_PLANNED,	 /* what follow_plan() says */
};

/* For these there is more to do than to look behind arguments. */
#define ASKED (TRAIT_ASK_LOCAL | TRAIT_ASK_PEER | TRAIT_CREATES | TRAIT_MOVES_FD | TRAIT_ENDS_FDS)

/* Told from the call's traits, without walking its row: 60 ns less for a send() of 64 bytes. */
static inline enum extent record_extent(const struct live_slot *slot, const struct capture *capture, int error,
					enum outcome outcome)
{
	uint32_t trait = traits[capture->type - RECORD_CALL];

	if (slot->vfork_enter || outcome != OUTCOME_RETURNED)
		return EXTENT_PLANNED;
	if (error)
		return trait & (TRAIT_FOLLOWED_ON_FAILURE | TRAIT_ASK_LOCAL) ? EXTENT_PLANNED : EXTENT_PLAIN;
	if (!(trait & (TRAIT_FOLLOWED | ASKED)))
		return EXTENT_PLAIN;
	if ((trait & ASKED) || !(trait & TRAIT_STRAIGHT) ||
	    ((trait & TRAIT_UNREAD) && !descriptor_reads(capture->args[0])) ||
	    ((trait & TRAIT_PAYLOAD_FLAGS) && (capture->args[TRAIT_FLAGS_ARG(trait)] & MSG_TRUNC)))
		return EXTENT_PLANNED;
	return (trait & TRAIT_PAYLOAD) && capture->args[TRAIT_PAYLOAD_ARG(trait)] >= LIVE_PAGE ? EXTENT_PAYLOAD
											       : EXTENT_STRAIGHT;
}

/* The record is whole, or there was no room for it: the call is no longer in flight, and its record visible. */
static inline void record_show(struct live_slot *slot, const struct capture *capture, const struct stream_room *room)
{
	in_flight_drop(slot, capture->index);
	if (__builtin_expect(room->at != NULL, 1))
		stream_show(slot, room);
}

static inline __attribute__((always_inline)) uint32_t record_words(const struct capture *capture, int64_t result,
								   enum extent extent)
{
	uint32_t words = (uint32_t)(sizeof(struct record_call) / 8 + capture->argc);

	if (extent == EXTENT_PAYLOAD)
		return words + payload_words((uint64_t)result);
	if (extent == EXTENT_STRAIGHT) {
		struct behind behind = {capture, result > 0 ? (uint64_t)result : 0, false};
		return words + parts_words(parts_straight[capture->type - RECORD_CALL], &behind);
	}
	return words;
}

/* A record without a plan, in room of as many `words` as it takes; `stack` is the hash of the call's, or 0. */
static inline __attribute__((always_inline)) void record_put(const struct stream_room *room, uint32_t words,
							     const struct capture *capture, uint64_t duration,
							     int64_t result, int error, enum extent extent,
							     uint64_t stack)
{
	unsigned event = capture->type - RECORD_CALL;
	struct sink sink = {.end = room->at + words * 8, .behind = {capture, result > 0 ? (uint64_t)result : 0, false}};

	sink.at =
		record_fill((struct record_call *)room->at, capture, duration, result, error, OUTCOME_RETURNED, false);
	if (extent == EXTENT_PAYLOAD)
		payload_write(&sink, TRAIT_PAYLOAD_ARG(traits[event]), capture->args[TRAIT_PAYLOAD_ARG(traits[event])],
			      sink.behind.moved);
	else if (extent == EXTENT_STRAIGHT)
		parts_write(&sink, parts_straight[event]);
	if (__builtin_expect(stack != 0, 0)) {
		stack_put((uint64_t *)sink.at, stack);
		sink.at += STACK_WORDS * 8;
	}
	stream_complete(room, words, (uint32_t)((sink.at - room->at) / 8), capture->type);
}

static void record_write(struct live_slot *slot, const struct capture *capture, uint64_t duration, int64_t result,
			 int error, enum outcome outcome)
{
	enum extent extent = record_extent(slot, capture, error, outcome);
	uint64_t stack = 0;

	if (__builtin_expect(live_control.stack_depth != 0, 0) && outcome == OUTCOME_RETURNED)
		stack = stack_take(slot, capture->site);
	if (extent == EXTENT_PLANNED || extent == EXTENT_STRAIGHT) {
		struct capture_held held = record_write_planned(slot, capture, duration, result, error, outcome, stack);
		record_show(slot, capture, &held.room);
		return;
	}
	uint32_t words = record_words(capture, result, extent) + (stack ? STACK_WORDS : 0);
	struct stream_room room = stream_reserve(&image.view, slot, words);
	if (room.at)
		record_put(&room, words, capture, duration, result, error, extent, stack);
	record_show(slot, capture, &room);
}

static inline uint64_t duration_until(const struct capture *capture, uint64_t now)
{
	return now > capture->enter ? now - capture->enter : 0;
}

void capture_finish(struct capture *capture, int64_t result, int error, enum outcome outcome)
{
	struct live_slot *slot = capture->slot;

	if (!slot)
		return;
	uint64_t now = ticks_now();
	if (__builtin_expect(slot != thread_slot || image_alive[0] != IMAGE_ALIVE, 0) &&
	    image_alive[0] != IMAGE_SHARED) {
		slot = slot_mine(); /* a signal handler has forked while the call was in flight */
		if (!slot)
			return;
		capture->index = in_flight_top(slot);
	}
	in_flight_mark(slot, capture);
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
	capture->type = (uint16_t)(RECORD_CALL + event);
	capture->argc = (uint8_t)argc;
	capture->site = (uint64_t)(uintptr_t)site;
	capture->before_count = 0;
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
	if (!record || slot != thread_slot || !image_alive[0])
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
 * capture_finish() a failing recv() took 3 ns more. `stack` is the hash of the call's, or 0.
 */
static inline __attribute__((always_inline)) bool leave_quickly(struct capture *capture, uint64_t now, int64_t result,
								int error, enum extent extent, uint64_t stack)
{
	struct live_slot *slot = capture->slot;
	uint32_t words = record_words(capture, result, extent) + (stack ? STACK_WORDS : 0);

	in_flight_mark(slot, capture);
	word_count(&slot->made); /* before there is room, as in stream_reserve(): a handler may jump out of here */
	struct stream_room room = stream_room_quick(&image.view, slot, words);
	if (__builtin_expect(!room.at, 0)) {
		word_uncount(&slot->made);
		return false;
	}
	record_put(&room, words, capture, duration_until(capture, now), result, error, extent, stack);
	record_show(slot, capture, &room);
	return true;
}

static __attribute__((noinline)) int64_t leave_slowly(struct capture *capture, int64_t result, int error)
{
	capture_finish(capture, result, error, OUTCOME_RETURNED);
	return result;
}

static __attribute__((noinline)) int64_t leave_with_payload(struct capture *capture, int64_t result, uint64_t now)
{
	return leave_quickly(capture, now, result, 0, EXTENT_PAYLOAD, 0) ? result : leave_slowly(capture, result, 0);
}

static __attribute__((noinline)) int64_t leave_straight(struct capture *capture, int64_t result, uint64_t now)
{
	return leave_quickly(capture, now, result, 0, EXTENT_STRAIGHT, 0) ? result : leave_slowly(capture, result, 0);
}

static APART int64_t leave_with_plan(struct capture *capture, int64_t result, int error, uint64_t now, uint64_t stack)
{
	struct live_slot *slot = capture->slot;

	in_flight_mark(slot, capture);
	capture->slot = NULL;
	struct capture_held held = record_write_planned(slot, capture, duration_until(capture, now), result, error,
							OUTCOME_RETURNED, stack);
	record_show(slot, capture, &held.room);
	return result;
}

static APART int64_t leave_with_stack(struct capture *capture, int64_t result, int error, uint64_t now)
{
	enum extent extent = record_extent(capture->slot, capture, error, OUTCOME_RETURNED);
	uint64_t stack = stack_take(capture->slot, capture->site);

	if (extent == EXTENT_PLANNED || extent == EXTENT_STRAIGHT)
		return leave_with_plan(capture, result, error, now, stack);
	if (!leave_quickly(capture, now, result, error, extent, stack))
		leave_slowly(capture, result, error); /* takes it once more: the ring goes round, or is full */
	return result;
}

int64_t capture_leave(struct capture *capture, int64_t result)
{
	struct live_slot *slot = capture->slot;

	if (__builtin_expect(!slot, 0))
		return result;
	int error = error_of(traits[capture->type - RECORD_CALL], result);
	if (__builtin_expect(
		    slot != thread_slot || image_alive[0] != IMAGE_ALIVE || image.ticks_source != TICKS_COUNTER, 0))
		return leave_slowly(capture, result, error);
	uint64_t now = __builtin_ia32_rdtsc();
	if (__builtin_expect(live_control.stack_depth != 0, 0))
		return leave_with_stack(capture, result, error, now);
	enum extent extent = record_extent(slot, capture, error, OUTCOME_RETURNED);
	if (extent == EXTENT_PAYLOAD)
		return leave_with_payload(capture, result, now);
	if (extent == EXTENT_STRAIGHT)
		return leave_straight(capture, result, now);
	if (extent == EXTENT_PLANNED)
		return leave_with_plan(capture, result, error, now, 0);
	return leave_quickly(capture, now, result, error, extent, 0) ? result : leave_slowly(capture, result, error);
}
