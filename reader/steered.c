// SPDX-License-Identifier: MIT
/*
 * See steered.h.
 */
#include "reader/steered.h"
#include "reader/amount.h"

/* The last moment that the trace speaks of, ticks. */
static uint64_t end_of(struct trace *trace)
{
	const struct trace_loss *loss = trace_loss(trace);

	return loss->is_closed ? loss->end.ticks : trace_last_anchor(trace).ticks;
}

struct steered steered_sum(struct trace *trace)
{
	size_t count;
	const struct object_control *controls = trace_controls(trace, &count);
	struct steered steered = {0};
	uint64_t since = 0;
	bool is_suspended = false, has_recorded = !count || controls[0].action != CONTROL_BEGIN;

	for (size_t i = 0; i < count; i++) {
		const struct object_control *control = &controls[i];
		if (control->action != CONTROL_MARK && !control->is_suspended) {
			steered.gaps += has_recorded;
			has_recorded = true;
		}
		steered.marks += control->action == CONTROL_MARK;
		steered.selections += control->action == CONTROL_SELECT;
		if (control->is_suspended == is_suspended)
			continue;
		is_suspended = control->is_suspended;
		steered.suspensions += is_suspended;
		if (is_suspended)
			since = control->ticks;
		else if (control->ticks > since)
			steered.suspended += trace_span(trace, since, control->ticks - since);
	}
	if (is_suspended && end_of(trace) > since)
		steered.suspended += trace_span(trace, since, end_of(trace) - since);
	return steered;
}

static void print_times(uint64_t times, struct text *out)
{
	if (times == 1) {
		text_put(out, "once");
		return;
	}
	amount_count(out, times);
	text_put(out, " times");
}

void steered_print(const struct steered *steered, struct text *out)
{
	if (steered->suspensions) {
		text_put(out, "suspended ");
		print_times(steered->suspensions, out);
		text_put(out, ", for ");
		amount_time(out, steered->suspended);
		text_put(out, steered->suspensions == 1 ? "" : " in all");
	}
	if (steered->selections) {
		text_put(out, steered->suspensions ? "; calls selected anew " : "calls selected anew ");
		print_times(steered->selections, out);
	}
}

static void print_quoted(const char *text, struct text *out)
{
	text_escape(out, (const uint8_t *)text, strlen(text));
}

void steered_print_control(const struct object_control *control, struct text *out)
{
	switch (control->action) {
	case CONTROL_BEGIN:
		text_put(out, "suspended from the beginning");
		break;
	case CONTROL_STOP:
		text_put(out, "suspended");
		break;
	case CONTROL_START:
		text_put(out, "recording ");
		print_quoted(control->selection, out);
		break;
	case CONTROL_SELECT:
		text_put(out, "selected ");
		print_quoted(control->selection, out);
		text_put(out, control->is_suspended ? ", still suspended" : "");
		break;
	case CONTROL_MARK:
		text_put(out, "mark: ");
		print_quoted(control->text, out);
		break;
	default:
		text_put(out, control->is_suspended ? "suspended, unknown why" : "recording, unknown why");
	}
}

void steered_spell(const struct trace *trace, struct text *out)
{
	size_t count;
	const struct object_control *controls = trace_controls(trace, &count);

	for (size_t i = 0; i < count; i++) {
		if (controls[i].action == CONTROL_MARK)
			continue;
		steered_print_control(&controls[i], out);
		text_char(out, '\n');
	}
}
