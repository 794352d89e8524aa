// SPDX-License-Identifier: MIT
/*
 * What wait() said of a child, in words: wait(2) has the cases, the kernel's kernel/exit.c and kernel/signal.c the
 * bits.
 */
#include "reader/wait_status.h"

#include <sys/wait.h>

#include "reader/value.h"

#define CONTINUED   0xffffu /* what WIFCONTINUED() compares with */
#define STATUS_CORE 0x80u   /* what WCOREDUMP() looks at */

/* One way in which a child changed. Its number is what `number` masks, and is a signal's or an exit status. */
struct ending {
	const char *text;      /* what strace asks of it */
	const char *number_of; /* and by what it takes the number out; NULL: there is none */
	const char *json;
	const char *told; /* to people, before the number */
	uint32_t number, shift,
		known; /* the bits of the number, where they begin, and all bits that this case explains */
};

static const struct ending exited = {"WIFEXITED", "WEXITSTATUS", "exited", "exited with ", 0xff00, 8, 0xff7f};
static const struct ending signaled = {"WIFSIGNALED", "WTERMSIG", "signal", "killed by ", 0x7f, 0, 0xff};
static const struct ending stopped = {"WIFSTOPPED", "WSTOPSIG", "stopped", "stopped by ", 0xff00, 8, 0xffff};
static const struct ending continued = {"WIFCONTINUED", NULL, "continued", "continued", 0, 0, 0xffff};

/* NULL for what no child's status looks like. The high half may hold what a ptrace() event was. */
static const struct ending *ending_of(uint32_t status)
{
	uint32_t low = status & 0xffff;

	if (low == CONTINUED)
		return &continued;
	if (WIFSTOPPED(low))
		return &stopped;
	if (WIFEXITED(low))
		return &exited;
	return WIFSIGNALED(low) ? &signaled : NULL;
}

static const char *signal_of(const struct names_spec *signals, const struct ending *ending, uint32_t number)
{
	return signals && ending != &exited ? enum_name(signals, number, 4) : NULL;
}

void wait_status_print(struct text *text, const struct names_spec *signals, uint32_t status)
{
	const struct ending *ending = ending_of(status);

	if (!ending) {
		text_hex(text, status);
		return;
	}
	text_format(text, "{%s(s)", ending->text);
	if (ending->number_of) {
		uint32_t number = (status & ending->number) >> ending->shift;
		const char *name = signal_of(signals, ending, number);
		text_format(text, " && %s(s) == ", ending->number_of);
		if (name)
			text_put(text, name);
		else
			text_uint(text, number);
	}
	if (ending == &signaled && status & STATUS_CORE)
		text_put(text, " && WCOREDUMP(s)");
	text_char(text, '}');
	if (status & ~ending->known) {
		text_put(text, " | ");
		text_hex(text, status & ~ending->known);
	}
}

void wait_status_tell(struct text *text, const struct names_spec *signals, uint32_t status)
{
	const struct ending *ending = ending_of(status);
	uint32_t number = ending ? (status & ending->number) >> ending->shift : status;
	const char *name = ending ? signal_of(signals, ending, number) : NULL;

	text_put(text, !ending ? "ended with " : ending->told);
	if (name)
		text_put(text, name);
	else if (!ending || ending->number_of)
		text_uint(text, number);
	if (ending == &signaled && status & STATUS_CORE)
		text_put(text, ", dumped core");
}

void wait_status_print_json(struct text *text, const struct names_spec *signals, uint32_t status)
{
	const struct ending *ending = ending_of(status);

	if (!ending) {
		text_format(text, "\"0x%x\"", status);
		return;
	}
	text_format(text, "{\"%s\":", ending->json);
	if (ending->number_of) {
		uint32_t number = (status & ending->number) >> ending->shift;
		const char *name = signal_of(signals, ending, number);
		if (name)
			text_json_string(text, name);
		else
			text_uint(text, number);
	} else {
		text_put(text, "true");
	}
	if (ending == &signaled && status & STATUS_CORE)
		text_put(text, ",\"core\":true");
	if (status & ~ending->known)
		text_format(text, ",\"rest\":\"0x%x\"", status & ~ending->known);
	text_char(text, '}');
}
