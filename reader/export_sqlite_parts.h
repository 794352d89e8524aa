// SPDX-License-Identifier: MIT
/*
 * The inside of a database that is being written, for the files export_sqlite*.c alone.
 */
#ifndef IPCTRACE_READER_EXPORT_SQLITE_PARTS_H
#define IPCTRACE_READER_EXPORT_SQLITE_PARTS_H

#include "reader/export.h"
#include "reader/flow.h"
#include "reader/map.h"
#include "reader/sql_writer.h"
#include "reader/symbol.h"

/* The rows of `args` that the shapes of a batch have got. */
struct args_memo {
	uint64_t serial; /* of the batch */
	uint32_t room;
	int64_t *rows; /* by shape; 0: none yet */
};

struct base {
	struct exporting *exporting;
	struct sql_writer writer;
	sqlite3_stmt *event, *args, *object, *stack;
	struct flow *flows; /* by call */
	struct args_memo *memos;
	size_t memos_count;
	struct map stack_rows; /* by pid and hash */
	struct symbols *symbols;
	struct text text;
	int64_t args_count, stacks_count;
};

/* The table of calls; sets `flows`, too. */
void base_add_calls(struct base *base);

/* After the last entry: the tables that the trace fills while it is gone through. */
void base_add_tables(struct base *base);

#endif
