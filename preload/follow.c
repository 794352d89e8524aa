// SPDX-License-Identifier: MIT
/* See follow.h; no call is known by name but where traits.h has it. */
#include <errno.h>
#include <sys/sem.h>

#include "preload/descriptor.h"
#include "preload/follow.h"
#include "preload/image.h"
#include "preload/traits.h"
#include "trace/raw.h"

#define SEMVALS_MAX 8

uint32_t follow_length_before(const struct capture *capture, unsigned event)
{
	const struct call_spec *call = &catalogue_builtin.calls[event];
	uint32_t length = 0;

	for (unsigned i = 0; i < call->argc; i++) {
		const struct value_spec *value = &call->args[i].value;
		uint64_t address;
		if (value->length == LENGTH_POINTED)
			address = capture->args[value->length_value];
		else if (value->kind == KIND_MSGHDR && value->direction != DIRECTION_IN)
			address = capture->args[i] + offsetof(struct msghdr, msg_namelen);
		else
			continue;
		if (address < LIVE_PAGE)
			return 0;
		if (memory_is_own_stack(address, sizeof(length)))
			return *(const uint32_t *)(uintptr_t)address;
		return memory_read(&length, address, sizeof(length)) ? length : 0;
	}
	return 0;
}

static bool vector_is_there(const struct iovec *vector, uint64_t count, uint64_t left)
{
	for (uint64_t i = 0; i < count && left; i++) {
		uint64_t size = least(vector[i].iov_len, left);
		if (size && !memory_is_there((uint64_t)(uintptr_t)vector[i].iov_base, size))
			return false;
		left -= size;
	}
	return true;
}

/*
 * Of calls that may succeed without a look at their arguments (TRAIT_UNREAD): whether the memory behind this one is
 * there.
 */
static bool was_read(const struct follow *follow, const struct value_spec *value, const struct part *part)
{
	const struct capture *capture = follow->behind.capture;
	uint64_t address = capture->args[part->arg];

	if (follow->call->result.kind == KIND_PID) /* with WNOHANG, and no child that has ended */
		return follow->result != 0 || value->direction == DIRECTION_IN;
	if (value->direction != DIRECTION_IN)
		return true;
	if (value->kind == KIND_STRING) /* looked at by a child, which may have died of it */
		return memory_is_there(address, 1);
	if (value->kind == KIND_STRUCT)
		return follow->result != 0 || memory_is_there(address, part_size(part, &follow->behind));
	bool is_vector = value->kind == KIND_IOVEC;
	if ((!is_vector && value->kind != KIND_BYTES) || follow->result <= 0 ||
	    follow->call->args[0].value.kind != KIND_FD || descriptor_reads(capture->args[0]))
		return true;
	uint64_t count = part_count(part, &follow->behind);
	if (!is_vector)
		return memory_is_there(address, count);
	return vector_is_there((const struct iovec *)(uintptr_t)address, count, follow->behind.moved);
}

/* The descriptors that the call has made or ended. */
static void descriptors_note(const struct follow *follow)
{
	const struct call_spec *call = follow->call;
	const struct capture *capture = follow->behind.capture;

	if (traits[capture->type - RECORD_CALL] & TRAIT_ENDS_FDS)
		descriptors_forget(capture->args[0]);
	for (unsigned i = 0; i < call->argc; i++)
		if (call->args[i].value.identity == IDENTITY_GONE)
			descriptor_forget(capture->args[i]);
	if (call->result.identity == IDENTITY_NEW)
		descriptor_forget((uint64_t)follow->result);
}

static bool payload_was_discarded(const struct follow *follow, const struct value_spec *value, const struct part *part)
{
	return value->kind == KIND_BYTES && value->direction != DIRECTION_IN && part->flags != ITEM_NO_ARG &&
	       (follow->behind.capture->args[part->flags] & MSG_TRUNC);
}

static bool worth_following(const struct follow *follow, uint32_t trait, const struct value_spec *value,
			    const struct part *part)
{
	if (follow->behind.careful) /* only what went in is of interest then, and payload did not go in */
		return trait_goes_in(value);
	return !payload_was_discarded(follow, value, part) &&
	       (!(trait & TRAIT_UNREAD) || was_read(follow, value, part));
}

