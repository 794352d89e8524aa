// SPDX-License-Identifier: MIT
/*
 * The whole of what is done around a call that moves bytes from or to memory of its caller, as many as it returns:
 * send(), recv(), read(), write() and those like them. Compiled into each of their wrappers, with what their rows say
 * as constants.
 *
 * That is because of the caches: when the kernel comes back from such a call our code is no longer in the first of
 * them, and each line of 64 bytes that runs costs 1.4 ns. Here 12 lines run; by capture_enter() and capture_leave(),
 * which can do everything for every call and are what is behind this when anything is unusual, 26.
 *
 * See capture.h for the rules.
 */
#ifndef IPCTRACE_PRELOAD_PASS_H
#define IPCTRACE_PRELOAD_PASS_H

#include <sys/socket.h>

#include "preload/capture.h"
#include "preload/descriptor.h"
#include "preload/image.h"
#include "preload/in_flight.h"
#include "preload/payload.h"

#define PASS_ARGS 4 /* at most */

/* Any such call behind the wrapper, which has fewer arguments than this, or as many. */
typedef int64_t pass_real(uint64_t, uint64_t, uint64_t, uint64_t);

/* What the catalogue's row says of the call. */
struct pass {
	uint16_t event;
	uint8_t argc;
	uint8_t payload; /* which argument points to the bytes */
	uint8_t flags;	 /* which has flags, where MSG_TRUNC makes the result another number; ITEM_NO_ARG: none */
	bool is_io;	 /* what takes the bytes may be anything, and need not have looked at them */
};

/* Makes and records the call where something is unusual before it; its arguments are filled in. */
int64_t pass_slowly(struct capture *capture, uint64_t head, void *site, pass_real *real);

/* What is known of a call on its way beside its arguments. */
struct passing {
	struct live_slot *slot;
	uint64_t head, enter;
	void *site;
};

/* Records a call that has returned `result` where something is unusual after it; returns that. */
int64_t pass_otherwise(struct capture *capture, struct passing passing, int64_t result);

static inline __attribute__((always_inline)) bool pass_may_begin(const struct live_slot *slot, uint32_t quick)
{
	return __builtin_expect(slot != NULL, 1) && __builtin_expect(quick != 0, 1) &&
	       __builtin_expect(!(slot->vfork_enter | slot->busy | slot->in_flight_depth), 1);
}

/* As in_flight_store(), from the arguments where they are. */
static inline __attribute__((always_inline)) struct live_in_flight *pass_note(const struct pass pass,
									      struct live_slot *slot,
									      const struct capture *capture,
									      const uint64_t *args, void *site)
{
	struct live_in_flight *entry = slot->in_flight;

	__asm__("" : "+r"(entry)); /* one register for all of it makes the stores three bytes shorter each */
	*(volatile uint32_t *)&slot->in_flight_depth = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	entry->frame = (uint64_t)(uintptr_t)capture;
	entry->site = (uint64_t)(uintptr_t)site;
	for (unsigned i = 0; i < pass.argc; i++)
		entry->args[i] = args[i];
	return entry;
}

/* Whether what the call returned is a number of bytes, all of which are kept, that stand where its argument says. */
static inline __attribute__((always_inline)) bool pass_is_whole(const struct pass pass, const struct capture *capture,
								int64_t result)
{
	return __builtin_expect((uint64_t)result <= image_life.payload_whole, 1) &&
	       __builtin_expect(capture->args[pass.payload] >= LIVE_PAGE, 1) &&
	       (!pass.is_io || __builtin_expect(descriptor_reads(capture->args[0]), 1)) &&
	       (pass.flags >= PASS_ARGS || __builtin_expect(!(capture->args[pass.flags] & MSG_TRUNC), 1));
}

/* The record of a call that has returned `result`, or failed with `error`, in room of as many `words` as it takes. */
static inline __attribute__((always_inline)) void pass_record(const struct pass pass, const struct capture *capture,
							      const struct passing *passing,
							      const struct stream_room *room, uint32_t words,
							      uint64_t duration, int64_t result, uint64_t error)
{
	struct record_call *record = (struct record_call *)room->at;

	record->enter = passing->enter;
	((uint64_t *)record)[offsetof(struct record_call, enter) / 8 + 1] = duration | error << 48;
	record->result = result;
	record->site = (uint64_t)(uintptr_t)passing->site;
	__builtin_memcpy(record->args, capture->args,
			 16); /* stored so long ago that taking two at once need not wait */
	__builtin_memcpy(&record->args[2], &capture->args[2], (pass.argc - 2) * 8);
	if (result != -1)
		payload_put_whole((uint8_t *)&record->args[pass.argc], pass.payload, capture->args[pass.payload],
				  (uint64_t)result);
	stream_complete(room, words, words, RECORD_CALL + pass.event);
}

/* What is done after the call. `quick` is what image_life.quick was before it. */
static inline __attribute__((always_inline)) int64_t
pass_end(const struct pass pass, struct capture *capture, const struct passing passing, uint32_t quick, int64_t result)
{
	uint64_t duration = __builtin_ia32_rdtsc() - passing.enter, error = 0;
	uint32_t words = (uint32_t)(sizeof(struct record_call) / 8) + pass.argc;

	/* another number: a signal handler has forked, and this is the child, or what the short way depends on changed
	 */
	if (__builtin_expect(image_life.quick != quick, 0) || __builtin_expect(duration >> 44, 0))
		return pass_otherwise(capture, passing, result);
	if (result == -1)
		error = (uint16_t)image_errno();
	else if (pass_is_whole(pass, capture, result))
		words += item_words((uint32_t)result);
	else
		return pass_otherwise(capture, passing, result);
	*(volatile uint32_t *)&passing.slot->in_flight[0].type = LIVE_RETURNED | (RECORD_CALL + pass.event);
	word_count(&passing.slot->made);
	struct stream_room room = stream_room_quick(image_life.ring_size, passing.slot, words);
	if (__builtin_expect(!room.at, 0)) {
		word_uncount(&passing.slot->made);
		return pass_otherwise(capture, passing, result);
	}
	pass_record(pass, capture, &passing, &room, words, duration, result, error);
	in_flight_drop(passing.slot, 0);
	stream_show(passing.slot, &room);
	return result;
}

static inline __attribute__((always_inline)) int64_t pass_bytes(const struct pass pass, uint64_t a, uint64_t b,
								uint64_t c, uint64_t d, pass_real *real, void *site)
{
	const uint64_t args[PASS_ARGS] = {a, b, c, d};
	struct passing passing = {.slot = thread_slot, .head = capture_head(pass.event, pass.argc), .site = site};
	uint32_t quick = image_life.quick;
	struct capture capture; /* in this frame, by which it is known whether the call was jumped out of */

	for (unsigned i = 0; i < PASS_ARGS; i++)
		capture.args[i] = args[i];
	if (!pass_may_begin(passing.slot, quick))
		return pass_slowly(&capture, passing.head, site, real);
	struct live_in_flight *entry = pass_note(pass, passing.slot, &capture, args, site);
	entry->enter = passing.enter = __builtin_ia32_rdtsc();
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&entry->type_and_argc, passing.head, __ATOMIC_RELAXED);
	return pass_end(pass, &capture, passing, quick, real(a, b, c, d));
}

#endif
