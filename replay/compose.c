// SPDX-License-Identifier: MIT
/*
 * Goes through a trace once and makes the score: the acts of every thread with all that they need, then what the ends
 * that were not recorded have to do, then the order between threads; then all is laid out (score_block.c).
 */
#include "replay/composition.h"

#include <errno.h>
#include <sys/wait.h>

#include "reader/line.h"
#include "replay/issue.h"

/* ---- acts ----------------------------------------------------------------------------------------------------- */

/* The pid that a call made, by its result or behind a pointer; 0 when it made none. */
static uint32_t pid_made(const struct event *event)
{
	uint32_t pid = 0;

	if (event->call->result.kind == KIND_PID)
		return event->result > 0 ? (uint32_t)event->result : 0;
	for (unsigned arg = 0; arg < event->call->argc; arg++) {
		const struct event_item *item = event_item(event, arg, ITEM_RAW, 0);
		if (event->call->args[arg].value.kind == KIND_PID && item && item->size >= 4)
			memcpy(&pid, item->bytes, 4);
	}
	return pid;
}

/* The status that a wait told of a child. */
static void note_status(struct composition *composition, const struct event *event)
{
	uint32_t process, status;

	if (!event->call->waits || event->call->result.kind != KIND_PID || event->result <= 0)
		return;
	process = (uint32_t)((uintptr_t)map_get(&composition->by_pid, (uint32_t)event->result) - 1);
	for (unsigned arg = 0; process != SCORE_NONE && arg < event->call->argc; arg++) {
		const struct event_item *item = event_item(event, arg, ITEM_RAW, 0);
		const struct value_spec *value = &event->call->args[arg].value;
		/* Logs from before KIND_WAIT_STATUS was known call it a hexadecimal number. */
		bool is_status = value->kind == KIND_WAIT_STATUS || value->kind == KIND_HEX;
		if (!is_status || value->direction != DIRECTION_OUT || !item || item->size < 4)
			continue;
		memcpy(&status, item->bytes, 4);
		if (WIFEXITED(status) || WIFSIGNALED(status))
			ROWS(composition->processes, struct score_process)[process].status = (int32_t)status;
	}
}

static uint64_t ordinal_of(const struct event *event)
{
	uint64_t ordinal = 0;

	for (uint32_t i = 0; i < event->items_count; i++)
		if (event->items[i].form == ITEM_ORDINAL && event->items[i].size == 8)
			memcpy(&ordinal, event->items[i].bytes, 8);
	return ordinal;
}

/* A pthread_t by which a thread is joined: what its creation left behind its first pointer. */
static uint64_t thread_name(const struct event *event)
{
	const struct event_item *item = event_item(event, 0, ITEM_RAW, 0);
	uint64_t name = 0;

	if (event->call->args[0].value.direction == DIRECTION_NONE)
		return event->args[0];
	if (item)
		memcpy(&name, item->bytes, item->size < 8 ? item->size : 8);
	return name;
}

static uint64_t thread_name_key(uint32_t process, const struct event *event)
{
	return map_mix(map_mix(thread_name(event)) + process);
}

/* Everything of `process` that is open in a range: the first two arguments, or from the first on. */
static void sweep_make(struct composition *composition, struct score_act *act, uint32_t process, uint32_t number,
		       const struct event *event)
{
	uint64_t low = (uint32_t)event->args[0], high = event->call->argc > 1 ? (uint32_t)event->args[1] : UINT32_MAX;
	struct score_template head = {0};
	struct text packed = {0};

	for (uint32_t i = 0; i < composition->slots.count; i++) {
		struct composed_slot *slot = COMPOSED_SLOT(composition, i);
		struct score_store store = {0, STORE_FD, i};
		if (slot->process != process || (uint32_t)slot->fd < low || (uint32_t)slot->fd > high)
			continue;
		if (!head.stores)
			text_add(&packed, &head, sizeof(head));
		text_add(&packed, &store, sizeof(store));
		head.stores++;
	}
	if (head.stores && !packed.failed)
		memcpy(packed.bytes, &head, sizeof(head));
	act->template = head.stores ? pool_add(composition, packed.bytes, packed.size) : SCORE_NONE;
	text_free(&packed);
}

