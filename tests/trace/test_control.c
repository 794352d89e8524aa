// SPDX-License-Identifier: MIT
/*
 * What the collector makes of requests, sensible ones and others: the test writes them into the control page itself, as
 * `ipctrace ctl` and every traced program can.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "format/log.h"
#include "trace/collector.h"

static char folder[] = "/tmp/ipctrace-test-XXXXXX";
static char path[64], live_path[80];
static struct trace_settings settings;
static struct collector *collector;
static struct live_control *control;

static void start(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x.ipct", folder);
	snprintf(live_path, sizeof(live_path), "%s.live", path);
	settings = settings_default();
}

static void end(void)
{
	collector_close(collector, NULL);
	munmap(control, LIVE_PAGE);
	unlink(path);
	rmdir(folder);
}

TestSuite(control, .init = start, .fini = end, .timeout = 60);

static void begin(void)
{
	int fd;

	cr_assert(eq(int, collector_open(&collector, &settings, path, &catalogue_builtin), 0));
	cr_assert(eq(int, collector_open_log(collector, "test", NULL), 0));
	fd = open(live_path, O_RDWR);
	cr_assert_geq(fd, 0);
	control = mmap(NULL, LIVE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
}

/* The outcome of one request. */
static int ask(uint32_t action, const char *text)
{
	struct control_box *box = &control->box;

	memset(box->text, 0, sizeof(box->text));
	memcpy(box->text, text, strnlen(text, sizeof(box->text)));
	box->action = action;
	box->requested++;
	cr_assert(eq(int, collector_step(collector), 0));
	cr_assert(eq(u32, box->answered, box->requested));
	return box->outcome;
}

static unsigned enabled_count(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < LIVE_EVENTS_MAX; i++)
		count += control->enabled[i] != 0;
	return count;
}

/* How many controls the log has, and the last of them. */
static uint32_t logged(struct object_control *last)
{
	static char selection[64], text[CONTROL_TEXT_MAX];
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct log *log;
	uint32_t count = 0;

	cr_assert(eq(int, log_open(path, &log, &trouble), 0));
	for (size_t i = 0; i < log_frames(log); i++) {
		cr_assert(eq(int, log_frame_read(log, i, &frame), 0));
		for (uint32_t k = 0; k < frame->controls_count; k++, count++) {
			*last = frame->controls[k];
			snprintf(selection, sizeof(selection), "%s", last->selection);
			snprintf(text, sizeof(text), "%s", last->text);
		}
	}
	last->selection = selection;
	last->text = text;
	frame_free(frame);
	log_close(log);
	return count;
}

Test(control, stops_and_starts_and_says_it_in_the_log_at_once)
{
	struct object_control last;

	begin();
	cr_assert(eq(u32, enabled_count(), catalogue_builtin.calls_count));
	cr_assert(eq(int, ask(CONTROL_STOP, ""), CONTROL_DONE));
	cr_assert(eq(u32, enabled_count(), 0));
	cr_assert(eq(u32, logged(&last), 1));
	cr_assert(last.action == CONTROL_STOP && last.is_suspended);
	cr_assert(eq(int, ask(CONTROL_START, ""), CONTROL_DONE));
	cr_assert(eq(u32, enabled_count(), catalogue_builtin.calls_count));
	cr_assert(eq(u32, logged(&last), 2));
	cr_assert(last.action == CONTROL_START && !last.is_suspended);
	cr_assert_str_eq(last.selection, "all");
}

Test(control, says_nothing_of_what_changes_nothing)
{
	struct object_control last;

	begin();
	cr_assert(eq(int, ask(CONTROL_START, ""), CONTROL_DONE));
	cr_assert(eq(int, ask(CONTROL_FLUSH, ""), CONTROL_DONE));
	cr_assert(eq(int, ask(CONTROL_STATUS, ""), CONTROL_DONE));
	cr_assert(eq(u32, logged(&last), 0));
}

