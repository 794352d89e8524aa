// SPDX-License-Identifier: MIT
/*
 * A trace as an SQLite database: a table of events, and tables of what they refer to. docs/export.md describes them;
 * what is in a column is written there before it is changed here.
 */
#include "reader/export_sqlite_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/trouble.h"
#include "reader/json.h"
#include "reader/line.h"
#include "reader/value.h"

/* The file is new and of nobody else's use: when writing fails it is thrown away. */
static const char script_begin[] =
	"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-4096;"
	"CREATE TABLE trace(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE losses(kind TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE processes(id INTEGER PRIMARY KEY, pid INTEGER, parent INTEGER, origin TEXT, begin INTEGER, exe "
	"TEXT,"
	" argv TEXT, cwd TEXT, events INTEGER, lost INTEGER);"
	"CREATE TABLE threads(id INTEGER PRIMARY KEY, pid INTEGER, tid INTEGER, creator INTEGER, begin INTEGER,"
	" \"end\" INTEGER, events INTEGER, lost INTEGER);"
	"CREATE TABLE calls(id INTEGER PRIMARY KEY, name TEXT, family TEXT, prototype TEXT, waits INTEGER, flow TEXT);"
	"CREATE TABLE objects(id INTEGER PRIMARY KEY, type TEXT, name TEXT, process TEXT, pid INTEGER, local TEXT,"
	" remote TEXT, peer INTEGER, origin INTEGER);"
	"CREATE TABLE args(id INTEGER PRIMARY KEY, args TEXT, extras TEXT);"
	"CREATE TABLE stacks(id INTEGER PRIMARY KEY, pid INTEGER, depth INTEGER, frames TEXT);"
	"CREATE TABLE events(id INTEGER PRIMARY KEY, time INTEGER, duration INTEGER, pid INTEGER, tid INTEGER, call "
	"INTEGER,"
	" args INTEGER, result INTEGER, errno TEXT, outcome TEXT, bytes INTEGER, object INTEGER, stack INTEGER);"
	"BEGIN;";

static const char script_end[] =
	"CREATE INDEX events_by_call ON events(call); CREATE INDEX events_by_object ON events(object);"
	"CREATE INDEX events_by_time ON events(time);"
	"CREATE VIEW log AS SELECT e.id, strftime('%Y-%m-%d %H:%M:%S', e.time / 1000000000, 'unixepoch') ||"
	" printf('.%09d', e.time % 1000000000) AS utc, e.pid, e.tid, c.name AS call, a.args, e.result, e.errno, "
	"e.outcome,"
	" e.duration, e.bytes, o.name AS object, e.time FROM events e JOIN calls c ON c.id = e.call"
	" LEFT JOIN args a ON a.id = e.args LEFT JOIN objects o ON o.id = e.object;"
	"CREATE VIEW by_call AS SELECT c.name AS call, c.family, count(*) AS count, count(e.errno) AS errors,"
	" sum(e.bytes) AS bytes, sum(e.duration) AS total, avg(e.duration) AS mean, max(e.duration) AS max"
	" FROM events e JOIN calls c ON c.id = e.call WHERE e.outcome IS NOT 'unfinished' GROUP BY e.call;"
	"CREATE VIEW by_object AS SELECT o.id, o.name AS object, o.type, o.process, p.name AS peer, p.process AS "
	"peer_process,"
	" count(*) AS count, count(e.errno) AS errors, sum(CASE c.flow WHEN 'sent' THEN e.bytes ELSE 0 END) AS sent,"
	" sum(CASE c.flow WHEN 'received' THEN e.bytes ELSE 0 END) AS received, sum(e.duration) AS total,"
	" max(e.duration) AS max FROM events e JOIN calls c ON c.id = e.call JOIN objects o ON o.id = e.object"
	" LEFT JOIN objects p ON p.id = o.peer GROUP BY o.id;"
	"CREATE VIEW by_process AS SELECT e.pid, max(p.exe) AS exe, count(*) AS count, count(e.errno) AS errors,"
	" sum(e.duration) AS total, min(e.time) AS first, max(e.time + coalesce(e.duration, 0)) AS last"
	" FROM events e LEFT JOIN (SELECT pid, exe, max(begin) FROM processes GROUP BY pid) p ON p.pid = e.pid GROUP "
	"BY e.pid;"
	"COMMIT;";

