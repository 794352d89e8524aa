// SPDX-License-Identifier: MIT
/*
 * One row for each sort of difference seen; how much freedom it gets depends on what was seen.
 */
#include "reader/learned.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool class_is_learned(enum difference_class class)
{
	return class != CLASS_LEAK && class != CLASS_RESULT && class != CLASS_REORDERED_CAUSAL &&
	       class != CLASS_LATENCY && class != CLASS_WAIT && class != CLASS_INCOMPLETE;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static struct learned_row *find_row(struct learned *learned, const struct difference *difference)
{
	for (uint32_t i = 0; i < learned->count; i++) {
		struct learned_row *row = &learned->rows[i];
		if (row->class == difference->class && same_text(row->call, difference->call) &&
		    same_text(row->object, difference->object) && same_text(row->field, difference->field))
			return row;
	}
	if (learned->count == learned->room) {
		uint32_t room = learned->room ? 2 * learned->room : 16;
		struct learned_row *rows = reallocarray(learned->rows, room, sizeof(*rows));
		if (!rows)
			return NULL;
		learned->rows = rows;
		learned->room = room;
	}
	struct learned_row *added = &learned->rows[learned->count++];
	*added = (struct learned_row){.class = difference->class, .is_numeric = true};
	added->call = difference->call ? strdup(difference->call) : NULL;
	added->object = difference->object ? strdup(difference->object) : NULL;
	added->field = difference->field ? strdup(difference->field) : NULL;
	return added;
}

static int add_value(struct learned_row *row, const char *value)
{
	char *end;
	double number = value ? strtod(value, &end) : 0;

	if (!value)
		return 0;
	bool is_numeric = end != value && (!*end || *end == ' ');
	if (is_numeric && (!row->values_count || number < row->least))
		row->least = number;
	if (is_numeric && (!row->values_count || number > row->most))
		row->most = number;
	row->is_numeric &= is_numeric;
	for (uint32_t i = 0; i < row->values_count; i++)
		if (!strcmp(row->values[i], value))
			return 0;
	if (row->values_count > VALUES_MAX)
		return 0;
	char **values = reallocarray(row->values, row->values_count + 1, sizeof(*values));
	if (!values)
		return -ENOMEM;
	row->values = values;
	values[row->values_count] = strdup(value);
	return values[row->values_count++] ? 0 : -ENOMEM;
}

int learned_add(struct learned *learned, const struct comparison *comparison, bool all)
{
	int rc = 0;

	learned->runs++;
	for (uint32_t i = 0; !rc && i < comparison->differences.count; i++) {
		const struct difference *difference = &comparison->differences.rows[i];
		if (!class_is_learned(difference->class) && !all) {
			learned->refused++;
			continue;
		}
		struct learned_row *row = find_row(learned, difference);
		if (!row)
			return -ENOMEM;
		row->runs++;
		if (difference->count > row->times)
			row->times = difference->count;
		if (row->runs == 1 || difference->count < row->least_times)
			row->least_times = difference->count;
		if (difference->class == CLASS_RANDOM)
			continue; /* each run has another value */
		rc = add_value(row, difference->old);
		if (!rc)
			rc = add_value(row, difference->new);
	}
	return rc;
}

void learned_doubt(struct differences *differences, struct diff_rules *rules)
{
	for (uint32_t i = 0; i < differences->count; i++) {
		struct difference *row = &differences->rows[i];
		if (row->class != CLASS_RANDOM || !row->is_guess || diff_rules_find(rules, row))
			continue;
		row->class = row->field && strcmp(row->field, "payload") ? CLASS_ARGUMENTS : CLASS_PAYLOAD;
		free(row->explanation);
		row->explanation = strdup("it looks drawn by lot, and was the same in all runs that were learned from");
	}
	differences_sort(differences);
}

static void put_part(struct text *out, const char *name, const char *value)
{
	if (!value)
		return;
	text_format(out, " %s=\"", name);
	/* What would be read as a pattern or an end stands for any letter. */
	for (; *value; value++)
		text_char(out, strchr("\"*[]?\\\n#", *value) ? '?' : *value);
	text_char(out, '"');
}

static void put_values(const struct learned_row *row, struct text *out)
{
	if (row->is_numeric && row->values_count) {
		double margin = (row->most - row->least) / 2;
		text_format(out, " range=%.0f..%.0f", row->least - margin, row->most + margin);
		return;
	}
	/* As many values as runs: the next one will have yet another. */
	if (!row->values_count || row->values_count > row->runs || row->values_count > VALUES_MAX)
		return;
	for (uint32_t i = 0; i < row->values_count; i++)
		if (strpbrk(row->values[i], "|\"\n"))
			return;
	text_put(out, " values=\"");
	for (uint32_t i = 0; i < row->values_count; i++)
		text_format(out, "%s%s", i ? "|" : "", row->values[i]);
	text_char(out, '"');
}

/*
 * How often it may be seen. What is drawn is drawn as often in each run, where that was so: one more is something else.
 * Of the rest a few runs have not shown the most.
 */
static uint32_t times_allowed(const struct learned *learned, const struct learned_row *row)
{
	if (row->class == CLASS_RANDOM && row->runs == learned->runs && row->least_times == row->times)
		return row->times;
	return row->times + row->times / 2 + (row->times < 2);
}

void learned_print(const struct learned *learned, const char *remark, struct text *out)
{
	for (uint32_t i = 0; i < learned->count; i++) {
		const struct learned_row *row = &learned->rows[i];
		text_put(out, class_names[row->class]);
		put_part(out, "call", row->call);
		put_part(out, "object", row->object);
		put_part(out, "field", row->field);
		put_values(row, out);
		text_format(out, " times=%u", times_allowed(learned, row));
		text_format(out, "  # %s %u of %u", remark, row->runs, learned->runs);
		text_char(out, '\n');
	}
}

void learned_free(struct learned *learned)
{
	for (uint32_t i = 0; i < learned->count; i++) {
		struct learned_row *row = &learned->rows[i];
		for (uint32_t k = 0; k < row->values_count; k++)
			free(row->values[k]);
		free(row->values);
		free(row->call);
		free(row->object);
		free(row->field);
	}
	free(learned->rows);
	*learned = (struct learned){0};
}
