// SPDX-License-Identifier: MIT
/* See traits.h. Must run before the first wrapper is switched on. */
#include "events.h"
#include "preload/part.h"
#include "preload/traits.h"

uint32_t traits[LIVE_EVENTS_MAX];

/* What no row says: for these the tracer asks the kernel itself, so that both ends of a conversation can be matched. */
static const struct {
	uint16_t event, trait;
} asked[] = {
	{EVENT_connect, TRAIT_ASK_LOCAL},      {EVENT_bind, TRAIT_ASK_LOCAL},
	{EVENT_listen, TRAIT_ASK_LOCAL},       {EVENT_accept, TRAIT_ASK_PEER},
	{EVENT_accept4, TRAIT_ASK_PEER},       {EVENT_fork, TRAIT_CREATES},
	{EVENT_posix_spawn, TRAIT_CREATES},    {EVENT_posix_spawnp, TRAIT_CREATES},
	{EVENT_pthread_create, TRAIT_CREATES}, {EVENT_thrd_create, TRAIT_CREATES},
	{EVENT_clone, TRAIT_CREATES},	       {EVENT_vfork, TRAIT_CREATES},
	{EVENT_semop, TRAIT_ASK_SEMVALS},      {EVENT_semtimedop, TRAIT_ASK_SEMVALS},
	{EVENT_posix_spawnp, TRAIT_UNREAD},    {EVENT_close_range, TRAIT_ENDS_FDS},
	{EVENT_closefrom, TRAIT_ENDS_FDS},     {EVENT_semctl, TRAIT_ASK_SEMSET},
};

bool trait_goes_in(const struct value_spec *value)
{
	return value->kind == KIND_SELECT ||
	       ((value->direction == DIRECTION_IN || value->direction == DIRECTION_INOUT) &&
		value->kind != KIND_BYTES && value->kind != KIND_IOVEC && value->kind != KIND_MSGHDR &&
		value->kind != KIND_MMSGHDR && value->kind != KIND_MSGBUF && value->kind != KIND_FDSET);
}

/* Whether the call takes payload to a descriptor that need not be a socket, or arrays of which the kernel skips some.
 */
static bool may_be_unread(const struct call_spec *call)
{
	bool is_io = call->family[0] == 'i' && call->family[1] == 'o' && !call->family[2], takes = false;

	for (unsigned i = 0; i < call->argc; i++) {
		const struct value_spec *value = &call->args[i].value;
		takes |= value->direction == DIRECTION_IN &&
			 (value->kind == KIND_BYTES || value->kind == KIND_IOVEC || value->kind == KIND_STRUCT);
	}
	return (is_io && takes) || call->result.kind == KIND_PID;
}

static bool moves_descriptors(const struct call_spec *call)
{
	bool moves = call->result.kind == KIND_FD && call->result.identity != IDENTITY_NONE;

	for (unsigned i = 0; i < call->argc; i++)
		moves |= call->args[i].value.kind == KIND_FD && call->args[i].value.identity != IDENTITY_NONE;
	return moves;
}

static uint32_t traits_of(const struct call_spec *call)
{
	uint32_t trait = call->captured ? TRAIT_FOLLOWED : 0;

	if (call->failure == FAILURE_NULL)
		trait |= TRAIT_FAILS_NULL;
	else if (call->failure == FAILURE_ERRNO || call->failure == FAILURE_STATUS)
		trait |= TRAIT_FAILS_ERRNO;
	else if (call->failure == FAILURE_NEVER)
		trait |= TRAIT_NEVER_FAILS;
	for (unsigned i = 0; i < call->argc; i++) {
		const struct value_spec *value = &call->args[i].value;
		if (value->length == LENGTH_POINTED ||
		    (value->kind == KIND_MSGHDR && value->direction == DIRECTION_OUT) ||
		    (value->kind == KIND_MSGHDR && value->direction == DIRECTION_INOUT))
			trait |= TRAIT_LENGTH_BEFORE;
		if (trait_goes_in(value))
			trait |= TRAIT_FOLLOWED_ON_FAILURE;
	}
	if (may_be_unread(call))
		trait |= TRAIT_UNREAD;
	if (moves_descriptors(call))
		trait |= TRAIT_MOVES_FD;
	return trait;
}

/* What is to be known of the parts of a straight call. */
static uint32_t parts_traits(const struct part parts[PARTS_STRAIGHT])
{
	uint32_t trait = TRAIT_STRAIGHT;

	bool is_alone = parts[0].sort <= PART_ALONE_LAST && !parts[1].sort;
	bool is_near =
		parts[0].sort == PART_BYTES ? parts[0].counted == LENGTH_RETURN : parts[0].counted != LENGTH_POINTED;

	if (is_alone && is_near)
		trait |= (uint32_t)parts[0].sort << 24 | (uint32_t)parts[0].arg << 16;
	for (unsigned i = 0; i < PARTS_STRAIGHT && parts[i].sort; i++)
		if (parts[i].sort == PART_BYTES && parts[i].received && parts[i].flags != ITEM_NO_ARG)
			trait |= TRAIT_TRUNCATES | (uint32_t)parts[i].flags << 20;
	return trait;
}

/*
 * Whether everything behind the arguments of a call that has succeeded is to be read, and none of it with care; but for
 * payload that a descriptor takes, which TRAIT_UNREAD says of those that are straight.
 */
static bool is_straight(const struct call_spec *call, uint32_t trait)
{
	if (trait & TRAIT_UNREAD) {
		if (call->result.kind == KIND_PID || call->args[0].value.kind != KIND_FD)
			return false;
		for (unsigned i = 0; i < call->argc; i++)
			if (call->args[i].value.direction == DIRECTION_IN && call->args[i].value.kind == KIND_STRUCT)
				return false;
	}
	return call->captured != 0;
}

void traits_prepare(void)
{
	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		traits[i] = traits_of(&catalogue_builtin.calls[i]);
	for (unsigned i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		traits[asked[i].event] |= asked[i].trait;
	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		if (is_straight(&catalogue_builtin.calls[i], traits[i]) &&
		    parts_of(parts_straight[i], &catalogue_builtin.calls[i]))
			traits[i] |= parts_traits(parts_straight[i]);
}

void traits_settle(void)
{
	const uint32_t asks = TRAIT_ASK_SEMVALS | TRAIT_ASK_SEMSET;

	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		if (traits[i] & asks)
			traits[i] &= ~(uint32_t)(live_control.ask_semval ? TRAIT_STRAIGHT : asks);
}
