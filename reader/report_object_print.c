// SPDX-License-Identifier: MIT
/*
 * The report by object as a table and as JSON.
 */
#include "reader/report_object_parts.h"

#include <stdlib.h>
#include <string.h>

#include "reader/amount.h"

/* Lines of the table unless all are wanted. */
#define LINES_MAX 40

struct line_order {
	const struct object_line *line;
	const struct group *group;
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
		group->rest.left += line->left;
		use_merge(&group->rest.use, &line->use);
		if (strcmp(group->rest.peer_group, line->peer_group))
			group->rest.has_other_peers = true;
		object_line_free(line);
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
			order[(*count)++] = (struct line_order){&group->apart[i], group, tallies->view->sort};
		if (group->rest.objects)
			order[(*count)++] = (struct line_order){&group->rest, group, tallies->view->sort};
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

/* "1.25 MiB in 300", and how many of these were cut short. */
static void print_flow(struct amount_table *table, uint64_t bytes, uint64_t calls, uint64_t shorts)
{
	if (calls) {
		amount_bytes(&table->cells, bytes);
		text_put(&table->cells, " in ");
		amount_count(&table->cells, calls);
	}
	if (shorts) {
		text_put(&table->cells, ", ");
		amount_count(&table->cells, shorts);
		text_put(&table->cells, " short");
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

/* "; left: tcp-server#3 on :80, tcp-server#8 on :80, ..." */
static void print_left(struct text *text, const struct line_order *order)
{
	const struct group *group = order->group;

	for (uint32_t i = 0; order->line->left && i < group->left_count; i++)
		text_format(text, "%s%s", i ? ", " : "; left: ", group->left[i].name);
	if (order->line->left > group->left_count)
		text_put(text, ", ...");
}

static void print_line(struct amount_table *table, const struct report_view *view, const struct line_order *order)
{
	const struct object_line *line = order->line;

	amount_time(&table->cells, report_ns(view, line->use.ticks));
	amount_cell(table);
	if (line->use.waiting)
		amount_time(&table->cells, report_ns(view, line->use.waiting));
	amount_cell(table);
	amount_count(&table->cells, line->use.calls);
	amount_cell(table);
	print_count(table, line->use.errors);
	print_flow(table, line->use.sent, line->use.sends, line->use.shorts);
	print_flow(table, line->use.received, line->use.receives, 0);
	print_count(table, line->left);
	print_users(&table->cells, &line->use);
	amount_cell(table);
	if (line->maker)
		text_format(&table->cells, "%s: ", line->maker->label);
	text_put(&table->cells, line_name(line));
	if (line->objects > 1) {
		text_format(&table->cells, " (%llu of them", (unsigned long long)line->objects);
		print_left(&table->cells, order);
		text_char(&table->cells, ')');
	}
	if (*line_peer(line))
		text_format(&table->cells, "  <->  %s", line_peer(line));
	amount_cell(table);
}

void object_tallies_print(struct object_tallies *tallies, struct text *out)
{
	static const char *const titles[] = {"time",	 "waiting", "calls",	"errors", "sent",
					     "received", "left",    "<used by", "<object"};
	struct amount_table table = {.titles = titles, .columns = sizeof(titles) / sizeof(titles[0])};
	size_t count = 0;
	struct line_order *order = sort_lines(tallies, &count);

	if (!order) {
		out->failed = true;
		return;
	}
	size_t shown = count > LINES_MAX && !tallies->view->all ? LINES_MAX : count;
	for (size_t i = 0; i < shown; i++)
		print_line(&table, tallies->view, &order[i]);
	amount_print(&table, tallies->view->colour, out);
	report_note_more(tallies->view, out, count - shown);
	free(order);
}

static void print_line_json(struct text *out, const struct report_view *view, const struct line_order *order)
{
	const struct object_line *line = order->line;
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
		    "\"sends\": %llu, \"sent\": %llu, \"short\": %llu, \"receives\": %llu, "
		    "\"received\": %llu, \"left\": %llu, \"left_first\": [",
		    (unsigned long long)line->objects, (unsigned long long)use->calls, (unsigned long long)use->errors,
		    (unsigned long long)report_ns(view, use->ticks), (unsigned long long)report_ns(view, use->waiting),
		    (unsigned long long)use->sends, (unsigned long long)use->sent, (unsigned long long)use->shorts,
		    (unsigned long long)use->receives, (unsigned long long)use->received,
		    (unsigned long long)line->left);
	for (uint32_t i = 0; line->left && i < order->group->left_count && line->objects > 1; i++) {
		text_put(out, i ? ", " : "");
		text_json_string(out, order->group->left[i].name);
	}
	text_put(out, "]}");
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
		print_line_json(out, tallies->view, &order[i]);
	}
	text_put(out, count ? "\n ]" : "]");
	free(order);
}
