// SPDX-License-Identifier: MIT
/*
 * A trace in the Trace Event Format (JSON) of Chrome, which Perfetto opens as well: calls as slices of threads, and an
 * arrow from each call that sent something to the one that received it.
 */
#include "reader/export.h"

#include <errno.h>
#include <stdlib.h>

#include "reader/json.h"
#include "reader/map.h"
#include "reader/talk.h"

struct viewing {
	struct exporting *exporting;
	struct talks *talks;
	struct talk_sink sink;
	struct map threads; /* those that have slices: pid << 32 | tid */
	uint64_t base;	    /* ns since the epoch; viewers count in doubles, which do not hold both */
	uint64_t arrows;
	bool is_begun, is_empty;
};

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static struct text *begin_event(struct viewing *viewing, const char *phase, uint32_t pid, uint32_t tid)
{
	struct text *out = &viewing->exporting->output.text;

	text_put(out, viewing->is_empty ? "\n{\"ph\":\"" : ",\n{\"ph\":\"");
	viewing->is_empty = false;
	text_put(out, phase);
	text_put(out, "\",\"pid\":");
	text_uint(out, pid);
	text_put(out, ",\"tid\":");
	text_uint(out, tid);
	return out;
}

/* ns as us, which is the unit of the format. */
static void put_time(struct text *out, const char *key, uint64_t time)
{
	text_put(out, key);
	text_uint(out, time / 1000);
	text_char(out, '.');
	text_uint_padded(out, time % 1000, 3);
}

static uint64_t time_of(const struct viewing *viewing, uint64_t ticks)
{
	uint64_t time = trace_time(viewing->exporting->trace, ticks);

	return time > viewing->base ? time - viewing->base : 0;
}

/* ---- slices ----------------------------------------------------------------------------------------------------- */

static void put_details(struct viewing *viewing, const struct event *event, struct text *out)
{
	struct object *object = identity_subject(viewing->exporting->identities, event);

	text_put(out, ",\"args\":{\"args\":");
	json_print_args(out, event);
	text_put(out, ",\"result\":");
	json_print_result(out, event);
	text_put(out, ",\"errno\":");
	json_print_error(out, event);
	text_put(out, ",\"object\":");
	if (object)
		text_json_string(out, object_name(object));
	else
		text_put(out, "null");
	json_print_extras(out, event);
	text_put(out, "}}");
}

/*
 * A call that has not returned begins and does not end. One that a signal handler jumped out of ended at a time that
 * nobody knows, perhaps before what came after it: it is a mark, so that slices lie within each other or apart.
 */
static const char *phase_of(const struct event *event)
{
	switch (event->outcome) {
	case OUTCOME_UNFINISHED:
		return "B";
	case OUTCOME_JUMPED:
		return "i";
	default:
		return "X";
	}
}

static int add_slice(struct viewing *viewing, const struct event *event)
{
	const char *phase = phase_of(event);
	struct text *out;
	uint32_t pid, tid;

	event_caller(event, &pid, &tid);
	out = begin_event(viewing, phase, pid, tid);
	text_put(out, ",\"name\":");
	text_json_string(out, event->call->name);
	text_put(out, ",\"cat\":");
	text_json_string(out, event->call->family);
	put_time(out, ",\"ts\":", time_of(viewing, event->enter));
	if (*phase == 'X')
		put_time(out, ",\"dur\":", trace_span(viewing->exporting->trace, event->enter, event->duration));
	if (*phase == 'i')
		text_put(out, ",\"s\":\"t\"");
	put_details(viewing, event, out);
	return map_put(&viewing->threads, (uint64_t)pid << 32 | tid, viewing);
}

/* ---- arrows ----------------------------------------------------------------------------------------------------- */

static void add_arrow_end(struct viewing *viewing, const char *phase, const struct talk_call *call, uint64_t time)
{
	struct text *out = begin_event(viewing, phase, call->pid, call->tid);

	text_put(out, ",\"name\":\"bytes\",\"cat\":\"bytes\",\"id\":");
	text_uint(out, viewing->arrows);
	put_time(out, ",\"ts\":", time);
	text_put(out, *phase == 'f' ? ",\"bp\":\"e\"}" : "}");
}

/* An end belongs to the slice around it: the arrow begins where the sending call does, and ends just before the
 * receiving one does. */
