// SPDX-License-Identifier: MIT
/*
 * Numbers for people: times and sizes with the unit that fits, counts with their thousands apart.
 */
#ifndef IPCTRACE_READER_AMOUNT_H
#define IPCTRACE_READER_AMOUNT_H

#include <stdint.h>

#include "reader/text.h"

/* `ns` as "820 ns", "1.25 ms", "12.3 s": three digits, in a unit from ns to s. */
void amount_time(struct text *text, uint64_t ns);

/* The moment `ns` since the epoch, in local time, as `format` of strftime(3) says, which makes less than 64 bytes. */
void amount_moment(struct text *text, uint64_t ns, const char *format);

/* "512 B", "1.25 KiB", "12.3 GiB". */
void amount_bytes(struct text *text, uint64_t bytes);

/* "12,345,678". */
void amount_count(struct text *text, uint64_t count);

/* One table: cells are added from left to right, rows from top to bottom; widths are found when it is printed. */
struct amount_table {
	const char *const *titles; /* a leading '<' means: to the left */
	unsigned columns;
	struct text cells; /* each ends with a NUL */
	unsigned count;	   /* of cells */
};

/* The text since the last cell ended is the next cell. */
void amount_cell(struct amount_table *table);

/*
 * Writes the table behind `out`, titles first (bold when `colour`), with two spaces between columns; then frees it.
 */
void amount_print(struct amount_table *table, bool colour, struct text *out);

#endif
