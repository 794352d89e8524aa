// SPDX-License-Identifier: MIT
/*
 * How often a call failed with which error: a thousand EAGAIN are nothing, one EMFILE is what was looked for.
 */
#include "reader/report.h"

#include <errno.h>
#include <stdlib.h>

#include "reader/amount.h"
#include "reader/value.h"

/* Linux has 133, and no call has more than a few; a log can claim any number. */
#define ERRORS_MAX 64

int error_tallies_add(struct error_tallies *tallies, uint32_t error, uint64_t count)
{
	struct error_tally *rows;

	for (uint32_t i = 0; i < tallies->count; i++) {
		if (tallies->rows[i].error == error || i + 1 == ERRORS_MAX) {
			tallies->rows[i].count += count;
			return 0;
		}
	}
	rows = reallocarray(tallies->rows, tallies->count + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	tallies->rows = rows;
	rows[tallies->count++] = (struct error_tally){error, count};
	return 0;
}

static int compare_errors(const void *left, const void *right)
{
	const struct error_tally *a = left, *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return a->error < b->error ? -1 : a->error > b->error;
}

static void print_name(struct text *out, const struct call_spec *call, uint32_t error)
{
	const char *name = call->failure == FAILURE_STATUS ? NULL : error_name(error);

	if (name)
		text_put(out, name);
	else
		text_format(out, "%u", error);
}

void error_tallies_print(struct error_tallies *tallies, const struct call_spec *call, struct text *out)
{
	if (!tallies->count)
		return;
	qsort(tallies->rows, tallies->count, sizeof(*tallies->rows), compare_errors);
	text_format(out, "%s failed with ", call->name);
	for (uint32_t i = 0; i < tallies->count; i++) {
		text_put(out, i ? ", " : "");
		print_name(out, call, tallies->rows[i].error);
		if (tallies->count > 1 || tallies->rows[i].count > 1) {
			text_char(out, ' ');
			amount_count(out, tallies->rows[i].count);
			text_put(out, tallies->rows[i].count == 1 ? " time" : " times");
		}
	}
	text_char(out, '\n');
}

void error_tallies_print_json(struct error_tallies *tallies, const struct call_spec *call, struct text *out)
{
	if (tallies->count)
		qsort(tallies->rows, tallies->count, sizeof(*tallies->rows), compare_errors);
	text_char(out, '{');
	for (uint32_t i = 0; i < tallies->count; i++) {
		text_put(out, i ? ", \"" : "\"");
		print_name(out, call, tallies->rows[i].error);
		text_format(out, "\": %llu", (unsigned long long)tallies->rows[i].count);
	}
	text_char(out, '}');
}
