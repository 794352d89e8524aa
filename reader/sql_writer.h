// SPDX-License-Identifier: MIT
/*
 * A new SQLite database that is written once, as one transaction, by prepared statements. Knows no table.
 */
#ifndef IPCTRACE_READER_SQL_WRITER_H
#define IPCTRACE_READER_SQL_WRITER_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* The first error stays, and everything after it does nothing. */
struct sql_writer {
	sqlite3 *database;
	int error; /* of SQLite; 0: none */
};

/* Makes the file, which must not be there, and runs `script`. As all here: look at `error`, then sql_close(). */
void sql_open(struct sql_writer *writer, const char *path, const char *script);
void sql_run(struct sql_writer *writer, const char *script);
sqlite3_stmt *sql_prepare(struct sql_writer *writer, const char *statement);

/* Numbers of columns begin with 1. A text is copied, except a fixed one; NULL is none. */
void sql_put_number(struct sql_writer *writer, sqlite3_stmt *statement, int column, int64_t value);
void sql_put_null(struct sql_writer *writer, sqlite3_stmt *statement, int column);
void sql_put_text(struct sql_writer *writer, sqlite3_stmt *statement, int column, const char *text, size_t size);
/* A text that may not be UTF-8, ends with NUL and may be NULL: bytes that are not are those characters of Latin-1. */
void sql_put_name(struct sql_writer *writer, sqlite3_stmt *statement, int column, const char *name);
void sql_put_fixed(struct sql_writer *writer, sqlite3_stmt *statement, int column, const char *text);

/* Adds the row. */
void sql_step(struct sql_writer *writer, sqlite3_stmt *statement);

/* One line about the error; valid until sql_close(). */
const char *sql_trouble(const struct sql_writer *writer);

/* Also finishes all statements. */
void sql_close(struct sql_writer *writer);

#endif