/* Calls that take part in the tree of creation, and others that are not simply made. */
static void act_special(struct composition *composition, struct score_act *act, uint32_t process, uint32_t tid,
			uint32_t number, const struct event *event, enum issue_how how)
{
	bool failed = event->outcome == OUTCOME_RETURNED && call_failed(event->call, event->result);
	uint32_t pid;

	if (how == ISSUE_EXIT) {
		struct score_process *ending = &ROWS(composition->processes, struct score_process)[process];
		act->how = ACT_EXIT;
		act->result = (int32_t)event->args[0];
		ending->exit_act = number;
		return;
	}
	act->how = ACT_FILL;
	act->reason = FILL_NEVER;
	if (failed)
		return;
	switch (how) {
	case ISSUE_FORK:
		pid = pid_made(event);
		if (!pid)
			return;
		act->how = ACT_FORK;
		act->what = cast_fork(composition, process, pid);
		act->flags |= ACT_CHOSEN;
		break;
	case ISSUE_THREAD:
		act->how = ACT_THREAD;
		act->what = cast_thread(composition, process, tid, (uint32_t)ordinal_of(event));
		COMPOSED_PART(composition, act->what)->score.is_begun = true;
		act->flags |= event->args[event->call->argc - 1] ? ACT_ARGUMENT : 0;
		if (map_put(&composition->threads, thread_name_key(process, event), (void *)((uintptr_t)act->what + 1)))
			composition->failed = true;
		break;
	case ISSUE_JOIN:
		act->what = (uint32_t)((uintptr_t)map_get(&composition->threads, thread_name_key(process, event)) - 1);
		act->how = act->what == SCORE_NONE ? ACT_FILL : ACT_JOIN;
		act->flags |= event->args[event->call->argc - 1] ? ACT_ARGUMENT : 0;
		break;
	case ISSUE_EXEC:
		act->how = ACT_EXEC;
		break;
	case ISSUE_SWEEP:
		act->how = ACT_SWEEP;
		sweep_make(composition, act, process, number, event);
		break;
	default:
		return;
	}
	act->reason = FILL_NOT;
}

/* Errors that need a network, or a signal, to come about. */
static enum fill_reason unmakeable(const struct event *event)
{
	if (event->outcome == OUTCOME_CANCELLED || event->outcome == OUTCOME_JUMPED)
		return FILL_CANCELLED;
	switch (event->error) {
	case EINTR:
		return FILL_INTERRUPTED;
	case EFAULT:
		return FILL_BAD_ADDRESS;
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return strcmp(event->call->family, "socket") ? FILL_NOT : FILL_NETWORK;
	default:
		return FILL_NOT;
	}
}

/* A call that waits for nobody has done what it does, although its process was ended before it returned. */
static bool does_at_once(const struct call_spec *call, enum issue_how how)
{
	return !call->waits && how == ISSUE_MAKE && call->result.kind == KIND_INT;
}

static void act_make(struct composition *composition, struct score_act *act, uint32_t number, uint32_t process,
		     uint32_t tid, const struct event *event)
{
	uint16_t call = composition->calls[event->call - composition->catalogue->calls];
	enum issue_how how = call == UINT16_MAX ? ISSUE_FILL : (enum issue_how)issue_rows[call].how;
	enum fill_reason reason = unmakeable(event);

	act->call = call == UINT16_MAX ? 0 : call;
	if (event->outcome == OUTCOME_UNFINISHED && (call == UINT16_MAX || !does_at_once(event->call, how))) {
		act->how = ACT_PARK;
		return;
	}
	if (call == UINT16_MAX) {
		act->how = ACT_FILL;
		act->reason = FILL_VERSION;
		return;
	}
	if (how == ISSUE_MAKE || how == ISSUE_OWN || how == ISSUE_TAKE || how == ISSUE_STANDIN) {
		template_make(composition, act, number, process, event);
		note_status(composition, event);
		if (how == ISSUE_STANDIN && act->what != SCORE_NONE) {
			act->how = ACT_STANDIN;
			act->reason = FILL_NOT;
			COMPOSED_OBJECT(composition, COMPOSED_SLOT(composition, act->what)->object)->is_standin = true;
		} else if (how == ISSUE_STANDIN) {
			reason = FILL_NEVER;
		}
	} else {
		act_special(composition, act, process, tid, number, event, how);
	}
	if (reason && act->how == ACT_MAKE) {
		act->how = ACT_FILL;
		act->reason = (uint8_t)reason;
	}
}

static uint64_t since_begin(struct composition *composition, uint64_t ticks)
{
	uint64_t time = trace_time(composition->trace, ticks);

	return time > composition->begin ? time - composition->begin : 0;
}

static int event_compose(struct composition *composition, const struct event *event)
{
	uint32_t pid = identity_event_pid(event), tid = pid == event->pid ? event->tid : pid;
	uint32_t process, part, number = composition->acts.count;
	struct composed_part *composed;
	struct score_act act = {.template = SCORE_NONE, .what = SCORE_NONE};

	if (!number)
		composition->begin = trace_time(composition->trace, event->enter);
	if (identity_observe(composition->identities, event))
		return -ENOMEM;
	process = cast_process(composition, pid);
	part = cast_part(composition, process, tid);
	if (!rows_add(&composition->acts, sizeof(struct score_act)) ||
	    !rows_add(&composition->composed, sizeof(struct composed_act)))
		return -ENOMEM;
	act.order = number;
	act.enter = since_begin(composition, event->enter);
	act.end = event->outcome == OUTCOME_UNFINISHED ? UINT64_MAX
						       : since_begin(composition, event->enter + event->duration);
	act.result = event->result;
	act.error = event->error;
	act_make(composition, &act, number, process, tid, event);
	*COMPOSED_ACT(composition, number) = act;
	composed = COMPOSED_PART(composition, part);
	ROWS(composition->composed, struct composed_act)
	[number] = (struct composed_act){part, SCORE_NONE, composed->score.acts_count++, 0};
	if (composed->last != SCORE_NONE)
		ROWS(composition->composed, struct composed_act)[composed->last].next = number;
	else
		composed->first = number;
	composed->last = number;
	if (act.how != ACT_PARK)
		composed->score.ends = composed->score.acts_count;
	if (act.how == ACT_EXIT)
		ROWS(composition->processes, struct score_process)[process].exit_part = part;
	if (act.end != UINT64_MAX && act.end > composition->last)
		composition->last = act.end;
	return composition->failed ? -ENOMEM : 0;
}