static int add_arrow(void *context, const struct talk_word *word, const struct talk_call *sent)
{
	struct viewing *viewing = context;
	uint64_t begin = time_of(viewing, word->by.enter), end = time_of(viewing, word->time);

	viewing->arrows++;
	add_arrow_end(viewing, "s", sent, time_of(viewing, sent->enter));
	add_arrow_end(viewing, "f", &word->by, end > begin ? end - 1 : begin);
	return 0;
}

static int ignore_word(void *context, const struct talk_word *word)
{
	return 0;
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static void add_name(struct viewing *viewing, const char *what, uint32_t pid, uint32_t tid, const char *name)
{
	struct text *out = begin_event(viewing, "M", pid, tid);

	text_put(out, ",\"name\":\"");
	text_put(out, what);
	text_put(out, "\",\"args\":{\"name\":");
	text_json_string(out, name);
	text_put(out, "}}");
}

/* Names are final when all has been seen. */
static void add_names(struct viewing *viewing)
{
	struct identities *identities = viewing->exporting->identities;
	struct map processes = {0};

	for (struct map_slot *slot = map_next(&viewing->threads, NULL); slot;
	     slot = map_next(&viewing->threads, slot)) {
		uint32_t pid = (uint32_t)(slot->key >> 32), tid = (uint32_t)slot->key;
		struct object *thread = identity_thread_object(identities, pid, tid);
		struct object *process = identity_object(identities, pid, KIND_PID, pid);
		if (thread)
			add_name(viewing, "thread_name", pid, tid, object_name(thread));
		if (!process || map_get(&processes, pid))
			continue;
		add_name(viewing, "process_name", pid, tid, object_name(process));
		if (map_put(&processes, pid, viewing))
			viewing->exporting->output.text.failed = true;
	}
	map_clear(&processes);
}

/* ---- the format ------------------------------------------------------------------------------------------------- */

static void viewing_free(void *state)
{
	struct viewing *viewing = state;

	talks_free(viewing->talks);
	map_clear(&viewing->threads);
	free(viewing);
}

static int viewing_begin(struct exporting *exporting, void **state)
{
	struct viewing *viewing = calloc(1, sizeof(*viewing));
	int rc;

	if (!viewing)
		return -ENOMEM;
	viewing->exporting = exporting;
	viewing->is_empty = true;
	viewing->sink = (struct talk_sink){.word = ignore_word, .received = add_arrow, .context = viewing};
	rc = talks_new(&viewing->talks, trace_catalogue(exporting->trace), exporting->identities, &viewing->sink);
	if (rc) {
		viewing_free(viewing);
		return rc;
	}
	*state = viewing;
	return 0;
}

static void add_head(struct viewing *viewing, uint64_t ticks)
{
	const struct log_head *head = trace_head(viewing->exporting->trace);
	struct text *out = &viewing->exporting->output.text;

	viewing->base = trace_time(viewing->exporting->trace, ticks);
	viewing->is_begun = true;
	text_put(out,
		 "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"tool\":\"ipctrace " IPCTRACE_VERSION "\",\"begin\":\"");
	text_uint(out, viewing->base);
	text_put(out, "\",\"host\":");
	text_json_string(out, head->host ? head->host : "");
	text_put(out, "},\"traceEvents\":[");
}

static int viewing_add(void *state, const struct trace_entry *entry, bool wanted)
{
	struct viewing *viewing = state;
	int rc = 0;

	if (!viewing->is_begun)
		add_head(viewing, entry->ticks);
	if (entry->kind != TRACE_EVENT)
		return 0;
	if (wanted)
		rc = add_slice(viewing, entry->event);
	if (!rc)
		rc = talks_observe(viewing->talks, entry->event, wanted);
	return rc ? rc : output_offer(&viewing->exporting->output);
}

static int viewing_finish(void *state)
{
	struct viewing *viewing = state;
	int rc = talks_finish(viewing->talks);

	if (rc)
		return rc;
	if (!viewing->is_begun)
		add_head(viewing, 0);
	add_names(viewing);
	text_put(&viewing->exporting->output.text, "\n]}\n");
	return 0;
}

const struct export_format export_chrome = {
	.name = "chrome",
	.begin = viewing_begin,
	.add = viewing_add,
	.finish = viewing_finish,
	.free = viewing_free,
};
