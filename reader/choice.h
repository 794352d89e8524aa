// SPDX-License-Identifier: MIT
/*
 * Which events of a trace are wanted: by call, process, success, path and thing.
 */
#ifndef IPCTRACE_READER_CHOICE_H
#define IPCTRACE_READER_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "format/event.h"
#include "reader/identity.h"

/* All zero chooses everything. */
struct choice {
	const char *calls; /* an expression of format/filter.h, or NULL */
	uint32_t *pids;
	size_t pids_count;
	const char **paths;
	size_t paths_count;
	bool only_successful, only_failed;
	uint8_t *enabled; /* made from `calls`, by the number of the call */
};

/* For rows of options (option.h) whose settings begin with a choice: -e, -p, -P, -z, -Z. */
int choice_set_calls(void *settings, const char *value);
int choice_set_pid(void *settings, const char *value);
int choice_set_path(void *settings, const char *value);
int choice_set_successful(void *settings, const char *value);
int choice_set_failed(void *settings, const char *value);

/* Reads `calls` by the trace's catalogue. 0; positive with one line in `trouble`; -ENOMEM. */
int choice_prepare(struct choice *choice, const struct catalogue *catalogue, char *trouble, size_t size);

/* Whether events are chosen by more than their call. */
static inline bool choice_is_narrow(const struct choice *choice)
{
	return choice->only_successful || choice->only_failed || choice->pids_count || choice->paths_count;
}

/* Whether every event is wanted, after choice_prepare(). */
static inline bool choice_is_open(const struct choice *choice)
{
	return !choice->enabled && !choice_is_narrow(choice);
}

/* Whether `event` is wanted. `identities` has observed it, or is NULL; then paths are only those among the arguments.
 */
bool choice_wants(const struct choice *choice, const struct event *event, struct identities *identities);

void choice_free(struct choice *choice);

#endif