static void plan_part(struct follow *follow, const struct part *part)
{
	follow->parts[follow->count++] = *part;
	follow->words += part_words(part, &follow->behind);
}

static void plan_args(struct follow *follow, uint32_t trait)
{
	const struct capture *capture = follow->behind.capture;
	struct part length = {PART_NONE};

	if ((trait & TRAIT_LENGTH_BEFORE) && !follow->behind.careful)
		length = part_length(follow->call);
	bool has_length = false;
	for (uint32_t left = follow->call->captured; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		if (capture->args[i] < LIVE_PAGE)
			continue;
		struct value_spec value = catalogue_resolve(&catalogue_builtin, follow->call, i, capture->args);
		struct part part = part_of(follow->call, i, &value);
		if (!part.sort || !worth_following(follow, trait, &value, &part))
			continue;
		plan_part(follow, &part);
		has_length |= i == length.arg;
	}
	if (length.sort && has_length)
		plan_part(follow, &length);
	for (unsigned i = 0; i < capture->before_count; i++)
		follow->words += item_words(capture->before[i].size);
}

/* After a vfork the child writes here, until it execs or exits; what it leaves undone its parent writes for it. */
static void plan_borrowed(struct follow *follow)
{
	/* in a sandbox there is no telling them apart */
	uint32_t tid = image.view.no_kernel ? follow->slot->tid : (uint32_t)raw_syscall(SYS_gettid);

	follow->child = tid != follow->slot->tid ? tid : follow->slot->vfork_child;
	if (follow->child)
		follow->words += item_words(8);
}

/* Whether a command of semctl() is about all values of a set, which it was given or has given in an array. */
static bool is_of_values(uint64_t command)
{
	return command == GETALL || command == SETALL;
}

/* What the tracer asks the kernel, or knows itself. */
static void plan_asked(struct follow *follow, uint32_t trait, int error)
{
	if ((trait & (TRAIT_ASK_LOCAL | TRAIT_ASK_PEER)) && (!error || error == EINPROGRESS)) {
		follow->asks = true;
		follow->words += 2 * item_words(ADDRESS_MAX);
	}
	if ((trait & TRAIT_CREATES) && !error) {
		follow->creates = true;
		follow->words += item_words(8);
	}
	bool asks_set = (trait & TRAIT_ASK_SEMSET) && is_of_values(follow->behind.capture->args[2]);
	if (((trait & TRAIT_ASK_SEMVALS) || asks_set) && !error) {
		follow->semval = true;
		follow->words += item_words(SEMVALS_MAX * 4);
	}
}

bool follow_plan(struct follow *follow, const struct capture *capture, struct live_slot *slot, int64_t result,
		 int error, enum outcome outcome, uint64_t stack)
{
	unsigned event = capture->type - RECORD_CALL;
	uint32_t trait = traits[event];
	bool returned = outcome == OUTCOME_RETURNED;

	follow->words = stack ? STACK_WORDS : 0;
	follow->stack = stack;
	follow->child = 0;
	follow->count = 0;
	follow->asks = follow->creates = follow->semval = false;
	follow->behind = (struct behind){capture, result > 0 ? (uint64_t)result : 0, error != 0 || !returned};
	follow->call = &catalogue_builtin.calls[event];
	follow->slot = slot;
	follow->result = result;
	if (__builtin_expect(slot->vfork_enter != 0, 0))
		plan_borrowed(follow);
	if ((trait & (TRAIT_MOVES_FD | TRAIT_ENDS_FDS)) && returned && !error)
		descriptors_note(follow);
	if ((trait & TRAIT_FOLLOWED) &&
	    (returned ? !error || (trait & TRAIT_FOLLOWED_ON_FAILURE) : outcome == OUTCOME_DEPARTED))
		plan_args(follow, trait);
	if (returned && !image.view.no_kernel)
		plan_asked(follow, trait, error);
	return follow->words != 0;
}

