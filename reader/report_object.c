// SPDX-License-Identifier: MIT
/*
 * The report by object: who talked to whom, how much each way, and how long was waited for it.
 *
 * An object is counted while it lives; when it goes, its counts go into a group of those like it (same maker, role and
 * label). A group keeps its first objects apart and adds up the others, so that a server's million connections take
 * the memory of a few.
 */
#include "reader/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/amount.h"
#include "reader/map.h"

/* Objects of one group that are told apart; users of one object that are named. */
#define APART_MAX 16
#define USERS_MAX 4

/* Lines of the table unless all are wanted. */
#define LINES_MAX 40

struct use {
	uint64_t calls, errors, sends, receives, sent, received;
	uint64_t ticks, waiting;
	struct object *users[USERS_MAX]; /* processes, in the order of coming */
	uint32_t users_count;
	uint32_t last_pid; /* of the call before: most often that of the next */
	bool has_more_users;
};

/* An object that is gone, or several that are not told apart. */
struct object_line {
	char *name;	  /* without the maker */
	char *group;	  /* what all of its group are called */
	char *peer;	  /* "" when not known */
	char *peer_group; /* what the peers of a whole group are called */
	struct object *maker;
	enum object_type type;
	uint64_t objects;
	bool has_other_peers; /* not all peers are like the first one's */
	struct use use;
};

struct group {
	struct object_line apart[APART_MAX];
	uint32_t apart_count;
	struct object_line rest; /* objects 0: none */
	struct group *next;
};

struct object_tallies {
	const struct report_view *view;
	struct identities *identity;
	struct map groups; /* by the hash of maker, role and label */
	struct group *first, **last;
	int error;
};

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

static void merge_use(struct use *to, const struct use *from)
{
	to->calls += from->calls;
	to->errors += from->errors;
	to->sends += from->sends;
	to->receives += from->receives;
	to->sent += from->sent;
	to->received += from->received;
	to->ticks += from->ticks;
	to->waiting += from->waiting;
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
		merge_use(&line->use, use);
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

static void free_line(struct object_line *line)
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
			free_line(&group->apart[i]);
		free_line(&group->rest);
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
		count_flow(use, flow->direction, flow_count(flow, event));
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
		count_flow((struct use *)(uintptr_t)object->tag, flow->direction, flow_count(flow, event));
	if (flow->direction != FLOW_MOVED)
		*used = (struct use *)(uintptr_t)object->tag;
	return tallies->error;
}

int object_tallies_finish(struct object_tallies *tallies)
{
	identity_finish(tallies->identity);
	return tallies->error;
}

/* ---- printing ---- */

struct line_order {
	const struct object_line *line;
	enum report_sort sort;
};

static uint64_t sort_value(const struct object_line *line, enum report_sort sort)
{
	switch (sort) {
	case SORT_COUNT:
		return line->use.calls;
	case SORT_ERRORS:
		return line->use.errors;
	case SORT_BYTES:
		return line->use.sent + line->use.received;
	case SORT_MEAN:
		return line->use.calls ? line->use.ticks / line->use.calls : 0;
	default:
		return line->use.ticks;
	}
}

static int compare_lines(const void *left, const void *right)
{
	const struct line_order *a = left, *b = right;

	/* Files come last: they are not whom programs talk to. */
	if ((a->line->type == OBJECT_FILE) != (b->line->type == OBJECT_FILE))
		return a->line->type == OBJECT_FILE ? 1 : -1;
	if (a->sort != SORT_NAME) {
		uint64_t value_a = sort_value(a->line, a->sort), value_b = sort_value(b->line, b->sort);
		if (value_a != value_b)
			return value_a > value_b ? -1 : 1;
	}
	return strcmp(a->line->name, b->line->name);
}

/* A group of many is one line. */
static void fold_group(struct group *group)
{
	for (uint32_t i = 0; i < group->apart_count; i++) {
		struct object_line *line = &group->apart[i];
		group->rest.objects += line->objects;
		merge_use(&group->rest.use, &line->use);
		if (strcmp(group->rest.peer_group, line->peer_group))
			group->rest.has_other_peers = true;
		free_line(line);
	}
	group->apart_count = 0;
}

/* The lines of all groups, in the order wanted. Folds groups, so it is called once. */
static struct line_order *sort_lines(struct object_tallies *tallies, size_t *count)
{
	size_t capacity = 1;

	*count = 0;
	for (struct group *group = tallies->first; group; group = group->next)
		capacity += group->apart_count + 1;
	struct line_order *order = calloc(capacity, sizeof(*order));
	if (!order)
		return NULL;
	for (struct group *group = tallies->first; group; group = group->next) {
		if (group->rest.objects && !tallies->view->all)
			fold_group(group);
		for (uint32_t i = 0; i < group->apart_count; i++)
			order[(*count)++] = (struct line_order){&group->apart[i], tallies->view->sort};
		if (group->rest.objects)
			order[(*count)++] = (struct line_order){&group->rest, tallies->view->sort};
	}
	qsort(order, *count, sizeof(*order), compare_lines);
	return order;
}

