// SPDX-License-Identifier: MIT
/*
 * The report by call. Works on columns: what all events of a shape have in common is looked up once a shape, so that
 * an event costs a few instructions.
 */
#include "reader/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/amount.h"

int call_tallies_make(struct call_tallies *tallies, const struct catalogue *catalogue)
{
	tallies->rows = calloc(catalogue->calls_count ? catalogue->calls_count : 1, sizeof(*tallies->rows));
	tallies->count = catalogue->calls_count;
	return tallies->rows ? 0 : -ENOMEM;
}

void call_tallies_free(struct call_tallies *tallies)
{
	for (uint32_t i = 0; tallies->rows && i < tallies->count; i++)
		free(tallies->rows[i].durations);
	free(tallies->rows);
	free(tallies->of_shape);
	free(tallies->shape_counts);
	*tallies = (struct call_tallies){0};
}

static int reserve_shapes(struct call_tallies *tallies, uint32_t count)
{
	if (count <= tallies->shapes_capacity)
		return 0;
	struct call_tally **of_shape = realloc(tallies->of_shape, count * sizeof(*of_shape));
	if (of_shape)
		tallies->of_shape = of_shape;
	uint64_t *shape_counts = realloc(tallies->shape_counts, count * sizeof(*shape_counts));
	if (shape_counts)
		tallies->shape_counts = shape_counts;
	if (!of_shape || !shape_counts)
		return -ENOMEM;
	tallies->shapes_capacity = count;
	return 0;
}

static int prepare_row(struct call_tally *row)
{
	if (!row->durations)
		row->durations = calloc(1, sizeof(*row->durations));
	return row->durations ? 0 : -ENOMEM;
}

/* Which row each shape counts in; NULL for those that are not to be counted. */
static int prepare_shapes(struct call_tallies *tallies, const struct report_view *view, const struct batch_view *batch)
{
	int error = reserve_shapes(tallies, batch->shapes_count);

	for (uint32_t i = 0; !error && i < batch->shapes_count; i++) {
		uint16_t call = batch->shapes[i].call_index;
		tallies->shape_counts[i] = 0;
		tallies->of_shape[i] = NULL;
		if (call >= tallies->count || !view->enabled[call])
			continue;
		tallies->of_shape[i] = &tallies->rows[call];
		error = prepare_row(&tallies->rows[call]);
	}
	return error;
}

/* The time and number of each event. */
static void count_times(struct call_tallies *tallies, const struct batch_view *batch)
{
	for (uint32_t i = 0; i < batch->count; i++) {
		uint32_t shape = batch->shape[i];
		if (!tallies->of_shape[shape])
			continue;
		tallies->shape_counts[shape]++;
		histogram_add(tallies->of_shape[shape]->durations, batch->duration[i]);
	}
}

/* Bytes: results are a column; the rare calls that say it otherwise are looked at one by one. */
static void count_bytes(struct call_tallies *tallies, const struct report_view *view, const struct batch_view *batch)
{
	for (uint32_t i = 0; i < batch->count; i++) {
		struct call_tally *row = tallies->of_shape[batch->shape[i]];
		struct event event;
		if (!row)
			continue;
		const struct flow *flow = &view->flows[row - tallies->rows];
		if (flow->bytes == FLOW_BYTES_RESULT) {
			if (batch->result[i] > 0)
				row->bytes += (uint64_t)batch->result[i];
		} else if (flow->bytes != FLOW_BYTES_NONE) {
			batch_event(batch, i, &event);
			row->bytes += flow_count(flow, &event);
		}
	}
}

int call_tallies_add(struct call_tallies *tallies, const struct report_view *view, const struct frame *frame)
{
	for (uint32_t b = 0; b < frame->batches_count; b++) {
		const struct batch_view *batch = &frame->batches[b];
		int error = prepare_shapes(tallies, view, batch);
		if (error)
			return error;
		count_times(tallies, batch);
		count_bytes(tallies, view, batch);
		for (uint32_t i = 0; i < batch->shapes_count; i++)
			if (tallies->of_shape[i] && batch->shapes[i].error)
				tallies->of_shape[i]->errors += tallies->shape_counts[i];
	}
	for (uint32_t i = 0; i < frame->unfinished_count; i++) {
		const struct event *event = &frame->unfinished[i].event;
		size_t call = (size_t)(event->call - event->catalogue->calls);
		if (call >= tallies->count || !view->enabled[call])
			continue;
		if (prepare_row(&tallies->rows[call]))
			return -ENOMEM;
		tallies->rows[call].unfinished++;
	}
	return 0;
}

int call_tallies_merge(struct call_tallies *tallies, const struct call_tallies *from)
{
	for (uint32_t i = 0; i < tallies->count; i++) {
		struct call_tally *row = &tallies->rows[i];
		if (!from->rows[i].durations)
			continue;
		if (prepare_row(row))
			return -ENOMEM;
		histogram_merge(row->durations, from->rows[i].durations);
		row->errors += from->rows[i].errors;
		row->bytes += from->rows[i].bytes;
		row->unfinished += from->rows[i].unfinished;
	}
	return 0;
}

/* ---- printing ---- */

struct call_order {
	const struct call_tally *row;
	const struct call_spec *call;
	const struct report_view *view;
};

static uint64_t sort_value(const struct call_tally *row, enum report_sort sort)
{
	const struct histogram *durations = row->durations;

	switch (sort) {
	case SORT_COUNT:
		return durations->count;
	case SORT_ERRORS:
		return row->errors;
	case SORT_BYTES:
		return row->bytes;
	case SORT_MEAN:
		return durations->count ? durations->sum / durations->count : 0;
	case SORT_MAX:
		return durations->max;
	default:
		return durations->sum;
	}
}

