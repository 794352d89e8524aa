// SPDX-License-Identifier: MIT
/*
 * The report by object: who talked to whom, how much each way, and how long was waited for it.
 *
 * An object is counted while it lives; when it goes, its counts go into a group of those like it (same maker, role and
 * label). A group keeps its first objects apart and adds up the others, so that a server's million connections take
 * the memory of a few.
 */
#include "reader/report_object_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_user(struct use *use, struct object *process)
{
	if (!process)
		return;
	for (uint32_t i = 0; i < use->users_count; i++)
		if (use->users[i] == process || !strcmp(use->users[i]->label, process->label))
			return;
	if (use->users_count < USERS_MAX)
		use->users[use->users_count++] = process;
	else
		use->has_more_users = true;
}

void use_merge(struct use *to, const struct use *from)
{
	to->calls += from->calls;
	to->errors += from->errors;
	to->sends += from->sends;
	to->receives += from->receives;
	to->sent += from->sent;
	to->received += from->received;
	to->ticks += from->ticks;
	to->waiting += from->waiting;
	to->shorts += from->shorts;
	for (uint32_t i = 0; i < from->users_count; i++)
		add_user(to, from->users[i]);
	to->has_more_users |= from->has_more_users;
}

/* ---- gathering ---- */

static uint64_t group_key(const struct object *object)
{
	uint64_t key = object->process ? object->process->id : 0;

	key = map_hash(key ^ (uint64_t)object->side << 56, object->role, strlen(object->role));
	return object->label ? map_hash(key, object->label, strlen(object->label)) : key;
}

/* "tcp-server on :8080": what all of a group are called. */
static char *group_name(const struct object *object)
{
	char *name = NULL;

	if (asprintf(&name, "%s%s", object->role, object->label ? object->label : "") < 0)
		return NULL;
	return name;
}

/* With its maker, unless that is the maker of both. */
static char *peer_name(const struct object *object, bool of_group)
{
	struct object *peer = object->peer;
	char *own, *name = NULL;

	if (!peer)
		return strdup("");
	own = of_group ? group_name(peer) : strdup(object_name(peer));
	if (!own || !peer->process || peer->process == object->process)
		return own;
	if (asprintf(&name, "%s: %s", object_name(peer->process), own) < 0)
		name = NULL;
	free(own);
	return name;
}

static struct group *find_group(struct object_tallies *tallies, const struct object *object)
{
	uint64_t key = group_key(object);
	struct group *group = map_get(&tallies->groups, key);

	if (group)
		return group;
	group = calloc(1, sizeof(*group));
	if (!group || map_put(&tallies->groups, key, group)) {
		free(group);
		return NULL;
	}
	*tallies->last = group;
	tallies->last = &group->next;
	return group;
}

static int begin_line(struct object_line *line, struct object *object)
{
	line->name = strdup(object_name(object));
	line->group = group_name(object);
	line->peer = peer_name(object, false);
	line->peer_group = peer_name(object, true);
	line->maker = object->process;
	line->type = object->type;
	return line->name && line->group && line->peer && line->peer_group ? 0 : -ENOMEM;
}

/* What lsof and ipcs would have shown at the end, but for what came from outside. Memory goes without a word. */
static bool is_left(const struct object *object)
{
	static const bool counts[OBJECT_TYPE_COUNT] = {
		[OBJECT_SOCKET] = true, [OBJECT_PIPE] = true, [OBJECT_FILE] = true,   [OBJECT_DESCRIPTOR] = true,
		[OBJECT_MQ] = true,	[OBJECT_MSGQ] = true, [OBJECT_SEMSET] = true, [OBJECT_SEGMENT] = true};

	return counts[object->type] && !object->is_inherited && (object->refs || object->is_left);
}

/* The first of a group are named. 0 or -ENOMEM. */
static int name_left(struct group *group, struct object *object)
{
	uint32_t at = group->left_count;

	while (at && group->left[at - 1].id > object->id)
		at--;
	if (at == LEFT_MAX)
		return 0;
	char *name = strdup(object_name(object));
	if (!name)
		return -ENOMEM;
	if (group->left_count == LEFT_MAX)
		free(group->left[--group->left_count].name);
	memmove(&group->left[at + 1], &group->left[at], (group->left_count - at) * sizeof(group->left[0]));
	group->left[at] = (struct left_name){object->id, name};
	group->left_count++;
	return 0;
}

/* An object is no more: its counts go where they are kept. */
static void keep_use(void *context, struct object *object)
{
	struct object_tallies *tallies = context;
	struct use *use = (struct use *)(uintptr_t)object->tag;
	if (!use)
		return;

	object->tag = 0;
	struct group *group = find_group(tallies, object);
	struct object_line *line = NULL;
	if (group)
		line = group->apart_count < APART_MAX ? &group->apart[group->apart_count++] : &group->rest;
	if (!line || (!line->objects && begin_line(line, object))) {
		tallies->error = -ENOMEM;
	} else {
		line->objects++;
		if (is_left(object)) {
			line->left++;
			tallies->error = name_left(group, object);
		}
		use_merge(&line->use, use);
	}
	free(use);
}