/* One end of the socket that the call was about: of the new one, when it accepted. */
static void address_ask(struct sink *sink, const struct follow *follow, enum item_form form, bool accepted)
{
	long fd = accepted ? follow->result : (long)follow->behind.capture->args[0];
	uint8_t *bytes = sink->at + sizeof(struct item);
	uint32_t size = ADDRESS_MAX;

	if ((uint64_t)(sink->end - sink->at) < item_words(ADDRESS_MAX) * 8ull)
		return;
	if (raw_syscall(form == ITEM_PEER ? SYS_getpeername : SYS_getsockname, fd, bytes, &size) != 0)
		return;
	item_close(sink, ITEM_NO_ARG, form, least(size, ADDRESS_MAX), size);
}

/* Who connected is asked only when the program did not; where they connected to is not always the listener's address.
 */
static void addresses_ask(struct sink *sink, const struct follow *follow, bool accepted)
{
	address_ask(sink, follow, ITEM_LOCAL, accepted);
	if (accepted && !follow->behind.capture->args[1])
		address_ask(sink, follow, ITEM_PEER, accepted);
}

static void semvals_ask(struct sink *sink)
{
	const struct capture *capture = sink->behind.capture;
	const struct sembuf *operations = (const struct sembuf *)(uintptr_t)capture->args[1];
	uint64_t count = least(capture->args[2], SEMVALS_MAX);
	int32_t *values = (int32_t *)item_start(sink, 1, ITEM_VALUE, 0, count * 4, count * 4, 0);

	for (uint64_t i = 0; values && i < count; i++)
		values[i] = (int32_t)raw_syscall(SYS_semctl, capture->args[0], operations[i].sem_num, GETVAL);
}

/* How many there are only the set knows: they are asked for until there is none. */
static void semset_ask(struct sink *sink)
{
	uint64_t semid = sink->behind.capture->args[0], count = 0;
	int32_t asked[SEMVALS_MAX], *values;

	while (count < SEMVALS_MAX) {
		long value = raw_syscall(SYS_semctl, semid, count, GETVAL);
		if (value < 0)
			break;
		asked[count++] = (int32_t)value;
	}
	values = count ? (int32_t *)item_start(sink, ITEM_NO_ARG, ITEM_VALUE, 0, count * 4, count * 4, 0) : NULL;
	for (uint64_t i = 0; values && i < count; i++)
		values[i] = asked[i];
}

static void word_write(struct sink *sink, enum item_form form, uint64_t word)
{
	uint64_t *bytes = (uint64_t *)item_start(sink, ITEM_NO_ARG, form, 0, 8, 8, 0);

	if (bytes)
		*bytes = word;
}

uint32_t follow_write(const struct follow *follow, uint8_t *at)
{
	struct sink sink = {at, at + follow->words * 8, follow->behind};
	const struct capture *capture = follow->behind.capture;

	for (unsigned i = 0; i < follow->count; i++)
		part_write(&sink, &follow->parts[i]);
	for (unsigned i = 0; i < capture->before_count; i++) {
		uint8_t *bytes = item_start(&sink, capture->before[i].arg, ITEM_BEFORE, 0, capture->before[i].size,
					    capture->before[i].size, 0);
		if (bytes)
			bytes_copy(bytes, capture->before[i].bytes, capture->before[i].size);
	}
	if (follow->stack && (uint64_t)(sink.end - sink.at) >= STACK_WORDS * 8) {
		stack_put((uint64_t *)sink.at, follow->stack);
		sink.at += STACK_WORDS * 8;
	}
	if (follow->child)
		word_write(&sink, ITEM_PID, follow->child | (uint64_t)follow->child << 32);
	if (follow->creates)
		word_write(&sink, ITEM_ORDINAL, ++follow->slot->created);
	if (follow->asks)
		addresses_ask(&sink, follow, traits[capture->type - RECORD_CALL] & TRAIT_ASK_PEER);
	if (follow->semval && (traits[capture->type - RECORD_CALL] & TRAIT_ASK_SEMSET))
		semset_ask(&sink);
	else if (follow->semval)
		semvals_ask(&sink);
	return (uint32_t)((sink.at - at) / 8);
}
