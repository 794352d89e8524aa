// SPDX-License-Identifier: MIT
/*
 * See control.h.
 */
#include "trace/control.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "format/filter.h"
#include "trace/clock.h"

/* Wrappers look at single bytes of these. */
static void switches_set(struct control *control)
{
	uint8_t *enabled = control->area->control->enabled;

	if (control->is_suspended)
		memset(enabled, 0, LIVE_EVENTS_MAX);
	else
		memcpy(enabled, control->selected, LIVE_EVENTS_MAX);
}

/* 0, FILTER_E_UNKNOWN or -ENOMEM; what was selected before stays then. */
static int selection_set(struct control *control, const char *text)
{
	uint8_t selected[LIVE_EVENTS_MAX] = {0};
	char trouble[160], *copy;
	int rc = filter_parse(text, control->catalogue, selected, trouble, sizeof(trouble));

	if (rc)
		return rc;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(control->selection);
	control->selection = copy;
	memcpy(control->selected, selected, sizeof(selected));
	return 0;
}

int control_open(struct control *control, struct live_area *area, const struct catalogue *catalogue,
		 const struct trace_settings *settings)
{
	int rc;

	*control = (struct control){.area = area, .catalogue = catalogue};
	control->is_suspended = settings->is_suspended;
	control->overwrites = settings->full_policy == FULL_OVERWRITE;
	control->since = anchor_read(tsc_is_steady()).realtime;
	rc = selection_set(control, settings->filter);
	if (rc)
		return rc < 0 ? rc : -EINVAL;
	switches_set(control);
	return 0;
}

void control_close(struct control *control)
{
	free(control->selection);
	*control = (struct control){0};
}

/* Packs what was done at `at`. 0 or -ENOMEM. */
static int action_note(struct control *control, enum control_action action, const char *text,
		       const struct log_anchor *at)
{
	const struct object_control object = {.ticks = at->ticks,
					      .action = action,
					      .is_suspended = control->is_suspended,
					      .selection = control->selection,
					      .text = text};

	return object_pack_control(log_writer_packer(control->writer), &object);
}

int control_begin(struct control *control, struct log_writer *writer)
{
	struct log_anchor now = anchor_read(tsc_is_steady());

	control->writer = writer;
	return control->is_suspended ? action_note(control, CONTROL_BEGIN, NULL, &now) : 0;
}

/*
 * Whoever reads the log forgets at this moment what numbers meant before: it must be past when the first call is
 * recorded that follows the gap, so switching on comes after it. Switching off comes before, so that nothing is
 * recorded of what the log calls suspended.
 */
static int recording_switch(struct control *control, enum control_action action)
{
	struct log_anchor now;
	int rc;

	if (control->is_suspended == (action == CONTROL_STOP))
		return CONTROL_DONE;
	control->is_suspended = action == CONTROL_STOP;
	if (control->is_suspended)
		switches_set(control);
	now = anchor_read(tsc_is_steady());
	control->since = now.realtime;
	rc = action_note(control, action, NULL, &now);
	if (!control->is_suspended)
		switches_set(control);
	return rc;
}

static int selection_switch(struct control *control, const char *text)
{
	struct log_anchor now;
	int rc = selection_set(control, text);

	if (rc)
		return rc < 0 ? rc : CONTROL_E_SENSELESS;
	now = anchor_read(tsc_is_steady());
	rc = action_note(control, CONTROL_SELECT, NULL, &now);
	switches_set(control);
	return rc;
}

static int request_do(struct control *control, const char *text)
{
	struct log_anchor now;

	switch (control->action) {
	case CONTROL_STOP:
	case CONTROL_START:
		return recording_switch(control, control->action);
	case CONTROL_SELECT:
		return selection_switch(control, text);
	case CONTROL_MARK:
		now = anchor_read(tsc_is_steady());
		return action_note(control, CONTROL_MARK, text, &now);
	case CONTROL_FLUSH:
		return control->overwrites ? CONTROL_E_REMAINS : CONTROL_DONE;
	case CONTROL_STATUS:
		return CONTROL_DONE;
	default:
		return CONTROL_E_SENSELESS;
	}
}

bool control_is_asked(const struct control *control)
{
	return __atomic_load_n(&control->area->control->box.requested, __ATOMIC_SEQ_CST) != control->answered;
}

bool control_take(struct control *control)
{
	const struct control_box *box = &control->area->control->box;
	uint32_t requested = __atomic_load_n(&box->requested, __ATOMIC_ACQUIRE);
	char text[CONTROL_TEXT_MAX];

	if (requested == control->answered || !control->writer)
		return false;
	memcpy(text, box->text, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	control->answered = requested;
	control->action = __atomic_load_n(&box->action, __ATOMIC_RELAXED);
	control->outcome = request_do(control, text);
	return true;
}

bool control_is_written(const struct control *control)
{
	return control->action != CONTROL_STATUS;
}

static struct control_status status_of(const struct control *control, const struct control_view *view)
{
	const struct object_end *account = &view->account;
	uint64_t lost = account->lost_full + account->lost_without_slot + account->lost_write + account->lost_invalid;

	return (struct control_status){
		.is_suspended = control->is_suspended,
		.since = control->since,
		.processes = view->processes,
		.threads = view->pending.claimed,
		.slots = control->area->slots_ready,
		.made = account->events + lost + view->waiting,
		.written = account->events,
		.lost = lost,
		.log_bytes = view->log_bytes,
		.fullest = view->pending.largest,
		.ring_size = control->area->ring_size,
	};
}

void control_answer(struct control *control, const struct control_view *view)
{
	struct control_box *box = &control->area->control->box;

	/* trouble with the log is everybody's who wants something in it */
	if (!control->outcome && view->trouble && control_is_written(control))
		control->outcome = view->trouble == DRAIN_E_SIZE ? CONTROL_E_SIZE : view->trouble;
	box->status = status_of(control, view);
	box->outcome = control->outcome;
	strncpy(box->text, control->selection, sizeof(box->text) - 1);
	box->text[sizeof(box->text) - 1] = '\0';
	__atomic_store_n(&box->answered, control->answered, __ATOMIC_RELEASE);
	syscall(SYS_futex, &box->answered, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
