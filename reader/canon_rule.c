// SPDX-License-Identifier: MIT
/*
 * What is known of each call from its row alone, whatever it was given. Knows no event but to say whether it has to be
 * made again.
 */
#include "reader/canon_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Arguments that say how long to wait. */
static bool is_duration(const char *name)
{
	return !strcmp(name, "timeout") || !strcmp(name, "tmo_p");
}

static bool is_signal(const struct catalogue *catalogue, const struct value_spec *value)
{
	return value->kind == KIND_ENUM && value->direction == DIRECTION_NONE &&
	       value->table < catalogue->enums_count && !strcmp(catalogue->enums[value->table].name, "signal");
}

/* Whether the call takes a semaphore: all about one alone do that make and end none, but for one. */
static bool takes_semaphore(const struct call_spec *call)
{
	bool is_about = call->argc && call->args[0].value.kind == KIND_SEM &&
			call->args[0].value.identity == IDENTITY_NONE && strcmp(call->name, "sem_post");

	for (unsigned i = 1; i < call->argc; i++)
		is_about &= call->args[i].value.direction == DIRECTION_IN;
	return is_about;
}

/* By which of several calls a parent learns of an end, or a lock is had, depends on when: they have one name. */
static const char *common_name(const struct canon_rule *rule, const struct call_spec *call)
{
	return rule->reaps ? "wait" : takes_semaphore(call) ? "sem_wait" : call->name;
}

static void read_rule(struct canon_rule *rule, const struct catalogue *catalogue, const struct call_spec *call)
{
	bool has_fd = false;

	rule->signals =
		call->argc == 2 && call->args[0].value.kind == KIND_PID && is_signal(catalogue, &call->args[1].value);
	rule->flow = flow_of_call(call);
	rule->is_wait = call->waits && !strcmp(call->family, "poll");
	rule->reaps = call->waits && call->result.kind == KIND_PID;
	const char *name = common_name(rule, call);
	rule->name = map_hash(0, name, strlen(name));
	rule->makes = call->result.identity == IDENTITY_NEW;
	rule->timeout = -1;
	for (unsigned i = 0; i < call->argc; i++) {
		const struct value_spec *value = &call->args[i].value;
		has_fd |= value->kind == KIND_FD && value->direction == DIRECTION_NONE;
		if (rule->is_wait && is_duration(call->args[i].name))
			rule->timeout = (int8_t)i;
		rule->makes |= value->identity == IDENTITY_NEW;
		rule->sets |= has_fd && value->kind == KIND_SELECT && value->direction == DIRECTION_IN;
		rule->forks |= value->identity == IDENTITY_NEW && value->kind == KIND_PID;
		rule->forks |= !strcmp(call->family, "process") && !strcmp(call->args[i].name, "start_routine");
		rule->forks |= !strcmp(call->family, "process") && !strcmp(call->args[i].name, "func");
	}
	rule->forks |= rule->makes && call->result.kind == KIND_PID;
	rule->registers = !rule->is_wait && !rule->makes && !strcmp(call->family, "poll");
	rule->takes = has_fd && call->waits && call->result.kind == KIND_FD && rule->makes;
}

struct canon_rule *canon_rules_make(const struct catalogue *catalogue)
{
	struct canon_rule *rules = calloc(catalogue->calls_count + 1u, sizeof(*rules));

	for (unsigned i = 0; rules && i < catalogue->calls_count; i++)
		read_rule(&rules[i], catalogue, &catalogue->calls[i]);
	return rules;
}

bool canon_is_retry(const struct canon_rule *rule, const struct event *event)
{
	const struct call_spec *call = event->call;

	if (event->outcome == OUTCOME_UNFINISHED)
		return call->waits;
	if (event->outcome != OUTCOME_RETURNED)
		return false;
	if (rule->is_wait)
		return !event->error || event->error == EAGAIN || event->error == EINTR;
	if (rule->reaps && (event->result == 0 || event->error == ECHILD))
		return true;
	bool is_try = call->waits || (call->argc && call->args[0].value.kind == KIND_SEM);
	return is_try && (event->error == EAGAIN || event->error == EINTR);
}
