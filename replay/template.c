// SPDX-License-Identifier: MIT
/*
 * The arguments of a call, as they were, made ready to be given again: constant bytes and a list of places where a live
 * number belongs. Everything is read off the kinds of the call's row; nothing here knows a call by name.
 */
#include "replay/template_parts.h"

#include <sys/socket.h>

#include "replay/issue.h"

/* An offset in the area behind, until the size of the one in front is known. */
#define BEHIND 0x40000000u

uint32_t maker_area_put(struct maker *maker, const void *bytes, size_t size, size_t room)
{
	static const char zeros[64];
	uint32_t at;

	room = room > size ? room : size;
	text_add(&maker->data, zeros, -maker->data.size & 15);
	at = (uint32_t)maker->data.size;
	if (bytes)
		text_add(&maker->data, bytes, size);
	for (size_t left = room - (bytes ? size : 0); left;) {
		size_t part = left < sizeof(zeros) ? left : sizeof(zeros);
		text_add(&maker->data, zeros, part);
		left -= part;
	}
	return at;
}

static void give_up(struct maker *maker, enum fill_reason reason)
{
	if (maker->act->reason)
		return;
	maker->act->reason = (uint8_t)reason;
	maker->act->how = ACT_FILL;
}

uint32_t maker_area_leave(struct maker *maker, uint64_t size)
{
	uint32_t at = maker->behind;

	if (size > AREA_MAX || maker->behind > AREA_MAX - size) {
		give_up(maker, FILL_LARGE);
		return BEHIND;
	}
	maker->behind += (uint32_t)((size + 15) & ~15ull);
	return at | BEHIND;
}

void maker_reloc_add(struct maker *maker, uint32_t at, enum reloc_kind kind, uint16_t width, uint32_t what,
		     uint64_t addend)
{
	struct score_reloc *reloc = rows_add(&maker->relocs, sizeof(*reloc));

	if (reloc)
		*reloc = (struct score_reloc){at, (uint16_t)kind, width, what, addend};
}

void maker_store_add(struct maker *maker, uint32_t at, enum store_kind kind, uint32_t what)
{
	struct score_store *store = rows_add(&maker->stores, sizeof(*store));

	if (store)
		*store = (struct score_store){at, kind, what};
}

void maker_point_at(struct maker *maker, unsigned arg, uint32_t at)
{
	maker_reloc_add(maker, RELOC_WORD | arg, RELOC_SCRATCH, 8, 0, at);
}

static bool is_chosen_address(const struct call_spec *call)
{
	return call->result.kind == KIND_ADDRESS && call->result.identity == IDENTITY_NEW;
}

bool maker_is_closed_by_exec(const struct maker *maker)
{
	for (unsigned arg = 0; arg < maker->call->argc; arg++) {
		const struct names_spec *flags =
			value_flags(maker->composition->catalogue, &maker->call->args[arg].value);
		for (uint16_t i = 0; flags && i < flags->count; i++)
			if (strstr(flags->rows[i].name, "CLOEXEC") && maker->event->args[arg] & flags->rows[i].value)
				return true;
	}
	return false;
}

/* Bits called `name` of a flags argument go. */
static void drop_flag(struct maker *maker, const char *name)
{
	for (unsigned arg = 0; arg < maker->call->argc; arg++) {
		const struct names_spec *flags =
			value_flags(maker->composition->catalogue, &maker->call->args[arg].value);
		for (uint16_t i = 0; flags && i < flags->count; i++)
			if (!strcmp(flags->rows[i].name, name))
				maker->words[arg] &= ~flags->rows[i].value;
	}
}

/* Behind an address that is not looked at. */
#define UNLOOKED_ROOM 256

/* An address that means nothing here: one that was only asked for, one that is not looked at, or one that matters. */
static void settle_address(struct maker *maker, unsigned arg, bool is_selected)
{
	if (!maker->is_unknown)
		return;
	maker->is_unknown = false;
	maker->words[arg] = 0;
	if (is_chosen_address(maker->call) && maker->call->args[arg].value.identity != IDENTITY_GONE)
		drop_flag(maker, "MAP_FIXED");
	else if (!is_selected || issue_rows[maker->act->call].how == ISSUE_OWN)
		give_up(maker, FILL_UNKNOWN);
	else
		maker_point_at(maker, arg, maker_area_put(maker, NULL, 0, UNLOOKED_ROOM));
}

static void make_word(struct maker *maker, unsigned arg)
{
	struct value_spec value = value_of_arg(maker->event, arg);
	uint64_t word = maker->event->args[arg];
	bool is_selected = maker->call->args[arg].value.kind == KIND_SELECT;

	if (value.direction != DIRECTION_NONE) {
		if (word && value.kind != KIND_UNRECORDED)
			maker_make_pointed(maker, arg, &value);
		return;
	}
	maker->is_unknown = false;
	if (value.kind == KIND_KEY)
		maker->words[arg] = stage_key(maker->composition->stage, (uint32_t)word);
	else
		maker_set_scalar(maker, &value, RELOC_WORD | arg, value_word(&value, word));
	if (value.kind == KIND_ADDRESS)
		settle_address(maker, arg, is_selected);
	else if (maker->is_unknown)
		give_up(maker, FILL_UNKNOWN);
}