static void print_count(struct amount_table *table, uint64_t count)
{
	if (count)
		amount_count(&table->cells, count);
	amount_cell(table);
}

/* "1.25 MiB in 300" */
static void print_flow(struct amount_table *table, uint64_t bytes, uint64_t calls)
{
	if (calls) {
		amount_bytes(&table->cells, bytes);
		text_put(&table->cells, " in ");
		amount_count(&table->cells, calls);
	}
	amount_cell(table);
}

static void print_users(struct text *text, const struct use *use)
{
	for (uint32_t i = 0; i < use->users_count; i++) {
		if (i)
			text_put(text, ", ");
		text_put(text, use->users[i]->label);
	}
	if (use->has_more_users)
		text_put(text, ", ...");
}

static const char *line_name(const struct object_line *line)
{
	return line->objects > 1 ? line->group : line->name;
}

static const char *line_peer(const struct object_line *line)
{
	if (line->objects == 1)
		return line->peer;
	return line->has_other_peers ? "several" : line->peer_group;
}

static void print_line(struct amount_table *table, const struct report_view *view, const struct object_line *line)
{
	amount_time(&table->cells, report_ns(view, line->use.ticks));
	amount_cell(table);
	if (line->use.waiting)
		amount_time(&table->cells, report_ns(view, line->use.waiting));
	amount_cell(table);
	amount_count(&table->cells, line->use.calls);
	amount_cell(table);
	print_count(table, line->use.errors);
	print_flow(table, line->use.sent, line->use.sends);
	print_flow(table, line->use.received, line->use.receives);
	print_users(&table->cells, &line->use);
	amount_cell(table);
	if (line->maker)
		text_format(&table->cells, "%s: ", line->maker->label);
	text_put(&table->cells, line_name(line));
	if (line->objects > 1)
		text_format(&table->cells, " (%llu of them)", (unsigned long long)line->objects);
	if (*line_peer(line))
		text_format(&table->cells, "  <->  %s", line_peer(line));
	amount_cell(table);
}

void object_tallies_print(struct object_tallies *tallies, struct text *out)
{
	static const char *const titles[] = {"time", "waiting",	 "calls",    "errors",
					     "sent", "received", "<used by", "<object"};
	struct amount_table table = {.titles = titles, .columns = sizeof(titles) / sizeof(titles[0])};
	size_t count = 0;
	struct line_order *order = sort_lines(tallies, &count);

	if (!order) {
		out->failed = true;
		return;
	}
	size_t shown = count > LINES_MAX && !tallies->view->all ? LINES_MAX : count;
	for (size_t i = 0; i < shown; i++)
		print_line(&table, tallies->view, order[i].line);
	amount_print(&table, tallies->view->colour, out);
	report_note_more(tallies->view, out, count - shown);
	free(order);
}

static void print_line_json(struct text *out, const struct report_view *view, const struct object_line *line)
{
	const struct use *use = &line->use;

	text_put(out, "{\"object\": ");
	text_json_string(out, line_name(line));
	text_put(out, ", \"type\": ");
	text_json_string(out, object_type_name(line->type));
	text_put(out, ", \"process\": ");
	if (line->maker)
		text_json_string(out, line->maker->label);
	else
		text_put(out, "null");
	text_put(out, ", \"peer\": ");
	if (*line_peer(line))
		text_json_string(out, line_peer(line));
	else
		text_put(out, "null");
	text_put(out, ", \"users\": [");
	for (uint32_t i = 0; i < use->users_count; i++) {
		text_put(out, i ? ", " : "");
		text_json_string(out, use->users[i]->label);
	}
	text_format(out,
		    "], \"objects\": %llu, \"calls\": %llu, \"errors\": %llu, \"time\": %llu, \"waiting\": %llu, "
		    "\"sends\": %llu, \"sent\": %llu, \"receives\": %llu, \"received\": %llu}",
		    (unsigned long long)line->objects, (unsigned long long)use->calls, (unsigned long long)use->errors,
		    (unsigned long long)report_ns(view, use->ticks), (unsigned long long)report_ns(view, use->waiting),
		    (unsigned long long)use->sends, (unsigned long long)use->sent, (unsigned long long)use->receives,
		    (unsigned long long)use->received);
}

void object_tallies_print_json(struct object_tallies *tallies, struct text *out)
{
	size_t count = 0;
	struct line_order *order = sort_lines(tallies, &count);

	if (!order) {
		out->failed = true;
		return;
	}
	text_put(out, "[");
	for (size_t i = 0; i < count; i++) {
		text_put(out, i ? ",\n  " : "\n  ");
		print_line_json(out, tallies->view, order[i].line);
	}
	text_put(out, count ? "\n ]" : "]");
	free(order);
}
