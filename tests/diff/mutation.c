// SPDX-License-Identifier: MIT
/*
 * The table of changes, the drawing of calls, and the account.
 */
#include "tests/diff/mutate_parts.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "reader/text.h"

const struct mutation mutations[] = {
	{"drop", false, "a call is missing", mutate_drop},
	{"duplicate", false, "a call is made twice", mutate_duplicate},
	{"reorder", false, "two calls of a thread on one object change places", mutate_reorder},
	{"errno", false, "a call fails, or fails with another error", mutate_errno},
	{"size", false, "a transfer is shorter", mutate_size},
	{"payload", false, "a byte of a message is another one", mutate_payload},
	{"wrong-object", false, "a message goes to another descriptor of the same sort", mutate_wrong_object},
	{"flag", false, "one flag is set or cleared", mutate_flag},
	{"slow", false, "all calls of one name in a process take three times as long", mutate_slow},
	{"pids", true, "all processes and threads have other numbers", mutate_pids},
	{"ports", true, "all ports that the kernel chose are others", mutate_ports},
	{"addresses", true, "all mappings lie elsewhere", mutate_addresses},
	{"interleaving", true, "independent calls of different threads change places in time", mutate_interleaving},
	{"segmentation", true, "streams are cut into other pieces", mutate_segmentation},
	{"workers", true, "two equal threads or processes swap their work", mutate_workers},
	{"times", true, "all times differ by up to 3 %", mutate_times},
};
const size_t mutations_count = sizeof(mutations) / sizeof(mutations[0]);

const struct mutation *mutation_find(const char *name)
{
	for (size_t i = 0; i < mutations_count; i++)
		if (!strcmp(mutations[i].name, name))
			return &mutations[i];
	return NULL;
}

/* splitmix64 */
uint64_t mutate_random(struct mutate *mutate, uint64_t below)
{
	uint64_t mixed = mutate->random += 0x9e3779b97f4a7c15ull;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ull;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebull;
	return (mixed ^ mixed >> 31) % below;
}

void mutate_apply(struct mutate *mutate, const struct mutation *mutation)
{
	mutation->apply(mutate);
}

void mutate_free(struct mutate *mutate)
{
	free(mutate->changes);
	mutate->changes = NULL;
}

/* ---- choice --------------------------------------------------------------------------------------------------- */

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	if (left->stream != right->stream)
		return left->stream < right->stream ? 1 : -1;
	return left->at < right->at ? 1 : left->at > right->at ? -1 : 0;
}

static size_t find_places(struct mutate *mutate, mutate_fits *fits, struct place **places)
{
	struct draft *draft = mutate->draft;
	size_t found = 0, room = 0;

	*places = NULL;
	for (uint32_t stream = 0; stream < draft->streams_count; stream++) {
		for (size_t at = 0; at < draft->streams[stream].count; at++) {
			struct place place = {stream, at};
			if (!fits(mutate, place))
				continue;
			if (found == room) {
				room = room ? 2 * room : 256;
				*places = reallocarray(*places, room, sizeof(**places));
				if (!*places)
					errx(2, "no memory");
			}
			(*places)[found++] = place;
		}
	}
	return found;
}

static bool is_neighbour(const struct place *chosen, size_t count, struct place place)
{
	for (size_t i = 0; i < count; i++)
		if (chosen[i].stream == place.stream && chosen[i].at + 2 > place.at && place.at + 2 > chosen[i].at)
			return true;
	return false;
}

void mutate_places(struct mutate *mutate, uint32_t count, mutate_fits *fits, mutate_change *change)
{
	struct place *places;
	size_t found = find_places(mutate, fits, &places), chosen = 0;

	/* the drawn ones are collected in front of those that are left to draw from */
	for (size_t drawn = 0; drawn < found && chosen < count; drawn++) {
		size_t which = drawn + mutate_random(mutate, found - drawn);
		struct place place = places[which];
		places[which] = places[drawn];
		places[drawn] = place;
		if (!is_neighbour(places, chosen, place)) {
			places[drawn] = places[chosen];
			places[chosen++] = place;
		}
	}
	if (chosen)
		qsort(places, chosen, sizeof(*places), compare_places);
	for (size_t i = 0; i < chosen; i++)
		change(mutate, places[i]);
	free(places);
}

void mutate_events(struct draft *draft, mutate_visit *visit, void *context)
{
	for (size_t i = 0; i < draft->streams_count; i++)
		for (size_t at = 0; at < draft->streams[i].count; at++)
			visit(context, &draft->streams[i].events[at]->event);
	for (size_t i = 0; i < draft->frames_count; i++)
		for (uint32_t at = 0; at < draft->frames[i].unfinished_count; at++)
			visit(context, &draft->frames[i].unfinished[at].event);
}

/* ---- the account ---------------------------------------------------------------------------------------------- */

struct change *mutate_note(struct mutate *mutate, const struct draft_event *event, const char *field)
{
	struct change *change;

	if (mutate->changes_count == mutate->changes_room) {
		mutate->changes_room = mutate->changes_room ? 2 * mutate->changes_room : 16;
		mutate->changes = reallocarray(mutate->changes, mutate->changes_room, sizeof(*mutate->changes));
		if (!mutate->changes)
			errx(2, "no memory");
	}
	change = &mutate->changes[mutate->changes_count++];
	*change = (struct change){.event = event, .field = field};
	return change;
}

/* Where it is, or where it would be if it had not been removed. */
static uint64_t place_now(const struct draft *draft, const struct change *change)
{
	const struct draft_stream *stream = &draft->streams[change->event->stream];

	if (!change->is_gone)
		return change->event->event.sequence;
	for (size_t i = 0; i < stream->count; i++)
		if (stream->events[i]->was != DRAFT_NEW && stream->events[i]->was > change->event->was)
			return stream->events[i]->event.sequence;
	return stream->count;
}

static void put_member(struct text *line, const char *name, const char *value)
{
	text_format(line, ", \"%s\": ", name);
	if (value && *value)
		text_json_string(line, value);
	else
		text_put(line, "null");
}

static void put_number(struct text *line, const char *name, uint64_t number)
{
	text_format(line, ", \"%s\": %lu", name, (unsigned long)number);
}

static void report_event(const struct draft *draft, const struct change *change, struct text *line)
{
	const struct draft_event *event = change->event;
	const struct draft_stream *stream = &draft->streams[event->stream];

	put_number(line, "pid", stream->pid);
	put_number(line, "tid", stream->tid);
	put_number(line, "sequence", place_now(draft, change));
	if (event->was != DRAFT_NEW)
		put_number(line, "was-sequence", event->was);
	put_member(line, "call", event->event.call->name);
	put_member(line, "object", event->object ? draft->objects[event->object].name : NULL);
}

void mutate_report(const struct mutate *mutate, const struct mutation *mutation, FILE *out)
{
	for (size_t i = 0; i < mutate->changes_count; i++) {
		const struct change *change = &mutate->changes[i];
		struct text line = {0};
		text_format(&line, "{\"kind\": \"%s\", \"noise\": %s", mutation->name,
			    mutation->is_noise ? "true" : "false");
		if (change->event)
			report_event(mutate->draft, change, &line);
		put_member(&line, "field", change->field);
		put_member(&line, "old", change->was);
		put_member(&line, "new", change->is);
		fprintf(out, "%s}\n", text_string(&line));
		text_free(&line);
	}
}