int object_tallies_new(struct object_tallies **tallies, const struct report_view *view, struct identities *identity)
{
	struct object_tallies *made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;

	made->view = view;
	made->identity = identity;
	made->last = &made->first;
	identity_watch(identity, keep_use, made);
	*tallies = made;
	return 0;
}

void object_line_free(struct object_line *line)
{
	free(line->name);
	free(line->group);
	free(line->peer);
	free(line->peer_group);
}

void object_tallies_free(struct object_tallies *tallies)
{
	if (!tallies)
		return;
	while (tallies->first) {
		struct group *group = tallies->first;
		tallies->first = group->next;
		for (uint32_t i = 0; i < group->apart_count; i++)
			object_line_free(&group->apart[i]);
		object_line_free(&group->rest);
		for (uint32_t i = 0; i < group->left_count; i++)
			free(group->left[i].name);
		free(group);
	}
	map_clear(&tallies->groups);
	free(tallies);
}

static struct use *find_use(struct object_tallies *tallies, struct object *object)
{
	if (!object->tag)
		object->tag = (uint64_t)(uintptr_t)calloc(1, sizeof(struct use));
	if (!object->tag)
		tallies->error = -ENOMEM;
	return (struct use *)(uintptr_t)object->tag;
}

static void count_flow(struct use *use, enum flow_direction direction, uint64_t bytes)
{
	if (direction == FLOW_SENT) {
		use->sends++;
		use->sent += bytes;
	} else if (direction == FLOW_RECEIVED) {
		use->receives++;
		use->received += bytes;
	}
}

static void count_payload(struct use *use, const struct flow *flow, const struct event *event)
{
	count_flow(use, (enum flow_direction)flow->direction, flow_count(flow, event));
	use->shorts += flow_is_short(flow, event);
}

static void add_call(struct use *use, const struct event *event)
{
	use->calls++;
	use->errors += event->error != 0;
	use->ticks += event->duration;
	if (event->call->waits)
		use->waiting += event->duration;
}

static void count_call(struct object_tallies *tallies, struct object *object, const struct event *event)
{
	struct use *use = find_use(tallies, object);
	if (!use)
		return;

	add_call(use, event);
	struct object *process =
		identity_object(tallies->identity, identity_event_pid(event), KIND_PID, identity_event_pid(event));
	if (!use->users_count || use->users[use->users_count - 1] != process)
		add_user(use, process);
}

/* sendfile and its like: received from one object, sent to another. */
static void count_move(struct object_tallies *tallies, const struct flow *flow, const struct event *event,
		       const struct object *subject)
{
	const uint8_t args[] = {flow->from, flow->to};
	const enum flow_direction directions[] = {FLOW_RECEIVED, FLOW_SENT};

	for (int i = 0; i < 2; i++) {
		struct object *object =
			identity_object(tallies->identity, identity_event_pid(event), KIND_FD, event->args[args[i]]);
		if (!object)
			continue;
		if (object != subject)
			count_call(tallies, object, event);
		struct use *use = find_use(tallies, object);
		if (use)
			count_flow(use, directions[i], flow_count(flow, event));
	}
}

void object_tallies_repeat(struct object_tallies *tallies, struct use *use, const struct event *event, uint32_t call)
{
	const struct flow *flow = &tallies->view->flows[call];

	add_call(use, event);
	if (flow->direction != FLOW_NONE)
		count_payload(use, flow, event);
}

int object_tallies_add(struct object_tallies *tallies, const struct event *event, uint32_t call, struct use **used)
{
	const struct flow *flow = &tallies->view->flows[call];
	struct object *object = identity_subject(tallies->identity, event);

	*used = NULL;

	/* Processes have a part of their own, and use the tag; a number that never was a descriptor is no object. */
	if (!object || object->type == OBJECT_PROCESS || object->type == OBJECT_THREAD ||
	    (event->error == EBADF && object->type == OBJECT_UNKNOWN))
		return tallies->error;
	count_call(tallies, object, event);
	if (flow->direction == FLOW_MOVED)
		count_move(tallies, flow, event, object);
	else if (flow->direction != FLOW_NONE && object->tag)
		count_payload((struct use *)(uintptr_t)object->tag, flow, event);
	if (flow->direction != FLOW_MOVED)
		*used = (struct use *)(uintptr_t)object->tag;
	return tallies->error;
}

int object_tallies_finish(struct object_tallies *tallies)
{
	identity_finish(tallies->identity);
	return tallies->error;
}