/* ---- objects ---------------------------------------------------------------------------------------------------- */

static void put_endpoint(struct base *base, int column, const struct endpoint *endpoint)
{
	char text[160];

	if (!endpoint->family) {
		sql_put_null(&base->writer, base->object, column);
		return;
	}
	endpoint_print(endpoint, false, text, sizeof(text));
	sql_put_text(&base->writer, base->object, column, text, strlen(text));
}

static void put_reference(struct base *base, int column, const struct object *object)
{
	if (object)
		sql_put_number(&base->writer, base->object, column, (int64_t)object->id);
	else
		sql_put_null(&base->writer, base->object, column);
}

static void add_object(struct base *base, struct object *object)
{
	struct sql_writer *writer = &base->writer;

	sql_put_number(writer, base->object, 1, (int64_t)object->id);
	sql_put_fixed(writer, base->object, 2, object_type_name(object->type));
	sql_put_name(writer, base->object, 3, object_name(object));
	if (object->process) {
		sql_put_name(writer, base->object, 4, object_name(object->process));
		sql_put_number(writer, base->object, 5, (int64_t)object->process->number);
	} else {
		sql_put_null(writer, base->object, 4);
		sql_put_null(writer, base->object, 5);
	}
	put_endpoint(base, 6, object_local(object));
	put_endpoint(base, 7, object_remote(object));
	put_reference(base, 8, object->peer);
	put_reference(base, 9, object->origin);
	sql_step(writer, base->object);
}

/* Its name is final. */
static void note_gone(void *context, struct object *object)
{
	add_object(context, object);
}

/* Processes and threads do not go: they are written whenever they are meant, and the last name stays. */
static bool is_lasting(const struct object *object)
{
	return object->type == OBJECT_PROCESS || object->type == OBJECT_THREAD;
}

/* ---- what events refer to --------------------------------------------------------------------------------------- */

static int64_t add_args(struct base *base, const struct event *event)
{
	struct text *text = &base->text;
	struct event returned = *event;
	size_t end;

	text->size = 0;
	json_print_args(text, event);
	end = text->size;
	returned.outcome = OUTCOME_RETURNED; /* has a column of its own */
	json_print_extras(text, &returned);
	sql_put_number(&base->writer, base->args, 1, ++base->args_count);
	sql_put_text(&base->writer, base->args, 2, text->bytes, end);
	if (text->size > end && !text->failed) {
		text->bytes[end] = '{'; /* for the comma */
		text_char(text, '}');
		sql_put_text(&base->writer, base->args, 3, text->bytes + end, text->size - end);
	} else {
		sql_put_null(&base->writer, base->args, 3);
	}
	sql_step(&base->writer, base->args);
	return base->args_count;
}

static struct args_memo *find_memo(struct base *base, const struct trace_entry *entry)
{
	uint32_t shapes = entry->batch->shapes_count;
	struct args_memo *memo;

	if (entry->slot >= base->memos_count) {
		size_t count = 2 * (entry->slot + 1ul);
		memo = reallocarray(base->memos, count, sizeof(*memo));
		if (!memo)
			return NULL;
		memset(memo + base->memos_count, 0, (count - base->memos_count) * sizeof(*memo));
		base->memos = memo;
		base->memos_count = count;
	}
	memo = &base->memos[entry->slot];
	if (memo->room < shapes) {
		int64_t *rows = reallocarray(memo->rows, shapes, sizeof(*rows));
		if (!rows)
			return NULL;
		memo->rows = rows;
		memo->room = shapes;
		memo->serial = 0;
	}
	if (memo->serial != entry->serial)
		memset(memo->rows, 0, memo->room * sizeof(*memo->rows));
	memo->serial = entry->serial;
	return memo;
}

