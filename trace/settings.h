// SPDX-License-Identifier: MIT
/*
 * The settings of a recording, and the one table by which they are given: as options of `ipctrace record`, `env` and
 * `collect`, and as IPCTRACE_* variables of a bare LD_PRELOAD.
 */
#ifndef IPCTRACE_TRACE_SETTINGS_H
#define IPCTRACE_TRACE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_DEFAULT 64
#define PAYLOAD_MAX	(1u << 20)
#define STACK_DEFAULT	16
#define STACK_MAX	128
#define SIZE_LIMIT_MIN	(64u << 10)
#define RING_DEFAULT	(512u << 10)

enum setting {
	SETTING_OUTPUT,
	SETTING_FILTER,
	SETTING_PAYLOAD,
	SETTING_STACKS,
	SETTING_SIZE,
	SETTING_BUFFER,
	SETTING_ON_FULL,
	SETTING_REDACT,
	SETTING_SEMVAL,
	SETTING_SUSPENDED,
	SETTING_SHALLOW,
	SETTING_COUNT
};

struct trace_settings {
	const char *output; /* NULL: COMMAND.PID.ipct */
	const char *filter;
	uint32_t payload_limit; /* bytes kept of each payload */
	uint32_t stack_depth;	/* 0: no stacks */
	uint64_t size_limit;	/* of the log, 0: none */
	uint32_t ring_size;
	uint32_t full_policy;		  /* enum full_policy */
	uint32_t redaction;		  /* enum redaction */
	uint32_t ask_semval;		  /* 1: ask for semaphore values after each semop */
	bool is_suspended;		  /* nothing is recorded before `ipctrace ctl FILE start` */
	bool is_shallow;		  /* libraries are loaded without RTLD_DEEPBIND */
	const char *texts[SETTING_COUNT]; /* as given; NULL: the default. Borrowed. */
};

/* One setting. `set` is that of struct option_spec: 0, positive when not understood, negative when it has said so. */
struct setting_spec {
	char letter;
	const char *name;
	const char *variable; /* of the environment */
	const char *argument;
	const char *help;
	int (*set)(void *settings, const char *value);
};

extern const struct setting_spec setting_specs[SETTING_COUNT];

struct trace_settings settings_default(void);

/* Takes those that are set in the environment. 0, or -EINVAL after one line on stderr. */
int settings_from_environment(struct trace_settings *settings);

#endif
