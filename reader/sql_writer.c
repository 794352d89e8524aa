// SPDX-License-Identifier: MIT
/*
 * See sql_writer.h.
 */
#include "reader/sql_writer.h"

#include <string.h>

#include "reader/text.h"

static void note(struct sql_writer *writer, int error)
{
	if (!writer->error && error != SQLITE_OK && error != SQLITE_DONE && error != SQLITE_ROW)
		writer->error = error;
}

void sql_open(struct sql_writer *writer, const char *path, const char *script)
{
	/* never opened as a URI, whatever its name */
	note(writer, sqlite3_open_v2(path, &writer->database,
				     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
	sql_run(writer, script);
}

void sql_run(struct sql_writer *writer, const char *script)
{
	if (!writer->error)
		note(writer, sqlite3_exec(writer->database, script, NULL, NULL, NULL));
}

sqlite3_stmt *sql_prepare(struct sql_writer *writer, const char *statement)
{
	sqlite3_stmt *prepared = NULL;

	if (!writer->error)
		note(writer,
		     sqlite3_prepare_v3(writer->database, statement, -1, SQLITE_PREPARE_PERSISTENT, &prepared, NULL));
	return prepared;
}

void sql_put_number(struct sql_writer *writer, sqlite3_stmt *statement, int column, int64_t value)
{
	if (!writer->error)
		note(writer, sqlite3_bind_int64(statement, column, value));
}

void sql_put_null(struct sql_writer *writer, sqlite3_stmt *statement, int column)
{
	if (!writer->error)
		note(writer, sqlite3_bind_null(statement, column));
}

void sql_put_text(struct sql_writer *writer, sqlite3_stmt *statement, int column, const char *text, size_t size)
{
	if (!writer->error)
		note(writer, sqlite3_bind_text64(statement, column, text, size, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void sql_put_name(struct sql_writer *writer, sqlite3_stmt *statement, int column, const char *name)
{
	struct text text = {0};

	if (!name) {
		sql_put_null(writer, statement, column);
		return;
	}
	for (const char *at = name; *at;) {
		unsigned size = (uint8_t)*at < 0x80 ? 1 : text_utf8_size(at);
		const char latin[2] = {(char)(0xc0 | (uint8_t)*at >> 6), (char)(0x80 | (*at & 0x3f))};
		text_add(&text, size ? at : latin, size ? size : sizeof(latin));
		at += size ? size : 1;
	}
	sql_put_text(writer, statement, column, text.bytes ? text.bytes : "", text.size);
	if (text.failed)
		note(writer, SQLITE_NOMEM);
	text_free(&text);
}

void sql_put_fixed(struct sql_writer *writer, sqlite3_stmt *statement, int column, const char *text)
{
	if (!writer->error)
		note(writer, text ? sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC)
				  : sqlite3_bind_null(statement, column));
}

void sql_step(struct sql_writer *writer, sqlite3_stmt *statement)
{
	if (writer->error)
		return;
	note(writer, sqlite3_step(statement));
	note(writer, sqlite3_reset(statement));
}

const char *sql_trouble(const struct sql_writer *writer)
{
	return writer->database ? sqlite3_errmsg(writer->database) : sqlite3_errstr(writer->error);
}

void sql_close(struct sql_writer *writer)
{
	sqlite3_stmt *statement;

	while (writer->database && (statement = sqlite3_next_stmt(writer->database, NULL)))
		sqlite3_finalize(statement);
	sqlite3_close(writer->database);
	writer->database = NULL;
}
