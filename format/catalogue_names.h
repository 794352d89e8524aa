// SPDX-License-Identifier: MIT
/*
 * How the log spells the enumerations of catalogue.h and record.h. Index = value in this build.
 */
#ifndef IPCTRACE_FORMAT_CATALOGUE_NAMES_H
#define IPCTRACE_FORMAT_CATALOGUE_NAMES_H

#include "format/record.h"

#define DIRECTION_COUNT 4
#define LENGTH_COUNT	5
#define IDENTITY_COUNT	3
#define FAILURE_COUNT	5
#define OUTCOME_COUNT	5

static const char *const direction_names[DIRECTION_COUNT] = {
	[DIRECTION_NONE] = "none",
	[DIRECTION_IN] = "in",
	[DIRECTION_OUT] = "out",
	[DIRECTION_INOUT] = "inout",
};

static const char *const length_names[LENGTH_COUNT] = {
	[LENGTH_NONE] = "none",	      [LENGTH_FIXED] = "fixed",	  [LENGTH_ARG] = "argument",
	[LENGTH_POINTED] = "pointed", [LENGTH_RETURN] = "return",
};

static const char *const identity_names[IDENTITY_COUNT] = {
	[IDENTITY_NONE] = "none",
	[IDENTITY_NEW] = "new",
	[IDENTITY_GONE] = "gone",
};

static const char *const failure_names[FAILURE_COUNT] = {
	[FAILURE_MINUS_ONE] = "-1",
	[FAILURE_NULL] = "null",
	[FAILURE_ERRNO] = "errno",
	[FAILURE_NEVER] = "never",
	[FAILURE_STATUS] = "status",
};

/* The numbers of forms and outcomes stand in events and are part of the format: they are only ever added to. */
static const char *const form_names[ITEM_FORM_COUNT] = {
	[ITEM_PAYLOAD] = "payload", [ITEM_RAW] = "raw",		[ITEM_BEFORE] = "before", [ITEM_STRING] = "string",
	[ITEM_STRINGS] = "strings", [ITEM_ADDRESS] = "address", [ITEM_VECTOR] = "vector", [ITEM_CONTROL] = "control",
	[ITEM_FLAGS] = "flags",	    [ITEM_LENGTH] = "length",	[ITEM_TYPE] = "type",	  [ITEM_LOCAL] = "local",
	[ITEM_PEER] = "peer",	    [ITEM_STACK] = "stack",	[ITEM_PID] = "pid",	  [ITEM_ORDINAL] = "ordinal",
	[ITEM_MODULE] = "module",   [ITEM_OPEN_FD] = "open-fd", [ITEM_VALUE] = "value",
	[ITEM_UNREAD] = "unread",
};

static const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_RETURNED] = "returned",
	[OUTCOME_CANCELLED] = "cancelled",
	[OUTCOME_JUMPED] = "jumped",
	[OUTCOME_UNFINISHED] = "unfinished",
	[OUTCOME_DEPARTED] = "departed",
};

#endif