static void set_flags(struct maker *maker, const struct flow *flow)
{
	struct composition *composition = maker->composition;
	struct score_act *act = maker->act;
	const struct composed_object *object =
		maker->object == SCORE_NONE ? NULL : COMPOSED_OBJECT(composition, maker->object);
	bool is_stream = object && (object->type == OBJECT_PIPE ||
				    (object->type == OBJECT_SOCKET && object->socket_type == SOCK_STREAM));

	maker->limit = UINT64_MAX;
	maker->is_binding = !maker->call->waits && flow->direction == FLOW_NONE;
	if (object && object->type == OBJECT_SOCKET && !strcmp(maker->call->family, "socket") &&
	    flow->direction != FLOW_RECEIVED && maker->call->result.identity != IDENTITY_NEW)
		act->flags |= ACT_BINDS;
	if (maker->call->waits)
		act->flags |= ACT_WAITED;
	if (maker->call->waits && !strcmp(maker->call->family, "poll"))
		act->flags |= ACT_READY;
	if (maker->ok)
		act->flags |= ACT_RETRY;
	if (maker->ok && is_stream && flow->direction == FLOW_RECEIVED && maker->event->result > 0) {
		act->flags |= ACT_STREAM;
		maker->limit = (uint64_t)maker->event->result;
	}
	if (flow->direction == FLOW_SENT)
		act->flags |= ACT_SENDS;
	if (flow->direction == FLOW_MOVED || is_chosen_address(maker->call))
		act->flags |= ACT_GROW;
	if (maker->call->result.kind == KIND_PID)
		act->flags |= ACT_CHOSEN;
}

/* A wait for any child is one for the child that it was. */
static void settle_wait(struct maker *maker)
{
	const struct event *event = maker->event;

	if (!maker->call->waits || maker->call->result.kind != KIND_PID || !maker->ok)
		return;
	if (!event->result)
		give_up(maker, FILL_NO_CHILD);
	if (event->result <= 0)
		return;
	for (unsigned arg = 0; arg < maker->call->argc; arg++)
		if (maker->call->args[arg].value.kind == KIND_PID && (int32_t)event->args[arg] <= 0 &&
		    maker->call->args[arg].value.direction == DIRECTION_NONE)
			maker_set_pid(maker, RELOC_WORD | arg, (uint64_t)event->result);
}

static uint32_t settle_offset(uint32_t at, uint32_t front)
{
	return at != STORE_RESULT && !(at & RELOC_WORD) && at & BEHIND ? (at & ~BEHIND) + front : at;
}

/* The area behind gets its place, and all is packed. */
static void template_pack(struct maker *maker)
{
	uint32_t front = (uint32_t)((maker->data.size + 15) & ~15ull);
	struct score_template head = {.argc = maker->call->argc,
				      .relocs = maker->relocs.count,
				      .checks = maker->checks.count,
				      .stores = maker->stores.count,
				      .data_size = (uint32_t)maker->data.size,
				      .scratch_size = front + maker->behind};
	struct text packed = {0};

	for (uint32_t i = 0; i < maker->relocs.count; i++) {
		struct score_reloc *reloc = &ROWS(maker->relocs, struct score_reloc)[i];
		if (reloc->kind == RELOC_SCRATCH)
			reloc->addend = settle_offset((uint32_t)reloc->addend, front);
		reloc->at = settle_offset(reloc->at, front);
	}
	for (uint32_t i = 0; i < maker->checks.count; i++)
		ROWS(maker->checks, struct score_check)
	[i].at = settle_offset(ROWS(maker->checks, struct score_check)[i].at, front);
	for (uint32_t i = 0; i < maker->stores.count; i++)
		ROWS(maker->stores, struct score_store)
	[i].at = settle_offset(ROWS(maker->stores, struct score_store)[i].at, front);
	text_add(&packed, &head, sizeof(head));
	text_add(&packed, maker->words, maker->call->argc * sizeof(uint64_t));
	text_add(&packed, maker->relocs.at, maker->relocs.count * sizeof(struct score_reloc));
	text_add(&packed, maker->checks.at, maker->checks.count * sizeof(struct score_check));
	text_add(&packed, maker->stores.at, maker->stores.count * sizeof(struct score_store));
	text_add(&packed, maker->data.bytes, maker->data.size);
	if (packed.failed)
		maker->composition->failed = true;
	maker->act->template = pool_add(maker->composition, packed.bytes, packed.size);
	text_free(&packed);
}

void template_make(struct composition *composition, struct score_act *act, uint32_t number, uint32_t process,
		   const struct event *event)
{
	const struct flow *flow = &composition->flows[event->call - composition->catalogue->calls];
	struct maker maker = {
		.composition = composition,
		.act = act,
		.event = event,
		.call = event->call,
		.number = number,
		.process = process,
		.pid = identity_event_pid(event),
		.object = SCORE_NONE,
		.ok = event->outcome == OUTCOME_RETURNED && !call_failed(event->call, event->result),
	};

	memcpy(maker.words, event->args, event->call->argc * sizeof(uint64_t));
	maker_note_arguments(&maker, flow);
	set_flags(&maker, flow);
	maker_note_readiness(&maker);
	for (unsigned arg = 0; arg < event->call->argc; arg++)
		make_word(&maker, arg);
	if (maker.has_bits)
		maker_reloc_add(&maker, RELOC_WORD | 0, RELOC_NFDS, 8, 0, 0);
	settle_wait(&maker);
	maker_note_port(&maker);
	maker_note_result(&maker);
	template_pack(&maker);
	if (maker.data.failed || maker.relocs.failed || maker.checks.failed || maker.stores.failed)
		composition->failed = true;
	text_free(&maker.data);
	rows_free(&maker.relocs);
	rows_free(&maker.checks);
	rows_free(&maker.stores);
}