Test(control, keeps_a_selection_made_while_suspended_for_the_next_start)
{
	struct object_control last;

	settings.is_suspended = true;
	begin();
	cr_assert(eq(u32, enabled_count(), 0));
	cr_assert(eq(u32, logged(&last), 1));
	cr_assert(last.action == CONTROL_BEGIN && last.is_suspended);
	cr_assert(eq(int, ask(CONTROL_SELECT, "recv,send"), CONTROL_DONE));
	cr_assert(eq(u32, enabled_count(), 0));
	cr_assert(eq(int, ask(CONTROL_STATUS, ""), CONTROL_DONE));
	cr_assert(control->box.status.is_suspended);
	cr_assert_str_eq(control->box.text, "recv,send");
	cr_assert(eq(int, ask(CONTROL_START, ""), CONTROL_DONE));
	cr_assert(eq(u32, enabled_count(), 2));
	cr_assert(eq(u32, logged(&last), 3));
	cr_assert_str_eq(last.selection, "recv,send");
}

Test(control, refuses_what_makes_no_sense_and_changes_nothing)
{
	struct object_control last;

	begin();
	cr_assert(eq(int, ask(CONTROL_BEGIN, ""), CONTROL_E_SENSELESS));
	cr_assert(eq(int, ask(CONTROL_COUNT, ""), CONTROL_E_SENSELESS));
	cr_assert(eq(int, ask(UINT32_MAX, ""), CONTROL_E_SENSELESS));
	cr_assert(eq(int, ask(CONTROL_SELECT, "recvv"), CONTROL_E_SENSELESS));
	cr_assert(eq(int, ask(CONTROL_SELECT, ""), CONTROL_E_SENSELESS));
	cr_assert(eq(u32, enabled_count(), catalogue_builtin.calls_count));
	cr_assert(eq(u32, logged(&last), 0));
}

Test(control, reads_no_further_than_the_text_can_be)
{
	char text[CONTROL_TEXT_MAX];
	struct object_control last;

	begin();
	memset(text, 'x', sizeof(text));
	memset(control->reserved, 'y', sizeof(control->reserved));
	cr_assert(eq(int, ask(CONTROL_MARK, text), CONTROL_DONE)); /* without a NUL */
	cr_assert(eq(u32, logged(&last), 1));
	cr_assert(eq(sz, strlen(last.text), CONTROL_TEXT_MAX - 1));
	cr_assert_null(strchr(last.text, 'y'));
}

Test(control, does_not_believe_the_page_what_it_answered)
{
	struct object_control last;

	begin();
	cr_assert(eq(int, ask(CONTROL_MARK, "once"), CONTROL_DONE));
	control->box.answered = 77;
	control->box.outcome = 77;
	cr_assert(eq(int, collector_step(collector), 0));
	cr_assert(eq(u32, logged(&last), 1)); /* nobody has asked again */
	memset(control->enabled, 1, sizeof(control->enabled));
	cr_assert(eq(int, ask(CONTROL_STOP, ""), CONTROL_DONE));
	cr_assert(eq(u32, enabled_count(), 0));
	cr_assert(eq(int, ask(CONTROL_START, ""), CONTROL_DONE));
	cr_assert(eq(u32, enabled_count(), catalogue_builtin.calls_count));
}

Test(control, leaves_rings_that_overwrite_alone)
{
	settings.full_policy = FULL_OVERWRITE;
	begin();
	cr_assert(eq(int, ask(CONTROL_FLUSH, ""), CONTROL_E_REMAINS));
	cr_assert(eq(int, ask(CONTROL_STOP, ""), CONTROL_DONE));
}

Test(control, says_when_the_log_is_at_its_end)
{
	char text[CONTROL_TEXT_MAX];
	int outcome = CONTROL_DONE;

	settings.size_limit = SIZE_LIMIT_MIN;
	begin();
	for (uint32_t i = 0, seed = 1; i < 1000 && outcome == CONTROL_DONE; i++) {
		for (size_t k = 0; k < sizeof(text) - 1; k++) /* hardly to be compressed */
			text[k] = (char)('0' + (seed = seed * 1103515245 + 12345) / 65536 % 64);
		text[sizeof(text) - 1] = '\0';
		outcome = ask(CONTROL_MARK, text);
	}
	cr_assert(eq(int, outcome, CONTROL_E_SIZE));
	cr_assert(eq(int, ask(CONTROL_STOP, ""), CONTROL_E_SIZE));
	cr_assert(eq(u32, enabled_count(), 0)); /* it is stopped all the same */
}
