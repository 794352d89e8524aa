// SPDX-License-Identifier: MIT
/*
 * The smaller tables of a database: what a trace says of itself, its processes, threads, calls and losses.
 */
#include "reader/export_sqlite_parts.h"

void base_add_calls(struct base *base)
{
	static const char *const flows[] = {
		[FLOW_NONE] = NULL, [FLOW_SENT] = "sent", [FLOW_RECEIVED] = "received", [FLOW_MOVED] = "moved"};
	const struct catalogue *catalogue = trace_catalogue(base->exporting->trace);
	sqlite3_stmt *row = sql_prepare(&base->writer, "INSERT INTO calls VALUES(?,?,?,?,?,?)");

	for (unsigned i = 0; i < catalogue->calls_count; i++) {
		const struct call_spec *call = &catalogue->calls[i];
		base->flows[i] = flow_of_call(call);
		sql_put_number(&base->writer, row, 1, i);
		sql_put_name(&base->writer, row, 2, call->name);
		sql_put_fixed(&base->writer, row, 3, call->family);
		sql_put_fixed(&base->writer, row, 4, call->prototype);
		sql_put_number(&base->writer, row, 5, call->waits);
		sql_put_fixed(&base->writer, row, 6, flows[base->flows[i].direction]);
		sql_step(&base->writer, row);
	}
}

static void put_argv(struct base *base, sqlite3_stmt *row, int column, const char *const *argv, uint32_t count)
{
	struct text *text = &base->text;

	text->size = 0;
	text_char(text, '[');
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			text_char(text, ',');
		text_json_string(text, argv[i]);
	}
	text_char(text, ']');
	sql_put_text(&base->writer, row, column, text->bytes, text->size);
}

static void add_processes(struct base *base)
{
	static const char *const origins[] = {
		[PROCESS_ROOT] = "root", [PROCESS_EXEC] = "exec", [PROCESS_FORK] = "fork"};
	struct trace *trace = base->exporting->trace;
	sqlite3_stmt *row = sql_prepare(&base->writer, "INSERT INTO processes VALUES(?,?,?,?,?,?,?,?,?,?)");
	size_t count;
	const struct trace_process *processes = trace_processes(trace, &count);

	for (size_t i = 0; i < count; i++) {
		const struct frame_process *seen = &processes[i].seen;
		sql_put_number(&base->writer, row, 1, (int64_t)i);
		sql_put_number(&base->writer, row, 2, seen->pid);
		sql_put_number(&base->writer, row, 3, seen->parent);
		sql_put_fixed(&base->writer, row, 4, seen->origin <= PROCESS_FORK ? origins[seen->origin] : NULL);
		sql_put_number(&base->writer, row, 5, (int64_t)trace_time(trace, seen->ticks));
		sql_put_name(&base->writer, row, 6, seen->exe);
		put_argv(base, row, 7, seen->argv, seen->argc);
		sql_put_name(&base->writer, row, 8, seen->cwd);
		sql_put_number(&base->writer, row, 9, (int64_t)processes[i].events);
		sql_put_number(&base->writer, row, 10, (int64_t)processes[i].lost);
		sql_step(&base->writer, row);
	}
}

static void add_threads(struct base *base)
{
	struct trace *trace = base->exporting->trace;
	sqlite3_stmt *row = sql_prepare(&base->writer, "INSERT INTO threads VALUES(?,?,?,?,?,?,?,?)");
	size_t count;
	const struct trace_thread *threads = trace_threads(trace, &count);

	for (size_t i = 0; i < count; i++) {
		const struct frame_thread *seen = &threads[i].seen;
		sql_put_number(&base->writer, row, 1, (int64_t)i);
		sql_put_number(&base->writer, row, 2, seen->pid);
		sql_put_number(&base->writer, row, 3, seen->tid);
		sql_put_number(&base->writer, row, 4, seen->creator);
		if (threads[i].is_announced)
			sql_put_number(&base->writer, row, 5, (int64_t)trace_time(trace, seen->ticks));
		else
			sql_put_null(&base->writer, row, 5);
		if (threads[i].end)
			sql_put_number(&base->writer, row, 6, (int64_t)trace_time(trace, threads[i].end));
		else
			sql_put_null(&base->writer, row, 6);
		sql_put_number(&base->writer, row, 7, (int64_t)threads[i].events);
		sql_put_number(&base->writer, row, 8, (int64_t)threads[i].lost);
		sql_step(&base->writer, row);
	}
}

static void add_losses(struct base *base)
{
	const struct trace_loss *loss = trace_loss(base->exporting->trace);
	const struct {
		const char *kind;
		uint64_t count;
	} losses[] = {
		{"lost", loss->lost},
		{"uncounted", loss->lost_uncounted},
		{"without_slot", loss->end.lost_without_slot},
		{"write", loss->end.lost_write},
		{"invalid", loss->end.lost_invalid},
		{"damaged_frames", loss->damaged_frames},
		{"damage_regions", loss->damage_regions},
	};
	sqlite3_stmt *row = sql_prepare(&base->writer, "INSERT INTO losses VALUES(?,?)");

	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		sql_put_fixed(&base->writer, row, 1, losses[i].kind);
		sql_put_number(&base->writer, row, 2, (int64_t)losses[i].count);
		sql_step(&base->writer, row);
	}
}

static void add_head(struct base *base)
{
	const struct log_head *head = trace_head(base->exporting->trace);
	const struct {
		const char *key, *value;
	} texts[] = {
		{"tool", head->tool_version}, {"host", head->host},	{"kernel", head->kernel},
		{"machine", head->machine},   {"boot", head->boot_id},	{"directory", head->directory},
		{"calls", head->filter},      {"redact", head->redact},
	};
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{"format", head->format},
		{"created", head->created},
		{"payload", head->payload_limit},
		{"stacks", head->stack_depth},
		{"closed", trace_loss(base->exporting->trace)->is_closed},
	};
	sqlite3_stmt *row = sql_prepare(&base->writer, "INSERT INTO trace VALUES(?,?)");

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		sql_put_fixed(&base->writer, row, 1, texts[i].key);
		sql_put_name(&base->writer, row, 2, texts[i].value);
		sql_step(&base->writer, row);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sql_put_fixed(&base->writer, row, 1, numbers[i].key);
		sql_put_number(&base->writer, row, 2, (int64_t)numbers[i].value);
		sql_step(&base->writer, row);
	}
	sql_put_fixed(&base->writer, row, 1, "command");
	put_argv(base, row, 2, head->command, head->command_count);
	sql_step(&base->writer, row);
}

void base_add_tables(struct base *base)
{
	add_processes(base);
	add_threads(base);
	add_losses(base);
	add_head(base);
}