/* ---- the trace ------------------------------------------------------------------------------------------------ */

/* Whoever was at the other end is known for certain when it is over. */
static void object_gone(void *context, struct object *object)
{
	struct composition *composition = context;
	uintptr_t row = (uintptr_t)map_get(&composition->by_id, object->id);
	uint32_t peer, origin;

	if (!row)
		return;
	peer = object->peer ? cast_object(composition, object->peer) : SCORE_NONE;
	origin = object->origin ? cast_object(composition, object->origin) : SCORE_NONE;
	COMPOSED_OBJECT(composition, row - 1)->peer = peer;
	COMPOSED_OBJECT(composition, row - 1)->origin = origin;
	COMPOSED_OBJECT(composition, row - 1)->family = object->family;
	COMPOSED_OBJECT(composition, row - 1)->socket_type = object->socket_type;
	if (peer != SCORE_NONE && COMPOSED_OBJECT(composition, peer)->peer == SCORE_NONE &&
	    object->peer->peer == object)
		COMPOSED_OBJECT(composition, peer)->peer = (uint32_t)(row - 1);
}

static bool value_equal(const struct value_spec *a, const struct value_spec *b)
{
	return a->kind == b->kind && a->direction == b->direction && a->width == b->width && a->length == b->length &&
	       a->length_value == b->length_value && a->identity == b->identity;
}

/* The log's own rows say what its words are: only what is described here in the same way is made. */
static bool spec_equal(const struct call_spec *a, const struct call_spec *b)
{
	if (strcmp(a->name, b->name) || strcmp(a->family, b->family) || a->argc != b->argc ||
	    a->failure != b->failure || a->waits != b->waits || !value_equal(&a->result, &b->result))
		return false;
	for (unsigned i = 0; i < a->argc; i++)
		if (strcmp(a->args[i].name, b->args[i].name) || !value_equal(&a->args[i].value, &b->args[i].value))
			return false;
	return true;
}

static int composition_begin(struct composition *composition)
{
	uint16_t count = composition->catalogue->calls_count;

	composition->flows = calloc(count + 1u, sizeof(*composition->flows));
	composition->calls = calloc(count + 1u, sizeof(*composition->calls));
	if (!composition->flows || !composition->calls)
		return -ENOMEM;
	for (uint16_t i = 0; i < count; i++) {
		const struct call_spec *call = &composition->catalogue->calls[i];
		composition->flows[i] = flow_of_call(call);
		composition->calls[i] = UINT16_MAX;
		for (uint16_t j = 0; j < catalogue_builtin.calls_count; j++)
			if (spec_equal(call, &catalogue_builtin.calls[j]))
				composition->calls[i] = j;
	}
	return identity_new(&composition->identities, composition->catalogue);
}

static int trace_compose(struct composition *composition)
{
	struct trace_entry entry;
	int rc;

	identity_watch(composition->identities, object_gone, composition);
	while (!(rc = trace_next(composition->trace, &entry))) {
		if (entry.kind == TRACE_EVENT)
			rc = event_compose(composition, entry.event);
		else
			rc = identity_feed(composition->identities, &entry);
		if (!rc && entry.kind == TRACE_THREAD)
			rc = cast_thread_seen(composition, entry.thread);
		if (rc)
			return rc;
	}
	identity_finish(composition->identities);
	return rc == TRACE_E_END ? composition->acts.count ? 0 : COMPOSE_E_EMPTY : rc;
}

int score_compose(struct score **score, int *fd, struct trace *trace, const struct stage *stage)
{
	struct composition composition = {.trace = trace, .catalogue = trace_catalogue(trace), .stage = stage};
	int rc = composition_begin(&composition);

	*score = NULL;
	*fd = -1;
	if (!rc)
		rc = trace_compose(&composition);
	if (!rc) {
		feeding_make(&composition);
		ordering_make(&composition);
		rc = composition.failed || composition.feeds.failed || composition.edges.failed ||
				     composition.accesses.failed
			     ? -ENOMEM
			     : score_make(score, fd, &composition);
	}
	identity_free(composition.identities);
	cast_free(&composition);
	if (rc)
		score_free(*score, *fd);
	return rc;
}