static int compare_calls(const void *left, const void *right)
{
	const struct call_order *a = left, *b = right;

	if (a->view->sort != SORT_NAME) {
		uint64_t value_a = sort_value(a->row, a->view->sort), value_b = sort_value(b->row, b->view->sort);
		if (value_a != value_b)
			return value_a > value_b ? -1 : 1;
	}
	return strcmp(a->call->name, b->call->name);
}

/* The calls that were made, sorted; *count of them. NULL without memory. */
static struct call_order *sort_calls(const struct call_tallies *tallies, const struct report_view *view, size_t *count)
{
	struct call_order *order = calloc(tallies->count ? tallies->count : 1, sizeof(*order));

	*count = 0;
	for (uint32_t i = 0; order && i < tallies->count; i++) {
		const struct call_tally *row = &tallies->rows[i];
		if (row->durations && (row->durations->count || row->unfinished))
			order[(*count)++] = (struct call_order){row, &view->catalogue->calls[i], view};
	}
	if (order)
		qsort(order, *count, sizeof(*order), compare_calls);
	return order;
}

static void print_duration_cell(struct amount_table *table, const struct report_view *view, uint64_t ticks)
{
	amount_time(&table->cells, report_ns(view, ticks));
	amount_cell(table);
}

static void print_count_cell(struct amount_table *table, uint64_t count)
{
	if (count)
		amount_count(&table->cells, count);
	amount_cell(table);
}

static void print_row(struct amount_table *table, const struct report_view *view, const struct call_tally *row,
		      const char *name, uint64_t all_time)
{
	const struct histogram *durations = row->durations;
	double share = all_time ? 100.0 * (double)durations->sum / (double)all_time : 0;

	text_format(&table->cells, "%.1f", share);
	amount_cell(table);
	print_duration_cell(table, view, durations->sum);
	amount_count(&table->cells, durations->count);
	amount_cell(table);
	print_count_cell(table, row->errors);
	if (row->bytes)
		amount_bytes(&table->cells, row->bytes);
	amount_cell(table);
	print_duration_cell(table, view, durations->count ? durations->sum / durations->count : 0);
	print_duration_cell(table, view, histogram_quantile(durations, 0.5));
	print_duration_cell(table, view, histogram_quantile(durations, 0.99));
	print_duration_cell(table, view, durations->max);
	text_put(&table->cells, name);
	amount_cell(table);
}

static void print_notes(const struct call_order *order, size_t count, struct text *out)
{
	bool has_waits = false;

	for (size_t i = 0; i < count; i++) {
		has_waits |= order[i].call->waits;
		if (order[i].row->unfinished)
			text_format(out, "%llu %s had not returned when the process or the trace ended\n",
				    (unsigned long long)order[i].row->unfinished, order[i].call->name);
	}
	if (has_waits)
		text_put(out, "* waits: its time is mostly that of whoever it waits for\n");
}

void call_tallies_print(const struct call_tallies *tallies, const struct report_view *view, struct text *out)
{
	static const char *const titles[] = {"% time", "total", "calls", "errors", "bytes",
					     "mean",   "p50",	"p99",	 "max",	   "<call"};
	struct amount_table table = {.titles = titles, .columns = sizeof(titles) / sizeof(titles[0])};
	struct call_tally sum = {.durations = calloc(1, sizeof(*sum.durations))};
	size_t count = 0;
	struct call_order *order = sort_calls(tallies, view, &count);

	if (!order || !sum.durations) {
		out->failed = true;
		goto done;
	}
	for (size_t i = 0; i < count; i++) {
		histogram_merge(sum.durations, order[i].row->durations);
		sum.errors += order[i].row->errors;
		sum.bytes += order[i].row->bytes;
	}
	for (size_t i = 0; i < count; i++) {
		char name[80];
		snprintf(name, sizeof(name), "%s%s", order[i].call->name, order[i].call->waits ? "*" : "");
		print_row(&table, view, order[i].row, name, sum.durations->sum);
	}
	print_row(&table, view, &sum, "all", sum.durations->sum);
	amount_print(&table, view->colour, out);
	print_notes(order, count, out);
done:
	free(order);
	free(sum.durations);
}

void call_tallies_print_json(const struct call_tallies *tallies, const struct report_view *view, struct text *out)
{
	size_t count = 0;
	struct call_order *order = sort_calls(tallies, view, &count);

	if (!order) {
		out->failed = true;
		return;
	}
	text_put(out, "[");
	for (size_t i = 0; i < count; i++) {
		const struct call_tally *row = order[i].row;
		const struct histogram *durations = row->durations;
		text_put(out, i ? ",\n  {\"call\": " : "\n  {\"call\": ");
		text_json_string(out, order[i].call->name);
		text_put(out, ", \"family\": ");
		text_json_string(out, order[i].call->family);
		text_format(
			out,
			", \"count\": %llu, \"errors\": %llu, \"bytes\": %llu, \"unfinished\": %llu, "
			"\"waits\": %s, \"total\": %llu, \"mean\": %llu, \"p50\": %llu, \"p99\": %llu, "
			"\"max\": %llu}",
			(unsigned long long)durations->count, (unsigned long long)row->errors,
			(unsigned long long)row->bytes, (unsigned long long)row->unfinished,
			order[i].call->waits ? "true" : "false", (unsigned long long)report_ns(view, durations->sum),
			(unsigned long long)report_ns(view, durations->count ? durations->sum / durations->count : 0),
			(unsigned long long)report_ns(view, histogram_quantile(durations, 0.5)),
			(unsigned long long)report_ns(view, histogram_quantile(durations, 0.99)),
			(unsigned long long)report_ns(view, durations->max));
	}
	text_put(out, count ? "\n ]" : "]");
	free(order);
}