/* Events of one shape have the same arguments: one row for all of a batch. */
static int64_t args_of(struct base *base, const struct trace_entry *entry)
{
	const struct batch_view *batch = entry->batch;
	struct args_memo *memo;
	int64_t *row;

	if (!batch || batch->shapes[batch->shape[entry->row]].varying || !(memo = find_memo(base, entry)))
		return add_args(base, entry->event);
	row = &memo->rows[batch->shape[entry->row]];
	if (!*row)
		*row = add_args(base, entry->event);
	return *row;
}

static int64_t add_stack(struct base *base, const struct event *event, const uint64_t *frames, uint32_t depth)
{
	struct text *text = &base->text;

	text->size = 0;
	for (uint32_t i = 0; i < depth; i++) {
		if (i)
			text_char(text, '\n');
		frame_print(base->exporting->trace, base->symbols, event->pid, event->enter, frames[i], text);
	}
	sql_put_number(&base->writer, base->stack, 1, ++base->stacks_count);
	sql_put_number(&base->writer, base->stack, 2, event->pid);
	sql_put_number(&base->writer, base->stack, 3, depth);
	sql_put_text(&base->writer, base->stack, 4, text->bytes, text->size);
	sql_step(&base->writer, base->stack);
	return base->stacks_count;
}

/* 0: the event has none. Or -ENOMEM. */
static int64_t stack_of(struct base *base, const struct event *event)
{
	const struct event_item *item = NULL;
	const uint64_t *frames;
	uint32_t depth = 0;
	uint64_t hash, key;
	int64_t row;

	for (uint32_t i = 0; !item && i < event->items_count; i++)
		if (event->items[i].form == ITEM_STACK && event->items[i].size == sizeof(hash))
			item = &event->items[i];
	if (!item)
		return 0;
	memcpy(&hash, item->bytes, sizeof(hash));
	key = map_mix(event->pid) ^ hash;
	row = (int64_t)(uintptr_t)map_get(&base->stack_rows, key);
	if (row)
		return row;
	frames = trace_stack(base->exporting->trace, event->pid, hash, &depth);
	if (!frames)
		return 0;
	row = add_stack(base, event, frames, depth);
	return map_put(&base->stack_rows, key, (void *)(uintptr_t)row) ? -ENOMEM : row;
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static void put_optional(struct base *base, int column, int64_t row)
{
	if (row)
		sql_put_number(&base->writer, base->event, column, row);
	else
		sql_put_null(&base->writer, base->event, column);
}

static void put_errno(struct base *base, const struct event *event)
{
	bool is_number = event->call->failure != FAILURE_STATUS;
	const char *name = is_number ? error_name(event->error) : NULL;
	char number[8];

	if (!event->error || name) {
		sql_put_fixed(&base->writer, base->event, 9, event->error ? name : NULL);
		return;
	}
	snprintf(number, sizeof(number), "%u", event->error);
	sql_put_text(&base->writer, base->event, 9, number, strlen(number));
}

static void put_result(struct base *base, const struct event *event)
{
	const struct call_spec *call = event->call;
	bool is_none = event->outcome != OUTCOME_RETURNED || call->result.kind == KIND_UNRECORDED ||
		       (call->failure == FAILURE_NULL && call_failed(call, event->result));

	if (is_none)
		sql_put_null(&base->writer, base->event, 8);
	else
		sql_put_number(&base->writer, base->event, 8,
			       (int64_t)value_word(&call->result, (uint64_t)event->result));
}

static int add_event(struct base *base, const struct trace_entry *entry)
{
	const struct event *event = entry->event;
	uint32_t call = (uint32_t)(event->call - event->catalogue->calls), pid, tid;
	struct trace *trace = base->exporting->trace;
	struct object *object = identity_subject(base->exporting->identities, event);
	int64_t stack = stack_of(base, event);
	int64_t args = args_of(base, entry);

	if (stack < 0)
		return -ENOMEM;
	event_caller(event, &pid, &tid);
	sql_put_number(&base->writer, base->event, 2, (int64_t)trace_time(trace, event->enter));
	if (event->outcome == OUTCOME_UNFINISHED)
		sql_put_null(&base->writer, base->event, 3);
	else
		sql_put_number(&base->writer, base->event, 3,
			       (int64_t)trace_span(trace, event->enter, event->duration));
	sql_put_number(&base->writer, base->event, 4, pid);
	sql_put_number(&base->writer, base->event, 5, tid);
	sql_put_number(&base->writer, base->event, 6, call);
	sql_put_number(&base->writer, base->event, 7, args);
	put_result(base, event);
	put_errno(base, event);
	sql_put_fixed(&base->writer, base->event, 10, outcome_name(event));
	sql_put_number(&base->writer, base->event, 11, (int64_t)flow_count(&base->flows[call], event));
	put_optional(base, 12, object ? (int64_t)object->id : 0);
	put_optional(base, 13, stack);
	sql_step(&base->writer, base->event);
	if (object && is_lasting(object))
		add_object(base, object);
	return 0;
}

/* ---- the format ------------------------------------------------------------------------------------------------- */

/* What the writer ran into, after one line. */
static int say_trouble(const struct base *base)
{
	if (base->text.failed)
		return -ENOMEM;
	if (!base->writer.error)
		return 0;
	trouble_say("ipctrace export: %s: %s", base->exporting->path, sql_trouble(&base->writer));
	return EXPORT_E_SAID;
}

static void base_free(void *state)
{
	struct base *base = state;

	/* the identity lives longer than this */
	identity_watch(base->exporting->identities, NULL, NULL);
	sql_close(&base->writer);
	for (size_t i = 0; i < base->memos_count; i++)
		free(base->memos[i].rows);
	free(base->memos);
	free(base->flows);
	map_clear(&base->stack_rows);
	symbols_free(base->symbols);
	text_free(&base->text);
	free(base);
}

static int base_begin(struct exporting *exporting, void **state)
{
	struct base *base = calloc(1, sizeof(*base));
	int rc;

	if (!base)
		return -ENOMEM;
	base->exporting = exporting;
	base->flows = calloc(trace_catalogue(exporting->trace)->calls_count + 1u, sizeof(*base->flows));
	if (!base->flows || symbols_new(&base->symbols)) {
		base_free(base);
		return -ENOMEM;
	}
	sql_open(&base->writer, exporting->path, script_begin);
	base->event = sql_prepare(&base->writer, "INSERT INTO events VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)");
	base->args = sql_prepare(&base->writer, "INSERT INTO args VALUES(?,?,?)");
	base->object = sql_prepare(&base->writer, "INSERT OR REPLACE INTO objects VALUES(?,?,?,?,?,?,?,?,?)");
	base->stack = sql_prepare(&base->writer, "INSERT INTO stacks VALUES(?,?,?,?)");
	base_add_calls(base);
	rc = say_trouble(base);
	if (rc) {
		base_free(base);
		return rc;
	}
	identity_watch(exporting->identities, note_gone, base);
	*state = base;
	return 0;
}

static int base_add(void *state, const struct trace_entry *entry, bool wanted)
{
	struct base *base = state;

	if (entry->kind == TRACE_EVENT && wanted && add_event(base, entry))
		return -ENOMEM;
	return base->writer.error || base->text.failed ? say_trouble(base) : 0;
}

static int base_finish(void *state)
{
	struct base *base = state;

	identity_finish(base->exporting->identities);
	base_add_tables(base);
	sql_run(&base->writer, script_end);
	return say_trouble(base);
}

const struct export_format export_sqlite = {
	.name = "sqlite",
	.needs_file = true,
	.begin = base_begin,
	.add = base_add,
	.finish = base_finish,
	.free = base_free,
};
