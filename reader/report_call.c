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
	for (uint32_t i = 0; tallies->rows && i < tallies->count; i++) {
		free(tallies->rows[i].durations);
		free(tallies->rows[i].by_error.rows);
	}
	free(tallies->rows);
	free(tallies->of_shape);
	*tallies = (struct call_tallies){0};
}

static int reserve_shapes(struct call_tallies *tallies, uint32_t count)
{
	struct shape_tally *of_shape;

	if (count <= tallies->shapes_capacity)
		return 0;
	of_shape = reallocarray(tallies->of_shape, count, sizeof(*of_shape));
	if (!of_shape)
		return -ENOMEM;
	tallies->of_shape = of_shape;
	tallies->shapes_capacity = count;
	return 0;
}

static int prepare_row(struct call_tally *row)
{
	if (!row->durations)
		row->durations = calloc(1, sizeof(*row->durations));
	return row->durations ? 0 : -ENOMEM;
}

/* Which histogram each shape counts in. */
static int prepare_shapes(struct call_tallies *tallies, const struct report_view *view, const struct batch_view *batch)
{
	int error = reserve_shapes(tallies, batch->shapes_count);

	for (uint32_t i = 0; !error && i < batch->shapes_count; i++) {
		uint16_t call = batch->shapes[i].call_index;
		tallies->of_shape[i] = (struct shape_tally){0};
		if (call >= tallies->count || !view->enabled[call])
			continue;
		error = prepare_row(&tallies->rows[call]);
		tallies->of_shape[i].durations = tallies->rows[call].durations;
	}
	return error;
}

/* One look at the columns: 10 M events of a ping take 0.12 s of a processor with their decoding, in two looks 0.14. */
static void count_events(struct shape_tally *of_shape, const struct batch_view *batch)
{
	for (uint32_t i = 0; i < batch->count; i++) {
		struct shape_tally *shape = &of_shape[batch->shape[i]];
		int64_t result = batch->result[i];
		if (!shape->durations)
			continue;
		shape->count++;
		shape->positive += result > 0 ? (uint64_t)result : 0;
		histogram_add(shape->durations, batch->duration[i]);
	}
}

/* The bytes of the rare calls that do not return their number: looked at one by one. */
static void count_told_otherwise(struct call_tallies *tallies, const struct report_view *view,
				 const struct batch_view *batch)
{
	for (uint32_t i = 0; i < batch->count; i++) {
		uint16_t call = batch->shapes[batch->shape[i]].call_index;
		struct event event;
		if (!tallies->of_shape[batch->shape[i]].durations || view->flows[call].bytes <= FLOW_BYTES_RESULT)
			continue;
		batch_event(batch, i, &event);
		tallies->rows[call].bytes += flow_count(&view->flows[call], &event);
	}
}

static int count_batch(struct call_tallies *tallies, const struct report_view *view, const struct batch_view *batch)
{
	bool told_otherwise = false;
	int error = 0;

	count_events(tallies->of_shape, batch);
	for (uint32_t i = 0; i < batch->shapes_count; i++) {
		const struct shape_tally *shape = &tallies->of_shape[i];
		uint16_t call = batch->shapes[i].call_index;
		if (!shape->durations)
			continue;
		if (batch->shapes[i].error) {
			tallies->rows[call].errors += shape->count;
			error = error_tallies_add(&tallies->rows[call].by_error, batch->shapes[i].error, shape->count);
		}
		if (error)
			return error;
		if (view->flows[call].bytes == FLOW_BYTES_RESULT)
			tallies->rows[call].bytes += shape->positive;
		told_otherwise |= view->flows[call].bytes > FLOW_BYTES_RESULT;
	}
	if (told_otherwise)
		count_told_otherwise(tallies, view, batch);
	return 0;
}

int call_tallies_add(struct call_tallies *tallies, const struct report_view *view, const struct frame *frame)
{
	for (uint32_t b = 0; b < frame->batches_count; b++) {
		const struct batch_view *batch = &frame->batches[b];
		int error = prepare_shapes(tallies, view, batch);
		if (!error)
			error = count_batch(tallies, view, batch);
		if (error)
			return error;
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

int call_tallies_add_event(struct call_tallies *tallies, const struct report_view *view, const struct event *event,
			   uint32_t call)
{
	struct call_tally *row = &tallies->rows[call];

	if (prepare_row(row))
		return -ENOMEM;
	if (event->outcome == OUTCOME_UNFINISHED) {
		row->unfinished++;
		return 0;
	}
	histogram_add(row->durations, event->duration);
	row->bytes += flow_count(&view->flows[call], event);
	row->errors += event->error != 0;
	return event->error ? error_tallies_add(&row->by_error, event->error, 1) : 0;
}

/* ---- printing ---- */

struct call_order {
	struct call_tally *row;
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
		struct call_tally *row = &tallies->rows[i];
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
		error_tallies_print(&order[i].row->by_error, order[i].call, out);
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
			"\"max\": %llu, \"by_error\": ",
			(unsigned long long)durations->count, (unsigned long long)row->errors,
			(unsigned long long)row->bytes, (unsigned long long)row->unfinished,
			order[i].call->waits ? "true" : "false", (unsigned long long)report_ns(view, durations->sum),
			(unsigned long long)report_ns(view, durations->count ? durations->sum / durations->count : 0),
			(unsigned long long)report_ns(view, histogram_quantile(durations, 0.5)),
			(unsigned long long)report_ns(view, histogram_quantile(durations, 0.99)),
			(unsigned long long)report_ns(view, durations->max));
		error_tallies_print_json(&order[i].row->by_error, order[i].call, out);
		text_char(out, '}');
	}
	text_put(out, count ? "\n ]" : "]");
	free(order);
}
